#include "quantization/clipping.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "quantization/thresholds.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {
namespace {

void require_bins(std::size_t used, std::size_t levels, int bits) {
  if (used < levels)
    throw std::invalid_argument("the values are in " + std::to_string(used) +
                                " bins, but the entropy of " + std::to_string(bits) +
                                " bits needs " + std::to_string(levels) +
                                ": use a histogram of more bins");
}

// Up to the last bin that has some: thresholds beyond it are equal.
std::vector<double> used_magnitudes(const std::vector<std::uint64_t>& counts, bool is_signed) {
  const std::size_t middle = is_signed ? counts.size() / 2 : 0;
  std::vector<double> folded(counts.begin() + std::ptrdiff_t(middle), counts.end());
  for (std::size_t i = 0; i < middle; ++i) folded[i] += double(counts[middle - 1 - i]);
  while (folded.size() > 2 && folded.back() == 0) folded.pop_back();
  return folded;
}

void fill(ClippingCurve& curve, double first) {
  for (std::size_t i = 0; i < curve.scores.size(); ++i)
    curve.thresholds.push_back(first + double(i));
}

std::size_t first_least(const std::vector<double>& scores) {
  return std::size_t(std::min_element(scores.begin(), scores.end()) - scores.begin());
}

// Of equal ones the last, as NVIDIA's loops take it. The first bin counts as the second one does:
// zeros, as a ReLU makes them, say nothing about where to clip.
ClippingCurve by_nvidia(std::vector<double> magnitudes, std::size_t levels) {
  magnitudes[0] = magnitudes[1];
  ClippingCurve curve;
  curve.scores = grouped_divergences(magnitudes.data(), magnitudes.size(), levels);
  fill(curve, double(levels));
  for (std::size_t i = 0; i < curve.scores.size(); ++i)
    if (curve.scores[i] <= curve.scores[curve.best]) curve.best = i;
  return curve;
}

ClippingCurve by_onnxruntime(const std::vector<std::uint64_t>& counts, std::size_t half,
                             std::size_t levels) {
  const auto middle = std::ptrdiff_t(counts.size() / 2);
  const std::vector<double> window(counts.begin() + middle - std::ptrdiff_t(half),
                                   counts.begin() + middle + std::ptrdiff_t(half));
  ClippingCurve curve;
  curve.scores = smoothed_divergences(window.data(), window.size(), levels);
  fill(curve, double(levels / 2));
  curve.best = first_least(curve.scores);
  return curve;
}

ClippingCurve by_squared_error(const std::vector<double>& magnitudes, double largest, int q,
                               std::size_t candidates) {
  ClippingCurve curve;
  std::vector<double> steps;
  for (std::size_t i = 1; i <= candidates; ++i) {
    curve.thresholds.push_back(largest * double(i) / double(candidates));
    steps.push_back(curve.thresholds.back() / q);
  }
  const std::vector<std::int32_t> lows(candidates, 0), highs(candidates, q);
  curve.scores = GridErrors(magnitudes.data(), magnitudes.size(), 0)
                     .each({steps.data(), lows.data(), highs.data(), candidates});
  double total = 0;
  for (double count : magnitudes) total += count;
  for (double& score : curve.scores) score /= total;
  curve.best = first_least(curve.scores);
  return curve;
}

}  // namespace

ClippingCurve clipping_curve(const std::vector<std::uint64_t>& counts, bool is_signed,
                             double largest, int bits, Criterion criterion,
                             std::size_t candidates) {
  PYINFO_ASSERT(counts.size() >= 4 && counts.size() % 2 == 0 && bits >= 2 && bits <= 16);
  std::vector<double> magnitudes = used_magnitudes(counts, is_signed);
  const std::size_t levels = std::size_t{1} << (bits - 1);
  switch (criterion) {
    case Criterion::nvidia:
      require_bins(magnitudes.size(), levels, bits);
      return by_nvidia(std::move(magnitudes), levels);
    case Criterion::onnxruntime:
      if (!is_signed)
        throw std::invalid_argument(
            "onnxruntime's criterion needs a histogram of values, not of magnitudes");
      require_bins(2 * magnitudes.size(), levels, bits);
      return by_onnxruntime(counts, magnitudes.size(), levels);
    default:
      return by_squared_error(magnitudes, largest, int(levels) - 1,
                              candidates == 0 ? magnitudes.size() : candidates);
  }
}

}  // namespace pyinfo::quantization
