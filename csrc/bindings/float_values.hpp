// Floats as arguments of quantisation: any array of numbers, contiguous.
#pragma once

#include "bindings/arrays.hpp"
#include "quantization/values.hpp"

namespace pyinfo::bindings {

// Read where it is if it is contiguous, of a type that kernels read and of the machine's byte
// order; else from a copy, of float64 for integers and wider floats. TypeError or
// std::invalid_argument naming the argument; so is one that is empty.
class FloatValues {
 public:
  FloatValues(PyObject* object, const char* name);

  const quantization::Values& values() const noexcept { return values_; }
  std::size_t size() const noexcept { return values_.size; }

 private:
  Reference array_;
  quantization::Values values_;
};

}  // namespace pyinfo::bindings
