// Where to clip what a histogram has counted: every threshold with its score, and the best one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyinfo::quantization {

enum class Criterion : std::uint8_t { nvidia, onnxruntime, squared_error };

struct ClippingCurve {
  std::vector<double> thresholds;  // magnitudes in bins, rising
  std::vector<double> scores;      // divergence in nats, or the mean squared error in bins
  std::size_t best = 0;
};

// Counts as in a FloatHistogram, of which some are not 0, and the largest magnitude in bins. For
// integers of `bits`, 2 to 16, that are symmetric about 0. Squared errors of `candidates`
// thresholds, 0 for one for each bin. Throws std::invalid_argument if too few bins are used, or
// onnxruntime's criterion is asked of magnitudes.
ClippingCurve clipping_curve(const std::vector<std::uint64_t>& counts, bool is_signed,
                             double largest, int bits, Criterion criterion, std::size_t candidates);

}  // namespace pyinfo::quantization
