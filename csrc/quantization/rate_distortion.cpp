#include "quantization/rate_distortion.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "quantization/blocks.hpp"
#include "quantization/importance.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {

PYINFO_KERNEL_TABLES(BinKernels, bin_kernels)

namespace {

const BinKernels& active() noexcept {
  static const BinKernels& kernels = bin_kernels(simd::active());
  return kernels;
}
const ValueKernels& values() noexcept {
  static const ValueKernels& kernels = value_kernels(simd::active());
  return kernels;
}
const QuantizerKernels& quantizers() noexcept {
  static const QuantizerKernels& kernels = quantizer_kernels(simd::active());
  return kernels;
}

constexpr std::size_t kParts = 16;
constexpr std::size_t kPartSize = std::size_t{1} << 20;

// work(part, first, n) for blocks in parts that do not depend on threads: sums of doubles are made
// in one order. Returns how many parts there may be.
std::size_t part_count(std::size_t size) noexcept {
  return std::clamp<std::size_t>(size / kPartSize, 1, kParts);
}
template <class Work>
void each_part(std::size_t size, int threads, const Work& work) {
  const std::size_t parts = part_count(size);
  const std::size_t blocks = (size + kBlock - 1) / kBlock;
  threads::parallel_or_throw(parts, threads, [&](std::size_t part) {
    const std::size_t last = std::min(size, blocks * (part + 1) / parts * kBlock);
    std::size_t until_asked = 0;
    for (std::size_t i = blocks * part / parts * kBlock; i < last; i += kBlock) {
      if (until_asked++ % 64 == 0) threads::require_uninterrupted();
      work(part, i, std::min(kBlock, last - i));
    }
  });
}

double entropy_of(const double* counts, std::size_t n) noexcept {
  double sum = 0;
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    total += counts[i];
    if (counts[i] > 0) sum += counts[i] * std::log2(counts[i]);
  }
  return total > 0 ? std::max(0.0, std::log2(total) - sum / total) : 0;
}

constexpr double kWidth = 2.0 / double(kFineBins);

}  // namespace

bool find_largest(const Weights& weights, int threads, float* largest) {
  const std::size_t groups = weights.groups();
  // Magnitudes are ordered as their bits are.
  std::vector<std::atomic<std::uint32_t>> most(groups);
  for (auto& each : most) each.store(0, std::memory_order_relaxed);
  std::atomic<bool> finite{true};
  each_block(weights.values.size, threads, [&](std::size_t first, std::size_t n) {
    float block[kBlock];
    load(weights.values, first, n, block);
    each_group(first, n, weights.group, [&](std::size_t group, std::size_t at, std::size_t run) {
      const float found = values().largest(block + at, run);
      if (std::isinf(found)) finite.store(false, std::memory_order_relaxed);
      std::uint32_t bits;
      std::memcpy(&bits, &found, sizeof bits);
      std::uint32_t before = most[group].load(std::memory_order_relaxed);
      while (before < bits && !most[group].compare_exchange_weak(before, bits)) {
      }
    });
  });
  for (std::size_t g = 0; g < groups; ++g) {
    const std::uint32_t bits = most[g].load();
    std::memcpy(largest + g, &bits, sizeof bits);
  }
  return finite.load();
}

