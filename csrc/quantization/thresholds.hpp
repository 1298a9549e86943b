// Where to clip: a score for every threshold, from prefix sums of a histogram, O(bins levels).
//
// Counts are whole numbers as doubles, widths of bins are 1. A distribution whose tail cannot be
// represented has an infinite divergence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyinfo::quantization {

// Divergence in nats of the clipped histogram from itself in `levels` groups, for thresholds of
// levels .. bins bins: TensorRT's criterion, as NVIDIA's pytorch-quantization and Model-Optimizer
// compute it. `counts` is of magnitudes.
std::vector<double> grouped_divergences(const double* counts, std::size_t bins, std::size_t levels);

// The same by onnxruntime's criterion: groups of equally many bins, means rounded down, zeros
// replaced by 1e-4. `counts` is signed, 0 being where the upper half begins; thresholds are windows
// of levels / 2 .. bins / 2 bins to either side, and one more above.
std::vector<double> smoothed_divergences(const double* counts, std::size_t bins,
                                         std::size_t levels);

// Squared errors of values that lie evenly in their bins.
class GridErrors {
 public:
  // The left end of the first bin is `origin`.
  GridErrors(const double* counts, std::size_t bins, double origin);

  // Of rounding to the nearest of step low .. step high, low <= 0 <= high.
  double operator()(double step, int low, int high) const noexcept;
  // Levels out of range are bounded: low to 0, high to 0, both to 2^17.
  struct Candidates {
    const double* steps;
    const std::int32_t* lows;
    const std::int32_t* highs;
    std::size_t size;
  };
  std::vector<double> each(const Candidates& candidates) const;

 private:
  struct Sums {
    double count;
    double value;
  };
  Sums below(double x) const noexcept;

  std::size_t bins_;
  double origin_;
  std::vector<double> counts_;  // prefix sums
  std::vector<double> values_;
  double squares_ = 0;
};

}  // namespace pyinfo::quantization
