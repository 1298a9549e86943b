#include "quantization/scales.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

#include "quantization/blocks.hpp"
#include "quantization/importance.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {

PYINFO_KERNEL_TABLES(ScaleKernels, scale_kernels)

namespace {

// Fractions of the step that clips nothing, evenly on a logarithmic scale, and their inverses.
template <std::size_t kCount>
struct Ratios {
  alignas(64) float values[kCount];
  alignas(64) float inverses[kCount];

  Ratios(double least, double most) noexcept {
    for (std::size_t c = 0; c < kCount; ++c) {
      const double ratio = least * std::pow(most / least, double(c) / double(kCount - 1));
      values[c] = float(ratio);
      inverses[c] = float(1 / ratio);
    }
  }
};

// From 0.3 / 2^octave to 1.1, and for few levels from 0.7 / 2^(half / 2), each with what lies
// between a ratio and its neighbours.
constexpr std::size_t kOctaves = 10;
constexpr std::size_t kHalves = 22;
constexpr double kMost = 1.1;

struct Kernels {
  Kernels() {
    for (std::size_t octave = 0; octave < kOctaves; ++octave)
      ratios.emplace_back(0.3 / double(1 << octave), kMost);
    for (std::size_t half = 0; half < kHalves; ++half) {
      least[half] = 0.7 * std::exp2(-0.5 * double(half));
      coarse.emplace_back(least[half], kMost);
      const double spacing = std::pow(kMost / least[half], 1 / double(kRoundings));
      fine.emplace_back(1 / spacing, spacing);
    }
  }

  const ValueKernels& values = value_kernels(simd::active());
  const ScaleKernels& scales = scale_kernels(simd::active());
  std::vector<Ratios<kCandidates>> ratios;
  const Ratios<kCandidates> near{0.95, 1.05};
  double least[kHalves];
  std::vector<Ratios<kRoundings>> coarse, fine;
};

// A group's weights, in blocks: kept if there is one, else read again each time.
class Group {
 public:
  explicit Group(const Weights& weights) noexcept : weights_(weights) {}

  void read(std::size_t index, int exponent = 0, int importance_exponent = 0) noexcept {
    first_ = index * weights_.group;
    weights_.values.exponent = exponent;
    weights_.importance_exponent = importance_exponent;
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

  Weights weights_;
  std::size_t first_ = 0;
  alignas(64) float x_[kBlock];  // a register is in one line of the cache
  alignas(64) float importance_[kBlock];
};

class Search {
 public:
  Search(const Kernels& kernels, const Weights& weights, int q) noexcept
      : kernels_(kernels), group_(weights), high_(float(q)) {}

  // Returns false if a weight is not finite.
  bool find(std::size_t index, float& step, double& error) {
    group_.read(index);
    float largest = 0;
    float most = 0;
    group_.each([&](const float* x, const float* importance, std::size_t n) {
      largest = std::max(largest, kernels_.values.largest(x, n));
      if (importance != nullptr) most = std::max(most, kernels_.values.largest(importance, n));
    });
    step = 0;
    error = 0;
    if (std::isinf(largest)) return false;
    if (largest == 0) return true;
    const int exponent = unit_of_squares(largest);
    const int counted = unit_of_importance(most);
    if (exponent != 0 || counted != 0) {
      group_.read(index, -exponent, -counted);
      largest = std::ldexp(largest, -exponent);
    }
    const float unit = largest / high_;
    const double spread = spread_of(largest);
    if (high_ <= kFewLevels) {
      step = step_of_best_rounding(unit, spread);
    } else {
      step = best_ratio(unit, spread) * unit;
      // The more levels, the more steps between two candidates are better or worse than these.
      step *= kernels_.near.values[best_of(kernels_.near, step)];
    }
    StepSums now = sums(step);
    for (int i = 0; i < 3 && now.square > 0; ++i) {
      const float next = float(now.product / now.square);
      // The error changes with the square of what is between the two.
      if (!(next > 0) || std::abs(next - step) <= 1e-6f * step) break;
      const StepSums then = sums(next);
      if (!(then.error < now.error)) break;
      step = next;
      now = then;
    }
    const StepSums unclipped = sums(unit);  // never worse than that
    if (unclipped.error < now.error) step = unit;
    error = std::min(now.error, unclipped.error);
    if (exponent != 0) {
      const float found = step;
      step = std::clamp(std::ldexp(found, exponent), std::numeric_limits<float>::denorm_min(),
                        std::numeric_limits<float>::max());
      const float rounded = std::ldexp(step, -exponent);
      if (rounded != found) error = sums(rounded).error;
    }
    if (exponent != 0 || counted != 0) error = std::ldexp(error, 2 * exponent + counted);
    return true;
  }

 private:
  // Of so few levels that the error is a good part of the energy.
  static constexpr float kFewLevels = 7;

  // The root mean square over the largest.
  double spread_of(float largest) {
    StepSums all;  // beyond the largest, every integer is 0 and the error is the energy
    group_.each([&](const float* x, const float*, std::size_t n) {
      kernels_.scales.sums(x, nullptr, n, largest, 0, all);
    });
    return std::sqrt(all.error / double(group_.size())) / double(largest);
  }

  float best_ratio(float unit, double spread) {
    // Where the largest is far above the others, as many octaves further down.
    std::size_t octave = 0;
    for (double least = 0.3; octave + 1 < kOctaves && least > 0.8 * spread; least /= 2) ++octave;
    for (;; ++octave) {
      const std::size_t found = best_of(kernels_.ratios[octave], unit);
      if (found > 0 || octave + 1 == kOctaves) return kernels_.ratios[octave].values[found];
    }
  }

  float step_of_best_rounding(float unit, double spread) {
    std::size_t half = 0;
    while (half + 1 < kHalves && kernels_.least[half] > 0.8 * spread) ++half;
    Rounding best = best_rounding(kernels_.coarse[half], unit);
    for (; best.index == 0 && half + 1 < kHalves; ++half)
      best = best_rounding(kernels_.coarse[half + 1], unit);
    const float ratio = kernels_.coarse[half].values[best.index];
    const Rounding next = best_rounding(kernels_.fine[half], ratio * unit);
    if (next.gain > best.gain) best = next;
    return best.gain > 0 && std::isfinite(best.step) ? best.step : unit;
  }

  // What the integers of a step take from the energy with the step that suits them best.
  struct Rounding {
    std::size_t index = kRoundings - 1;
    double gain = 0;
    float step = 0;
  };
  // Of equal ones what clips least.
  Rounding best_rounding(const Ratios<kRoundings>& ratios, float unit) {
    double products[kRoundings] = {};
    double squares[kRoundings] = {};
    group_.each([&](const float* x, const float* importance, std::size_t n) {
      kernels_.scales.roundings(x, importance, n, ratios.inverses, unit, high_, products, squares);
    });
    // Without branches, which would take longer than a small group's roundings do.
    double gains[kRoundings];
    double most = 0;
    for (std::size_t c = 0; c < kRoundings; ++c)
      gains[c] = products[c] * products[c] / (squares[c] > 0 ? squares[c] : 1);
    for (std::size_t c = 0; c < kRoundings; ++c) most = gains[c] > most ? gains[c] : most;
    if (!(most > 0)) return {};
    std::size_t c = kRoundings - 1;
    while (c > 0 && gains[c] != most) --c;
    return {c, most, float(products[c] / squares[c])};
  }

  // Of equal ones what clips least.
  std::size_t best_of(const Ratios<kCandidates>& ratios, float unit) {
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