FineHistogram fine_histogram(const Weights& weights, const float* largest, int threads) {
  struct Table {
    std::vector<std::uint32_t> counts;
    std::vector<double> sums;
    std::size_t pending = 0;
    std::vector<std::uint64_t> whole;
  };
  const std::size_t size = weights.values.size;
  const bool weighted = weights.importance != nullptr || weights.groups() > 1;
  const float whole = std::max(*std::max_element(largest, largest + weights.groups()), 0x1p-149f);
  std::vector<Table> tables(part_count(size));
  const auto flush = [](Table& table) {
    for (std::size_t i = 0; i < kFineBins; ++i)
      table.whole[i] += std::uint64_t(table.counts[i]) + table.counts[i + split_stride(kFineBins)];
    std::fill(table.counts.begin(), table.counts.end(), 0);
    table.pending = 0;
  };
  each_part(size, threads, [&](std::size_t part, std::size_t first, std::size_t n) {
    Table& table = tables[part];
    if (table.counts.empty()) {
      table.counts.resize(split_size(kFineBins));
      table.whole.resize(kFineBins);
      if (weighted) table.sums.resize(split_size(kFineBins));
    }
    float block[kBlock];
    float weight[kBlock];
    load(weights.values, first, n, block);
    if (weights.importance != nullptr) load_importance(weights, first, n, weight);
    each_group(first, n, weights.group, [&](std::size_t group, std::size_t at, std::size_t run) {
      const float top = largest[group];
      const float scale = top > 0 ? std::min(float(kFineBins / 2) / top, 0x1.fffffep127f) : 0;
      if (!weighted) return active().count(block + at, run, scale, kFineBins, table.counts.data());
      float* const of_run = weight + at;
      const float square = (top / whole) * (top / whole);  // at most 1
      if (weights.importance == nullptr)
        std::fill(of_run, of_run + run, square);
      else
        for (std::size_t i = 0; i < run; ++i) of_run[i] *= square;
      active().count_weighted(block + at, of_run, run, scale, kFineBins, table.counts.data(),
                              table.sums.data());
    });
    if ((table.pending += n) > (std::size_t{1} << 30)) flush(table);
  });
  FineHistogram result;
  result.counts.assign(kFineBins, 0);
  result.weights.assign(kFineBins, 0);
  result.unit = double(whole) * double(whole);
  for (Table& table : tables) {
    if (table.counts.empty()) continue;
    flush(table);
    for (std::size_t i = 0; i < kFineBins; ++i) {
      result.counts[i] += table.whole[i];
      if (weighted) result.weights[i] += table.sums[i] + table.sums[i + split_stride(kFineBins)];
    }
  }
  if (!weighted) result.weights.assign(result.counts.begin(), result.counts.end());
  return result;
}

RateDistortion::RateDistortion(const FineHistogram& histogram)
    : counts_(kFineBins + 2, 0), weights_(kFineBins + 2, 0), moments_(kFineBins + 2, 0) {
  PYINFO_ASSERT(histogram.counts.size() == kFineBins && histogram.weights.size() == kFineBins);
  unit_ = histogram.unit;
  std::vector<double> counts(histogram.counts.begin(), histogram.counts.end());
  for (std::size_t i = 0; i < kFineBins; ++i) {
    const double center = (double(i) + 0.5) * kWidth - 1;
    const double weight = histogram.weights[i];
    counts_[i + 1] = counts_[i] + counts[i];
    weights_[i + 1] = weights_[i] + weight;
    moments_[i + 1] = moments_[i] + weight * center;
    mean_square_ += counts[i] * (center * center + kWidth * kWidth / 12);
    second_ += weight * (center * center + kWidth * kWidth / 12);
  }
  const double total = counts_[kFineBins];
  mean_square_ /= std::max(1.0, total);
  counts_[kFineBins + 1] = counts_[kFineBins];
  weights_[kFineBins + 1] = weights_[kFineBins];
  moments_[kFineBins + 1] = moments_[kFineBins];
  // Miller and Madow's correction: bins with few weights look too sure of themselves.
  const auto occupied = kFineBins - std::size_t(std::count(counts.begin(), counts.end(), 0.0));
  const double bias = (double(occupied) - 1) / (2 * std::log(2.0) * std::max(1.0, total));
  differential_entropy_ = entropy_of(counts.data(), kFineBins) + bias + std::log2(kWidth);
}

RateDistortion::Place RateDistortion::locate(double x) noexcept {
  const double at = std::clamp((x + 1) / kWidth, 0.0, double(kFineBins));
  const std::size_t bin = std::size_t(at);
  return {bin, at - double(bin)};
}

double RateDistortion::at(const std::vector<double>& prefix, Place place) noexcept {
  return prefix[place.bin] + place.share * (prefix[place.bin + 1] - prefix[place.bin]);
}

// Weights lie evenly in a bin, so that a part of it has a centre of its own.
double RateDistortion::moment(Place place) const noexcept {
  const double weight = weights_[place.bin + 1] - weights_[place.bin];
  const double left = double(place.bin) * kWidth - 1;
  return moments_[place.bin] + weight * place.share * (left + place.share * kWidth / 2);
}

