// A measure over every slice of an array: which slices there are, in what order they are done, and
// by how many threads.
#pragma once

#include <cstddef>

#include "measures/measure.hpp"

namespace pyinfo::measures {

// Axes that remain: shape, and the strides in bytes of p, q and the result.
struct OuterSpace {
  int dimensions = 0;
  std::ptrdiff_t shape[kMaxDimensions];
  std::ptrdiff_t strides[3][kMaxDimensions];
};

struct Problem {
  Request request;
  Operand p;
  Operand q;  // data is null for measures of one distribution
  OuterSpace outer;
  Space inner;  // the reduced axes, not empty
  char* out = nullptr;
  bool float_result = false;  // all operands are float: the result is, too
  int threads = 1;
};

inline constexpr std::size_t kNoSlice = std::size_t(-1);

// Fills `out`. Returns kNoSlice, or the first slice (in C order of the outer axes) that is invalid.
std::size_t evaluate(const Problem& problem);

// True if a measure has kernels in float.
constexpr bool has_float_kernels(Measure measure) noexcept {
  return measure == Measure::entropy || measure == Measure::cross_entropy ||
         measure == Measure::kl_divergence || measure == Measure::js_divergence ||
         measure == Measure::js_distance;
}

// One slice.
template <class T>
Result measure_slice(const Request& request, const Source<T>& source);
template <>
Result measure_slice<double>(const Request& request, const Source<double>& source);
template <>
Result measure_slice<float>(const Request& request, const Source<float>& source);

}  // namespace pyinfo::measures
