// Which element or sum of a slice is not what a measure takes. Elements are read one by one: this
// is needed only when a measure has found a fault.
#pragma once

#include <cstddef>
#include <cstdint>

#include "measures/measure.hpp"

namespace pyinfo::measures {

// An operand in its own shape, and what its slices must be.
struct Suspect {
  elements::Operand operand;
  int dimensions;
  const std::ptrdiff_t* shape;
  const std::ptrdiff_t* strides;  // in bytes
  Normalization normalization;
  double tolerance;
};

enum class Flaw : std::uint8_t { none, negative, infinite, above_one, sum_not_one, sum_zero };

struct Diagnosis {
  Flaw flaw = Flaw::none;
  int operand = 0;
  double value = 0;  // of the element, or the sum
  // Of the element along the operand's own axes; for a sum, of the first element of the slice.
  std::ptrdiff_t index[elements::kMaxDimensions] = {};
};

// The first element out of range of `slice`, the number of a slice in C order of the axes that are
// not reduced, in any operand; else the first sum that is wrong. Operands are broadcast to `shape`.
Diagnosis diagnose(const Suspect* suspects, int count, int dimensions, const std::ptrdiff_t* shape,
                   const bool* reduced, std::size_t slice);

// The first element of an array that is no probability.
Diagnosis diagnose_elements(const Suspect& suspect);

}  // namespace pyinfo::measures
