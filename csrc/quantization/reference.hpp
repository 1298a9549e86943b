// What quantisation means, in plain loops: what the kernels and the prefix sums are tested against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyinfo::quantization::reference {

// The integer of low .. high next to x / step, ties to even, the magnitude of which is less by
// `dead_zone` first; low of a NaN.
template <class T>
std::int32_t integer(T x, T step, std::int32_t low, std::int32_t high, T dead_zone = 0) noexcept;

// The bin of x in a FloatHistogram with 0 at zero_bin.
std::int64_t bin(double x, int exponent, std::size_t zero_bin) noexcept;

// NVIDIA's divergence of the first i bins, in `levels` groups.
double grouped_divergence(const std::vector<double>& counts, std::size_t i, std::size_t levels);

// onnxruntime's divergence of the window of i bins to either side of the middle, and one more.
double smoothed_divergence(const std::vector<double>& counts, std::size_t i, std::size_t levels);

// The sum of the squared distances of values that lie evenly in bins of width 1 from their
// integers, `parts` of each bin taken at their centers.
double grid_error(const std::vector<double>& counts, double origin, double step, int low, int high,
                  int parts);

struct BestStep {
  double step;
  double error;
};
// The optimum over all steps for integers -q .. q: of the roundings that occur as the step falls,
// each is best at the sum of w |x| k over that of w k^2. A null weight is 1.
BestStep best_step(const float* x, const float* weight, std::size_t n, int q);

}  // namespace pyinfo::quantization::reference
