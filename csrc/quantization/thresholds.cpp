#include "quantization/thresholds.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "quantization/kernels/kernels.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::quantization {

PYINFO_KERNEL_TABLES(ThresholdKernels, threshold_kernels)

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const ThresholdKernels& active() noexcept {
  static const ThresholdKernels& kernels = threshold_kernels(simd::active());
  return kernels;
}

double x_log_x(double x) noexcept { return x > 0 ? x * std::log(x) : 0; }

// sums[i] = term(0) + ... + term(i - 1)
template <class Term>
std::vector<double> prefix_sums(std::size_t n, const Term& term) {
  std::vector<double> sums(n + 1, 0);
  for (std::size_t i = 0; i < n; ++i) sums[i + 1] = sums[i] + term(i);
  return sums;
}

}  // namespace

std::vector<double> grouped_divergences(const double* counts, std::size_t bins,
                                        std::size_t levels) {
  PYINFO_ASSERT(levels > 0 && levels <= bins);
  // How much is in the bins before each, and how many of them have some: next to each other, since
  // both are asked for at the same places.
  struct Before {
    double mass, occupied;
  };
  std::vector<Before> before(bins + 1, Before{0, 0});
  for (std::size_t i = 0; i < bins; ++i)
    before[i + 1] = {before[i].mass + counts[i], before[i].occupied + double(counts[i] > 0)};
  const auto logs = prefix_sums(bins, [&](std::size_t i) { return x_log_x(counts[i]); });
  std::vector<double> sizes(levels), sums(levels), result;
  result.reserve(bins - levels + 1);
  const double total = before[bins].mass;
  unsigned shift = 0;  // of levels that are a power of two, as they are where bits are whole
  while ((std::size_t{2} << shift) <= levels && (levels & (levels - 1)) == 0) ++shift;
  for (std::size_t i = levels; i <= bins; ++i) {
    if (i % 64 == 0) threads::require_uninterrupted();
    // Group g begins at ceil(g i / levels).
    Before begin{0, 0};
    std::size_t product = levels - 1;
    for (std::size_t g = 0; g < levels; ++g) {
      product += i;
      const Before now = before[shift != 0 ? product >> shift : product / levels];
      sums[g] = now.mass - begin.mass;
      sizes[g] = now.occupied - begin.occupied;
      begin = now;
    }
    const double tail = total - before[i].mass;
    double cross = active().grouped_information(sums.data(), sizes.data(), levels);
    if (tail > 0) {  // falls to the last bin, which needs a place among the groups
      const double mean = sums[levels - 1] / std::max(1.0, sizes[levels - 1]);
      cross += counts[i - 1] > 0 ? tail * std::log(mean) : -kInfinity;
    }
    const double clipped = logs[i - 1] + x_log_x(counts[i - 1] + tail);
    result.push_back(total > 0 && before[i].mass > 0
                         ? (clipped - cross) / total - std::log(total) + std::log(before[i].mass)
                         : kInfinity);
  }
  return result;
}

namespace {

constexpr double kSmoothing = 1e-4;

// One histogram by onnxruntime's criterion. Smoothing takes `less` from every count of the window
// that is not 0, so that all its sums of (h - less) log(h - less) are needed: they are expanded in
// `less`, with a prefix sum for each power, which is exact to 1e-9 where less is at most 0.05;
// beyond, few counts are not 0, and they are summed one by one.
class SmoothedDivergence {
 public:
  SmoothedDivergence(const double* counts, std::size_t bins, std::size_t levels)
      : h_(counts),
        bins_(bins),
        levels_(levels),
        mass_(prefix_sums(bins, [&](std::size_t i) { return counts[i]; })),
        occupied_(prefix_sums(bins, [&](std::size_t i) { return double(counts[i] > 0); })),
        value_(levels),
        weight_(levels) {
    for (std::size_t k = 0; k < kPowers; ++k) {
      powers_[k] = prefix_sums(bins, [&](std::size_t i) {
        const double x = counts[i];
        if (!(x > 0)) return 0.0;
        if (k == 0) return x * std::log(x);
        if (k == 1) return std::log(x) + 1;
        return 1 / (double(k * (k - 1)) * std::pow(x, double(k - 1)));
      });
    }
    for (std::size_t i = 0; i < bins; ++i)
      if (counts[i] > 0) places_.push_back(i);
  }

  // Of the window of i bins to either side.
  double operator()(std::size_t i) {
    const std::size_t middle = bins_ / 2;
    begin_ = middle - i;
    end_ = std::min(middle + i + 1, bins_);
    left_ = mass_[begin_];
    right_ = mass_[bins_] - mass_[end_];
    first_ = h_[begin_] + left_;
    last_ = h_[end_ - 1] + right_;
    const double size = double(end_ - begin_);
    const double nonzero = occupied_in(begin_, end_);
    if (nonzero == 0) return kInfinity;
    less_ = kSmoothing * (size - nonzero) / nonzero;
    if (!(less_ < 1)) return kInfinity;

    const std::size_t merged = (end_ - begin_) / levels_;
    const std::size_t covered = begin_ + merged * levels_;
    double rest = covered < end_ ? smoothed_mass(covered, end_) : 0;  // where q is 0
    double zeros = double(end_ - covered);
    double total = 0;  // of q
    for (std::size_t g = 0; g < levels_; ++g) {
      const std::size_t from = begin_ + g * merged;
      const std::size_t to = from + merged;
      const double among = occupied_in(from, to);
      double sum = mass_[to] - mass_[from];
      if (g + 1 == levels_) sum += mass_[end_] - mass_[covered];
      value_[g] = among > 0 ? std::trunc(sum / among) : 0;
      weight_[g] = smoothed_mass(from, to);
      total += value_[g] * double(merged);
      if (value_[g] == 0) {
        zeros += double(merged);
        rest += weight_[g];
        weight_[g] = 0;
        value_[g] = 1;
      }
    }
    if (zeros == size) return kInfinity;
    const double less_of_q = kSmoothing * zeros / (size - zeros);
    if (!(less_of_q < 1)) return kInfinity;
    const double cross = active().cross_entropy(weight_.data(), value_.data(), levels_, less_of_q) +
                         rest * std::log(kSmoothing);
    const double all = mass_[bins_];  // smoothing keeps both sums
    return (own_entropy(size) - cross) / all - std::log(all) + std::log(total);
  }

