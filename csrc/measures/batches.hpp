// A measure over every slice of an array: which slices there are, in what order they are done,
// which are done side by side, and by how many threads.
#pragma once

#include <cstddef>

#include "measures/measure_table.hpp"

namespace pyinfo::measures {

struct Problem {
  explicit Problem(const Measure& the_measure) noexcept : measure(the_measure) {}

  const Measure& measure;
  Request request;
  elements::Operand p;
  elements::Operand q;  // data is null for measures of one distribution
  elements::OuterSpace outer;
  elements::Space inner;  // the reduced axes, not empty
  char* out = nullptr;
  bool float_result = false;  // all operands are float: the result is, too
  int threads = 1;
};

inline constexpr std::size_t kNoSlice = std::size_t(-1);

// Fills `out`. Returns kNoSlice, or the first slice (in C order of the outer axes) that is invalid.
std::size_t evaluate(const Problem& problem);

}  // namespace pyinfo::measures
