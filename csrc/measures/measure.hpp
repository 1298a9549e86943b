// The measures: what is asked of a slice, and what can be wrong with it.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "measures/source.hpp"

namespace pyinfo::measures {

enum class Measure : std::uint8_t {
  entropy,
  renyi_entropy,
  tsallis_entropy,
  cross_entropy,
  kl_divergence,
  js_divergence,
  js_distance,
  jeffreys_divergence,
  renyi_divergence,
  hellinger_distance,
  bhattacharyya_distance,
  total_variation_distance,
};

// How an operand becomes a distribution.
enum class Normalization : std::uint8_t {
  check,   // it is one: its sum must be 1 within the tolerance
  divide,  // weights or counts: divided by their sum
  as_is,   // taken as it is
};

struct Request {
  Measure measure = Measure::entropy;
  Normalization p = Normalization::check;
  Normalization q = Normalization::check;
  double p_tolerance = 0;
  double q_tolerance = 0;
  double alpha = 1;
  double weight_p = 0.5;
  double weight_q = 0.5;
  double unit = 1;  // what one bit is in the unit asked for: 1 / log2(base)
};

// Sums of T that should be 1 may be off by the square root of T's precision.
template <class T>
constexpr double kSumTolerance = sizeof(T) == 8 ? 0x1p-26 : 3.4526698300124393e-4;

inline bool is_base(double base) noexcept { return base > 0 && base != 1 && !std::isinf(base); }

// What one bit is in the unit of a base, 1 / log2(base), as a double-double.
struct Unit {
  double high = 1;
  double low = 0;
};
inline Unit bit_in_base(double base) noexcept {
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

constexpr int operands(Measure measure) noexcept {
  return measure <= Measure::tsallis_entropy ? 1 : 2;
}

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

// True unless the sum of an operand is wrong for what the request says of it. NaN is never wrong.
inline bool sum_is_valid(double sum, Normalization normalization, double tolerance) noexcept {
  if (normalization == Normalization::check) return !(sum - 1 > tolerance || 1 - sum > tolerance);
  return normalization == Normalization::as_is || sum != 0;
}
// True unless a value is negative or infinite. `total` is the sum of all values; only if that is
// infinite is there reason to look for the cause.
template <class T>
bool values_are_valid(const Source<T>& source, const Sums& sums, double total) noexcept {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (sums.smallest < 0) return false;
  if (total != infinity) return true;
  return source.sum_of(0).largest != infinity &&
         (source.operands() == 1 || source.sum_of(1).largest != infinity);
}

// 0 for results that rounding took below it, and for -0.
inline double not_negative(double x) noexcept { return x <= 0 ? 0.0 : x; }

// The measures of one slice, T = double or float. entropy.cpp:
template <class T>
Result entropy(const Request& request, const Source<T>& source);
template <class T>
Result cross_entropy(const Request& request, const Source<T>& source);
Result renyi_entropy(const Request& request, const Source<double>& source);
Result tsallis_entropy(const Request& request, const Source<double>& source);
// divergence.cpp:
template <class T>
Result kl_divergence(const Request& request, const Source<T>& source);
template <class T>
Result js_divergence(const Request& request, const Source<T>& source);
Result jeffreys_divergence(const Request& request, const Source<double>& source);
Result renyi_divergence(const Request& request, const Source<double>& source);
Result hellinger_distance(const Request& request, const Source<double>& source);
Result bhattacharyya_distance(const Request& request, const Source<double>& source);
Result total_variation_distance(const Request& request, const Source<double>& source);

// The kernel a measure asks for first, when that question is the same for every slice.
struct FirstQuestion {
  bool known = false;
  Kernel kernel = Kernel::sum;
  Parameters parameters;
};
FirstQuestion first_question(const Request& request) noexcept;

}  // namespace pyinfo::measures