// By parts: a value above the edge of k, for each k, adds a step to its rounded value and 2 k - 1
// to the square of its integer.
RateDistortion::Sums RateDistortion::sums(int q, double step, double dead_zone) const noexcept {
  const double all = weights_[kFineBins];
  double product = 0;
  double square = 0;
  for (int k = 1; k <= q; ++k) {
    const double edge = (k - 0.5 + dead_zone) * step;
    if (edge >= 1) break;  // nothing lies beyond
    const Place up = locate(edge);
    const Place down = locate(-edge);
    product += (moments_[kFineBins] - moment(up)) - moment(down);
    square += (2 * k - 1) * ((all - at(weights_, up)) + at(weights_, down));
  }
  const double error = second_ - 2 * step * product + step * step * square;
  return {unit_ * std::max(0.0, error), product, square};
}

RatePoint RateDistortion::clipped(int q, double ratio, double dead_zone) const {
  const double step = ratio / q;
  std::vector<double> counts;
  counts.reserve(2 * std::size_t(q) + 1);
  double before = 0;
  for (int k = -q; k <= q; ++k) {
    const double edge = (k + 0.5 + (k < 0 ? -dead_zone : dead_zone)) * step;
    if (edge < -1) continue;
    const double until = k == q ? counts_[kFineBins] : at(counts_, locate(edge));
    counts.push_back(until - before);
    before = until;
    if (edge > 1) break;
  }
  return {sums(q, step, dead_zone).error, entropy_of(counts.data(), counts.size())};
}

double RateDistortion::best_ratio(int q, const double* ratios, std::size_t count) const {
  PYINFO_ASSERT(count > 0);
  double best = ratios[0];
  double least = sums(q, best / q).error;
  for (std::size_t i = 1; i < count; ++i) {
    const double error = clipped_error(q, ratios[i]);
    if (error < least) {
      least = error;
      best = ratios[i];
    }
  }
  constexpr int kNear = 12;  // about the best, up to the next one on either side
  const double coarse = best;
  const double spacing = count > 1 ? ratios[1] / ratios[0] : 1;
  for (int i = -kNear; i <= kNear; ++i) {
    const double ratio = coarse * std::pow(spacing, double(i) / kNear);
    const double error = clipped_error(q, ratio);
    if (error < least) {
      least = error;
      best = ratio;
    }
  }
  for (int i = 0; i < 3; ++i) {  // Lloyd: the step that suits the integers best
    const Sums now = sums(q, best / q);
    if (!(now.square > 0)) break;
    const double ratio = now.product / now.square * q;
    const double error = clipped_error(q, ratio);
    if (!(error < least)) break;
    least = error;
    best = ratio;
  }
  return best;
}

namespace {

// A step in units of the largest with which all integers are 0, as with every longer one.
constexpr double kAllZero = 4;

RateCurve curve_of(const Weights& weights, const float* largest, const RateRequest& request,
                   int threads) {
  // Few weights do not fill the bins, and take less time than these.
  const double least_step =
      weights.values.size <= kFineBins ? std::numeric_limits<double>::infinity() : 8 * kWidth;
  const RateDistortion of(fine_histogram(weights, largest, threads));
  RateCurve curve;
  for (std::size_t i = 0; i < request.widths; ++i) {
    const int q = request.levels[i];
    const double ratio = of.best_ratio(q, request.ratios, request.ratio_count);
    curve.ratios.push_back(ratio);
    curve.clipped.push_back(ratio / q < least_step
                                ? exact_point(weights, largest, q, ratio, threads)
                                : of.clipped(q, ratio));
  }
  Weights flat = weights;
  flat.group = weights.values.size;
  const float most = *std::max_element(largest, largest + weights.groups());
  const std::optional<RateDistortion> flat_curve =
      weights.groups() > 1 ? std::optional<RateDistortion>(fine_histogram(flat, &most, threads))
                           : std::nullopt;
  const RateDistortion& of_all = flat_curve ? *flat_curve : of;
  curve.differential_entropy = of_all.differential_entropy() + std::log2(double(most));
  for (std::size_t i = 0; i < request.step_count; ++i) {
    if (!(most > 0)) {  // any step is right
      curve.steps.push_back(request.steps[i]);
      curve.unclipped.push_back({0, 0});
      continue;
    }
    const double step = request.of_spread ? request.steps[i] * std::sqrt(of_all.mean_square())
                                          : std::min(request.steps[i] / double(most), kAllZero);
    if (!(1 / step < kMostLevels)) {
      if (request.of_spread) continue;
      throw std::invalid_argument("steps must be above 1 / " + std::to_string(kMostLevels) +
                                  " of the largest magnitude");
    }
    curve.steps.push_back(request.of_spread ? step * double(most) : request.steps[i]);
    const int q = std::max(1, int(1 / step + 0.5));
    const double dead_zone = request.dead_zones == nullptr ? 0 : request.dead_zones[i];
    curve.unclipped.push_back(step < least_step
                                  ? exact_point(flat, &most, q, step * q, threads, dead_zone)
                                  : of_all.clipped(q, step * q, dead_zone));
  }
  return curve;
}

float most_important(const Weights& weights) {
  if (weights.importance == nullptr) return 0;
  float most = 0;
  for (std::size_t i = 0; i < weights.columns; i += kBlock) {
    if (i / kBlock % 64 == 0) threads::require_uninterrupted();
    const std::size_t n = std::min(kBlock, weights.columns - i);
    most = std::max(most, values().largest(weights.importance + i, n));
  }
  return most;
}

}  // namespace

