// Counts of floats in bins whose width is a power of two.
//
// Where a value lies beyond the last bin, neighbours merge and the width doubles: the result
// depends on which values were counted, not on their order, batches or threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "quantization/values.hpp"

namespace pyinfo::quantization {

class FloatHistogram {
 public:
  static constexpr std::size_t kLeastBins = 16;
  static constexpr std::size_t kMostBins = std::size_t{1} << 18;
  // Widths are 2^kLeastExponent at least: smaller values lie next to 0.
  static constexpr int kLeastExponent = -120;
  static constexpr int kMostExponent = 1021;  // of 16 signed bins that hold the largest double

  // `bins` is a power of two. Signed ones have 0 where the upper half begins: bin half + i holds
  // i width <= x < (i + 1) width, and bin half - 1 - i the opposites of those that are not 0. Else
  // bin i holds the magnitudes i width <= |x| < (i + 1) width.
  FloatHistogram(std::size_t bins, bool is_signed);

  // Unchanged if it throws.
  void add(const Values& values, int threads);
  // Of the same bins and signs.
  void merge(const FloatHistogram& other) noexcept;
  // Whether a histogram of so many bins may have this exponent and these extremes.
  static bool is_state(std::size_t bins, bool is_signed, int exponent, double least,
                       double most) noexcept;
  // What counts() and the others returned: is_state.
  void restore(int exponent, const std::uint64_t* counts, std::uint64_t nans,
               std::uint64_t negative_infinities, std::uint64_t positive_infinities, double least,
               double most) noexcept;

  const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
  bool is_signed() const noexcept { return is_signed_; }
  int exponent() const noexcept { return exponent_; }  // the width is 2^exponent
  std::uint64_t nans() const noexcept { return nans_; }
  std::uint64_t infinities(bool positive) const noexcept { return infinities_[positive]; }
  // Of the finite values; infinity and -infinity if there are none.
  double least() const noexcept { return least_; }
  double most() const noexcept { return most_; }

 private:
  template <class T>
  class Filling;

  std::size_t zero_bin() const noexcept { return is_signed_ ? counts_.size() / 2 : 0; }
  int exponent_for(double largest) const noexcept;
  void widen_to(int exponent) noexcept;
  template <class T>
  void add_part(const Values& values, std::size_t first, std::size_t last);

  bool is_signed_;
  int exponent_ = kLeastExponent;
  std::vector<std::uint64_t> counts_;
  std::uint64_t nans_ = 0;
  std::uint64_t infinities_[2] = {0, 0};
  double least_ = std::numeric_limits<double>::infinity();
  double most_ = -std::numeric_limits<double>::infinity();
};

}  // namespace pyinfo::quantization
