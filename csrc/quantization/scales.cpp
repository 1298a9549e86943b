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

// The steps that are tried first, in units of the one that clips nothing; and how far down to go.
constexpr double kLeast = 0.3;
constexpr double kMost = 1.1;
constexpr double kSmallest = 1e-3;
using Ratios = std::array<double, kCandidates>;

constexpr float kMostFloat = 0x1.fffffep127f;

// A group's weights, in blocks: kept if there is one, else read again each time.
class Group {
 public:
  Group(const Weights& weights, std::size_t index) noexcept
      : weights_(weights), first_(index * weights.group) {
    if (weights.group <= kBlock) read(0, weights.group);
  }

  // work(x, importance or null, n) for each block.
  template <class Work>
  void each(const Work& work) {
    const float* const importance = weights_.importance == nullptr ? nullptr : importance_;
    if (weights_.group <= kBlock) return work(x_, importance, weights_.group);
    for (std::size_t i = 0; i < weights_.group; i += kBlock) {
      if (i / kBlock % 16 == 0) threads::require_uninterrupted();
      const std::size_t n = std::min(kBlock, weights_.group - i);
      read(i, n);
      work(x_, importance, n);
    }
  }

 private:
  void read(std::size_t at, std::size_t n) noexcept {
    load(weights_.values, first_ + at, n, x_);
    if (weights_.importance != nullptr) load_importance(weights_, first_ + at, n, importance_);
  }

  const Weights& weights_;
  std::size_t first_;
  float x_[kBlock];
  float importance_[kBlock];
};

class Search {
 public:
  Search(const ScaleKernels& kernels, Group& group, float largest, int q) noexcept
      : kernels_(kernels), group_(group), largest_(largest), high_(float(q)) {}

  // Which of the ratios, times `factor`, has the least error; of equal ones what clips least.
  std::size_t best(const Ratios& ratios, double factor) {
    float steps[kCandidates];
    float inverses[kCandidates];
    for (std::size_t c = 0; c < kCandidates; ++c) {
      steps[c] = step_of(factor * ratios[c]);
      inverses[c] = inverse_of(steps[c]);
    }
    double errors[kCandidates] = {};
    group_.each([&](const float* x, const float* importance, std::size_t n) {
      kernels_.errors(x, importance, n, steps, inverses, high_, errors);
    });
    std::size_t found = kCandidates - 1;
    for (std::size_t c = kCandidates - 1; c-- > 0;)
      if (errors[c] < errors[found]) found = c;
    return found;
  }

  StepSums sums(float step) {
    StepSums found;
    group_.each([&](const float* x, const float* importance, std::size_t n) {
      kernels_.sums(x, importance, n, step, inverse_of(step), high_, found);
    });
    return found;
  }

  float step_of(double ratio) const noexcept {
    return std::max(float(ratio * double(largest_) / double(high_)), 0x1p-149f);
  }

 private:
  static float inverse_of(float step) noexcept { return std::min(1 / step, kMostFloat); }

  const ScaleKernels& kernels_;
  Group& group_;
  float largest_;
  float high_;
};

void find_step(Search& search, float& step, double& error) {
  static const Ratios ratios = [] {
    Ratios made;
    for (std::size_t c = 0; c < kCandidates; ++c)
      made[c] = kLeast * std::pow(kMost / kLeast, double(c) / double(kCandidates - 1));
    return made;
  }();
  double factor = 1;
  std::size_t best = search.best(ratios, factor);
  while (best == 0 && factor > kSmallest) {  // outliers: what pays may be smaller still
    factor *= kLeast / kMost;
    best = search.best(ratios, factor);
  }
  step = search.step_of(factor * ratios[best]);
  StepSums now = search.sums(step);
  for (int i = 0; i < 3 && now.square > 0; ++i) {
    const float next = float(now.product / now.square);
    if (!(next > 0) || next == step) break;
    const StepSums then = search.sums(next);
    if (!(then.error < now.error)) break;
    step = next;
    now = then;
  }
  error = now.error;
}

}  // namespace

bool optimal_steps(const Weights& weights, int q, int threads, float* steps, double* errors) {
  PYINFO_ASSERT(q > 0 && q <= kMostLevels && weights.group > 0);
  std::vector<float> largest(weights.groups());
  if (!find_largest(weights, threads, largest.data())) return false;
  const std::size_t piece = std::max<std::size_t>(1, (kPiece / 8) / weights.group);
  const std::size_t groups = weights.groups();
  const ScaleKernels& kernels = scale_kernels(simd::active());
  threads::parallel_or_throw((groups + piece - 1) / piece, threads, [&](std::size_t part) {
    for (std::size_t g = part * piece; g < std::min(groups, (part + 1) * piece); ++g) {
      double error = 0;
      steps[g] = 0;
      if (largest[g] > 0) {
        Group group(weights, g);
        Search search(kernels, group, largest[g], q);
        find_step(search, steps[g], error);
      }
      if (errors != nullptr) errors[g] = error;
    }
  });
  return true;
}

}  // namespace pyinfo::quantization
