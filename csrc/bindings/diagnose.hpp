// Why a slice is not what a measure takes: the sentence for the ValueError.
#pragma once

#include <string>

#include "bindings/arrays.hpp"
#include "measures/evaluate.hpp"

namespace pyinfo::bindings {

// One operand of a failed call, as it was given.
struct Suspect {
  const Input* input;
  measures::Normalization normalization;
  double tolerance;
};

// The first value out of range, or the sum, of `slice` (in C order of the axes that remain). Shape
// and reduced axes are those of the broadcast operands.
std::string diagnose(const Suspect* suspects, int count, int dimensions, const npy_intp* shape,
                     const bool* reduced, std::size_t slice);

// The same for a single value of information_content.
std::string diagnose_values(const Input& input, double tolerance);

}  // namespace pyinfo::bindings