RateCurve rate_curve(const Weights& weights, const float* largest, const RateRequest& request,
                     int threads) {
  const std::size_t groups = weights.groups();
  const int unit = unit_of_squares(groups == 0 ? 0 : *std::max_element(largest, largest + groups));
  const int counted = unit_of_importance(most_important(weights));
  if (unit == 0 && counted == 0) return curve_of(weights, largest, request, threads);
  Weights scaled = weights;
  scaled.values.exponent = -unit;
  scaled.importance_exponent = -counted;
  std::vector<float> largest_then(largest, largest + groups);
  for (float& x : largest_then) x = std::ldexp(x, -unit);
  std::vector<double> steps(request.steps, request.steps + request.step_count);
  RateRequest then = request;
  then.steps = steps.data();
  if (!request.of_spread)
    for (double& step : steps) step = std::ldexp(step, -unit);
  RateCurve curve = curve_of(scaled, largest_then.data(), then, threads);
  for (double& step : curve.steps) step = std::ldexp(step, unit);
  for (auto* points : {&curve.clipped, &curve.unclipped})
    for (RatePoint& point : *points) point.error = std::ldexp(point.error, 2 * unit + counted);
  curve.differential_entropy += unit;
  return curve;
}

RatePoint exact_point(const Weights& weights, const float* largest, int q, double ratio,
                      int threads, double dead_zone) {
  PYINFO_ASSERT(q > 0 && q <= kMostLevels);
  struct Part {
    double error = 0;
    std::vector<std::uint64_t> counts;
  };
  const std::size_t size = weights.values.size;
  const std::size_t levels = 2 * std::size_t(q) + 1;
  std::vector<Part> parts(part_count(size));
  each_part(size, threads, [&](std::size_t index, std::size_t first, std::size_t n) {
    Part& part = parts[index];
    if (part.counts.empty()) part.counts.resize(levels);
    float block[kBlock];
    float importance[kBlock];
    std::int32_t integers[kBlock];
    load(weights.values, first, n, block);
    const bool weighted = weights.importance != nullptr;
    if (weighted) load_importance(weights, first, n, importance);
    each_group(first, n, weights.group, [&](std::size_t group, std::size_t at, std::size_t run) {
      // Of a group of zeros any step is right.
      const float step = largest[group] > 0 ? float(ratio * double(largest[group]) / q) : 1;
      const Grid<float> grid{std::max(step, 0x1p-149f), float(-q), float(q), float(dead_zone)};
      part.error += quantizers().squared_error(block + at, weighted ? importance + at : nullptr,
                                               run, grid, integers + at);
    });
    for (std::size_t i = 0; i < n; ++i) ++part.counts[std::size_t(integers[i] + q)];
  });
  std::vector<double> counts(levels, 0);
  RatePoint result{0, 0};
  for (const Part& part : parts) {
    result.error += part.error;
    for (std::size_t k = 0; k < part.counts.size(); ++k) counts[k] += double(part.counts[k]);
  }
  result.rate = entropy_of(counts.data(), levels);
  return result;
}

}  // namespace pyinfo::quantization
