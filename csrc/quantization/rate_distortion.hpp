// Errors and sizes of quantised weights, for every width and step, from one fine histogram.
//
// Groups of neighbours share a step that is proportional to the largest magnitude among them: the
// histogram is of x / largest. An error is the sum of importance (x - x')^2; a rate is the entropy
// of the integers in bits per weight, each by its share among all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quantization/values.hpp"

namespace pyinfo::quantization {

struct Weights {
  Values values;
  std::size_t group;        // how many neighbours; divides the number of values
  const float* importance;  // of element i: importance[i % columns]; null: all 1
  std::size_t columns;
  int importance_exponent = 0;  // it is read as so many powers of two times what it is

  std::size_t groups() const noexcept { return values.size / group; }
};

// The largest magnitude of each group. Returns false if a weight is not finite (as float).
bool find_largest(const Weights& weights, int threads, float* largest);

inline constexpr std::size_t kFineBins = std::size_t{1} << 14;

struct FineHistogram {
  std::vector<std::uint64_t> counts;  // of x / largest from -1 to 1, in kFineBins bins
  std::vector<double> weights;        // of error in each bin: importance largest^2 / unit
  double unit = 1;                    // the square of the largest of all
};
// `largest` as found, or equal ones for all groups. The histogram does not depend on `threads`.
FineHistogram fine_histogram(const Weights& weights, const float* largest, int threads);

struct RatePoint {
  double error;
  double rate;
};

// Answers from prefix sums.
class RateDistortion {
 public:
  explicit RateDistortion(const FineHistogram& histogram);

  // Integers -q .. q, q at most kMostLevels, with a step of ratio * largest / q.
  RatePoint clipped(int q, double ratio, double dead_zone = 0) const;
  double clipped_error(int q, double ratio) const { return sums(q, ratio / q).error; }
  // The ratio with the least error: the best of `ratios`, which are equally far from
  // each other on a logarithmic scale, then of some about it, then a few times the best step for
  // the integers that it gives.
  double best_ratio(int q, const double* ratios, std::size_t count) const;

  // Of x / largest.
  double mean_square() const noexcept { return mean_square_; }
  // Of x / largest, of which the density is that of the histogram: in bits.
  double differential_entropy() const noexcept { return differential_entropy_; }

 private:
  struct Place {
    std::size_t bin;
    double share;
  };
  struct Sums {
    double error;
    double product;  // of x and its integer
    double square;   // of the integer
  };
  static Place locate(double x) noexcept;
  static double at(const std::vector<double>& prefix, Place place) noexcept;
  double moment(Place place) const noexcept;
  Sums sums(int q, double step, double dead_zone = 0) const noexcept;

  std::vector<double> counts_, weights_, moments_;  // prefix sums, one entry more at the end
  double unit_ = 1;
  double second_ = 0;
  double mean_square_ = 0;
  double differential_entropy_ = 0;
};

// One point for each width, at the ratio with the least error, and one for each step, which is the
// same for all groups and clips nothing.
struct RateRequest {
  const int* levels;  // q of each width
  std::size_t widths;
  const double* ratios;
  std::size_t ratio_count;
  const double* steps;
  std::size_t step_count;
  bool of_spread;  // steps are in root mean squares of the weights; too small ones are left out
  const double* dead_zones = nullptr;  // of each step, as Grid has it; null: none
};
struct RateCurve {
  std::vector<double> ratios;
  std::vector<RatePoint> clipped;
  std::vector<double> steps;
  std::vector<RatePoint> unclipped;
  double differential_entropy = 0;  // of the weights, in bits; NaN if all are 0
};
// `largest` as found. Where bins are too wide for a step, or weights are few, they are read once
// more. Throws std::invalid_argument if a step is below largest / kMostLevels.
inline constexpr int kMostLevels = 32767;  // on either side of 0
RateCurve rate_curve(const Weights& weights, const float* largest, const RateRequest& request,
                     int threads);

// The pass that the histogram approximates: the same numbers to rounding, in the time of a read.
RatePoint exact_point(const Weights& weights, const float* largest, int q, double ratio,
                      int threads, double dead_zone = 0);

}  // namespace pyinfo::quantization
