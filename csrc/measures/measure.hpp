// What is asked of a slice, what the result can be, and the checks that formulas share.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "measures/slice.hpp"
#include "simd/assert.hpp"

namespace pyinfo::measures {

// How an operand becomes a distribution.
enum class Normalization : std::uint8_t {
  check,   // it is one: its sum must be 1 within the tolerance
  divide,  // weights or counts: divided by their sum
  as_is,   // taken as it is
};

struct Request {
  Normalization p = Normalization::check;
  Normalization q = Normalization::check;
  double p_tolerance = 0;
  double q_tolerance = 0;
  double alpha = 1;
  double weight_p = 0.5;
  double weight_q = 0.5;
  double unit = 1;  // what one bit is in the unit asked for: 1 / log2(base)
};

inline bool is_base(double base) noexcept { return base > 0 && base != 1 && !std::isinf(base); }

// What one bit is in the unit of a base, 1 / log2(base), as a double-double.
struct Unit {
  double high = 1;
  double low = 0;
};
inline Unit bit_in_base(double base) noexcept {
  PYINFO_ASSERT(is_base(base));
  if (base == 2) return {};
  const long double bit = 1 / std::log2(static_cast<long double>(base));
  const double high = double(bit);
  return {high, double(bit - high)};
}

// What is wrong with a slice; diagnose() finds the place.
enum class Fault : std::uint8_t { none, invalid };

struct Result {
  double value = 0;
  Fault fault = Fault::none;
};

inline constexpr Result kInvalid = {0, Fault::invalid};
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kLn2 = 0.693147180559945309417;
inline constexpr double kLog2E = 1.44269504088896340736;

// Below these, in T, a logarithm's argument or a result is left to the scalar reference.
template <class T>
constexpr double kSmallestArgument = sizeof(T) == 8 ? 0x1p-1020 : 0x1p-124;
template <class T>
constexpr double kSmallestResult = sizeof(T) == 8 ? 0x1p-900 : 0x1p-100;
// Sums and ratios of weights outside [1 / limit, limit] as well.
template <class T>
constexpr double kLargestWeight = sizeof(T) == 8 ? 0x1p900 : 0x1p50;

// Weights within these need no scaling beyond a power of two that T itself can hold.
template <class T>
bool is_moderate(double x) noexcept {
  return x >= 1 / kLargestWeight<T> && x <= kLargestWeight<T>;
}

template <class T>
bool is_tiny(double value) noexcept {
  return value != 0 && std::abs(value) < kSmallestResult<T>;
}

// True unless the sum of an operand is wrong for what the request says of it. NaN is never wrong.
inline bool sum_is_valid(double sum, Normalization normalization, double tolerance) noexcept {
  if (normalization == Normalization::check) return !(sum - 1 > tolerance || 1 - sum > tolerance);
  return normalization == Normalization::as_is || sum != 0;
}
// True unless a value is negative or infinite. `total` is the sum of all values; only if that is
// infinite is there reason to look for the cause.
template <class T>
bool values_are_valid(const Slice<T>& slice, const Sums& sums, double total) noexcept {
  if (sums.smallest < 0) return false;
  if (total != kInfinity) return true;
  return slice.sum_of(0).largest != kInfinity &&
         (slice.operands() == 1 || slice.sum_of(1).largest != kInfinity);
}

// 0 for results that rounding took below it, and for -0.
inline double not_negative(double x) noexcept { return x <= 0 ? 0.0 : x; }

}  // namespace pyinfo::measures