 private:
  static constexpr std::size_t kPowers = 7;

  // Counts of the clipped window that are not 0, and their smoothed sum.
  double occupied_in(std::size_t a, std::size_t b) const noexcept {
    double n = occupied_[b] - occupied_[a];
    if (a == begin_ && b > begin_ && h_[begin_] == 0 && first_ > 0) ++n;
    if (b == end_ && a < end_ && h_[end_ - 1] == 0 && last_ > 0) ++n;
    return n;
  }
  double smoothed_mass(std::size_t a, std::size_t b) const noexcept {
    double sum = mass_[b] - mass_[a];
    if (a == begin_ && b > begin_) sum += left_;
    if (b == end_ && a < end_) sum += right_;
    const double nonzero = occupied_in(a, b);
    return sum - less_ * nonzero + kSmoothing * (double(b - a) - nonzero);
  }

  // The sum of p log p over the smoothed window.
  double own_entropy(double size) const noexcept {
    const auto of = [this](double x) { return x > 0 ? x_log_x(x - less_) : x_log_x(kSmoothing); };
    double sum = of(first_) + of(last_);
    const double inside = occupied_[end_ - 1] - occupied_[begin_ + 1];
    if (less_ <= 0.05) {
      double power = 1;
      for (std::size_t k = 0; k < kPowers; ++k, power *= less_)
        sum += (k == 1 ? -power : power) * (powers_[k][end_ - 1] - powers_[k][begin_ + 1]);
    } else {
      const std::size_t* const from = places_.data() + std::size_t(occupied_[begin_ + 1]);
      for (std::size_t k = 0; k < std::size_t(inside); ++k) sum += x_log_x(h_[from[k]] - less_);
    }
    return sum + (size - 2 - inside) * x_log_x(kSmoothing);
  }

  const double* h_;
  std::size_t bins_, levels_;
  std::vector<double> mass_, occupied_;
  std::vector<double> powers_[kPowers];
  std::vector<std::size_t> places_;
  std::vector<double> value_, weight_;
  std::size_t begin_ = 0, end_ = 0;
  double left_ = 0, right_ = 0, first_ = 0, last_ = 0, less_ = 0;
};

}  // namespace

std::vector<double> smoothed_divergences(const double* counts, std::size_t bins,
                                         std::size_t levels) {
  PYINFO_ASSERT(levels >= 2 && levels <= bins && bins >= 4);
  SmoothedDivergence divergence(counts, bins, levels);
  std::vector<double> result;
  for (std::size_t i = levels / 2; i <= bins / 2; ++i) {
    if (i % 64 == 0) threads::require_uninterrupted();
    result.push_back(divergence(i));
  }
  return result;
}

GridErrors::GridErrors(const double* counts, std::size_t bins, double origin)
    : bins_(bins), origin_(origin), counts_(bins + 2, 0), values_(bins + 2, 0) {
  for (std::size_t i = 0; i < bins; ++i) {
    const double center = origin + double(i) + 0.5;
    counts_[i + 1] = counts_[i] + counts[i];
    values_[i + 1] = values_[i] + counts[i] * center;
    squares_ += counts[i] * (center * center + 1.0 / 12);
  }
  counts_[bins + 1] = counts_[bins];
  values_[bins + 1] = values_[bins];
}

// Values lie evenly in a bin, so that a part of it has a center of its own.
GridErrors::Sums GridErrors::below(double x) const noexcept {
  const double at = std::clamp(x - origin_, 0.0, double(bins_));
  const std::size_t i = std::size_t(at);
  const double share = at - double(i);
  const double count = share * (counts_[i + 1] - counts_[i]);
  return {counts_[i] + count, values_[i] + count * (origin_ + double(i) + share / 2)};
}

std::vector<double> GridErrors::each(const Candidates& candidates) const {
  constexpr std::int32_t most = 1 << 17;
  std::vector<double> errors;
  errors.reserve(candidates.size);
  for (std::size_t i = 0; i < candidates.size; ++i) {
    if (i % 16 == 0) threads::require_uninterrupted();
    errors.push_back((*this)(candidates.steps[i], std::clamp(candidates.lows[i], -most, 0),
                             std::clamp(candidates.highs[i], 0, most)));
  }
  return errors;
}

// By parts: a value above (k - 1/2) step, for each k, adds a step to its rounded value and 2 k - 1
// to the square of its integer; likewise below.
double GridErrors::operator()(double step, int low, int high) const noexcept {
  double product = 0;
  double square = 0;
  const double right = origin_ + double(bins_);
  for (int k = 1; k <= high && (k - 0.5) * step < right; ++k) {
    const Sums sums = below((k - 0.5) * step);
    product += values_[bins_] - sums.value;
    square += (2 * k - 1) * (counts_[bins_] - sums.count);
  }
  for (int k = 1; k <= -low && (0.5 - k) * step > origin_; ++k) {
    const Sums sums = below((0.5 - k) * step);
    product -= sums.value;
    square += (2 * k - 1) * sums.count;
  }
  return std::max(0.0, squares_ - 2 * step * product + step * step * square);
}

}  // namespace pyinfo::quantization
