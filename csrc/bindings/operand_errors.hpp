// The sentences of the ValueErrors about slices and elements that measures do not take.
#pragma once

#include <string>

#include "bindings/arrays.hpp"
#include "measures/measure.hpp"

namespace pyinfo::bindings {

// One operand of a failed call, as it was given.
struct FailedOperand {
  const Input* input;
  measures::Normalization normalization;
  double tolerance;
};

// Of one or two operands. `slice` counts in C order of the axes that are not reduced; shape and
// reduced axes are those of the broadcast operands.
std::string slice_error(const FailedOperand* arguments, int count, int dimensions,
                        const npy_intp* shape, const bool* reduced, std::size_t slice);

// Of an array whose elements must be probabilities.
std::string element_error(const Input& input, double tolerance);

}  // namespace pyinfo::bindings
