#include "quantization/scales.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "quantization/blocks.hpp"
#include "quantization/importance.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {

PYINFO_KERNEL_TABLES(ScaleKernels, scale_kernels)

namespace {

// Fractions of the step that clips nothing, from 0.3 / 2^octave to 1.1, evenly on a logarithmic
// scale.
struct Ratios {
  alignas(64) float values[kCandidates];
  alignas(64) float inverses[kCandidates];
};
constexpr std::size_t kOctaves = 10;

Ratios ratios_between(double least, double most) noexcept {
  Ratios ratios;
  for (std::size_t c = 0; c < kCandidates; ++c) {
    const double ratio = least * std::pow(most / least, double(c) / double(kCandidates - 1));
    ratios.values[c] = float(ratio);
    ratios.inverses[c] = float(1 / ratio);
  }
  return ratios;
}

std::array<Ratios, kOctaves> made_ratios() noexcept {
  std::array<Ratios, kOctaves> made;
  for (std::size_t octave = 0; octave < kOctaves; ++octave)
    made[octave] = ratios_between(0.3 / double(1 << octave), 1.1);
  return made;
}

struct Kernels {
  const ValueKernels& values = value_kernels(simd::active());
  const ScaleKernels& scales = scale_kernels(simd::active());
  const std::array<Ratios, kOctaves> ratios = made_ratios();
  const Ratios near = ratios_between(0.95, 1.05);
};

// A group's weights, in blocks: kept if there is one, else read again each time.
class Group {
 public:
  explicit Group(const Weights& weights) noexcept : weights_(weights) {}

  void read(std::size_t index) noexcept {
    first_ = index * weights_.group;
    if (weights_.group <= kBlock) read_block(0, weights_.group);
  }

  // work(x, importance or null, n) for each block.
  template <class Work>
  void each(const Work& work) {
    const float* const importance = weights_.importance == nullptr ? nullptr : importance_;
    if (weights_.group <= kBlock) return work(x_, importance, weights_.group);
    for (std::size_t i = 0; i < weights_.group; i += kBlock) {
      if (i / kBlock % 16 == 0) threads::require_uninterrupted();
      const std::size_t n = std::min(kBlock, weights_.group - i);
      read_block(i, n);
      work(x_, importance, n);
    }
  }
  std::size_t size() const noexcept { return weights_.group; }

 private:
  void read_block(std::size_t at, std::size_t n) noexcept {
    load(weights_.values, first_ + at, n, x_);
    if (weights_.importance != nullptr) load_importance(weights_, first_ + at, n, importance_);
  }

  const Weights& weights_;
  std::size_t first_ = 0;
  float x_[kBlock];
  float importance_[kBlock];
};

class Search {
 public:
  Search(const Kernels& kernels, const Weights& weights, int q) noexcept
      : kernels_(kernels), group_(weights), high_(float(q)) {}

  // Returns false if a weight is not finite.
  bool find(std::size_t index, float& step, double& error) {
    group_.read(index);
    float largest = 0;
    group_.each([&](const float* x, const float*, std::size_t n) {
      largest = std::max(largest, kernels_.values.largest(x, n));
    });
    step = 0;
    error = 0;
    if (std::isinf(largest)) return false;
    if (largest == 0) return true;
    const float unit = std::max(largest / high_, 0x1p-126f);
    step = best_ratio(unit, largest) * unit;
    // The more levels, the more steps between two candidates are better or worse than these.
    if (high_ > 7) step *= kernels_.near.values[best_of(kernels_.near, step)];
    StepSums now = sums(step);
    for (int i = 0; i < 3 && now.square > 0; ++i) {
      const float next = float(now.product / now.square);
      if (!(next > 0) || next == step) break;
      const StepSums then = sums(next);
      if (!(then.error < now.error)) break;
      step = next;
      now = then;
    }
    const StepSums unclipped = sums(unit);  // never worse than that
    if (unclipped.error < now.error) step = unit;
    error = std::min(now.error, unclipped.error);
    return true;
  }

 private:
  float best_ratio(float unit, float largest) {
    // Where the largest is far above the others, as many octaves further down.
    StepSums all;  // beyond the largest, every integer is 0 and the error is the energy
    group_.each([&](const float* x, const float*, std::size_t n) {
      kernels_.scales.sums(x, nullptr, n, largest, 0, all);
    });
    const double spread = std::sqrt(all.error / double(group_.size())) / double(largest);
    std::size_t octave = 0;
    for (double least = 0.3; octave + 1 < kOctaves && least > 0.8 * spread; least /= 2) ++octave;
    for (;; ++octave) {
      const std::size_t found = best_of(kernels_.ratios[octave], unit);
      if (found > 0 || octave + 1 == kOctaves) return kernels_.ratios[octave].values[found];
    }
  }

  // Of equal ones what clips least.
  std::size_t best_of(const Ratios& ratios, float unit) {
    double errors[kCandidates] = {};
    group_.each([&](const float* x, const float* importance, std::size_t n) {
      kernels_.scales.errors(x, importance, n, ratios.values, ratios.inverses, unit, high_, errors);
    });
    std::size_t found = kCandidates - 1;
    for (std::size_t c = kCandidates - 1; c-- > 0;)
      if (errors[c] < errors[found]) found = c;
    return found;
  }

  StepSums sums(float step) {
    StepSums found;
    group_.each([&](const float* x, const float* importance, std::size_t n) {
      kernels_.scales.sums(x, importance, n, step, high_, found);
    });
    return found;
  }

  const Kernels& kernels_;
  Group group_;
  float high_;
};

}  // namespace

bool optimal_steps(const Weights& weights, int q, int threads, float* steps, double* errors) {
  PYINFO_ASSERT(q > 0 && q <= kMostLevels && weights.group > 0);
  static const Kernels kernels;
  const std::size_t piece = std::max<std::size_t>(1, (kPiece / 8) / weights.group);
  const std::size_t groups = weights.groups();
  std::atomic<bool> finite{true};
  threads::parallel_or_throw((groups + piece - 1) / piece, threads, [&](std::size_t part) {
    Search search(kernels, weights, q);
    for (std::size_t g = part * piece; g < std::min(groups, (part + 1) * piece); ++g) {
      double error;
      if (!search.find(g, steps[g], error)) finite.store(false, std::memory_order_relaxed);
      if (errors != nullptr) errors[g] = error;
    }
  });
  return finite.load();
}

}  // namespace pyinfo::quantization
