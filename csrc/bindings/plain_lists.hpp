// Lists and tuples of numbers or strings of one type, read in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "bindings/python_object.hpp"

namespace pyinfo::bindings {

// The vector that NumPy makes of a list or tuple whose elements all are Python's own floats, bools,
// integers that fit 64 bits with a sign, or strings without a zero character (which NumPy takes for
// padding). No reference for everything else, of which NumPy would guess something. Throws
// PythonError.
Reference plain_vector(PyObject* items);

// Of a list or tuple of Python's own integers that fit 32 bits, also of none: an array of int32. No
// reference for everything else.
Reference int32_vector(PyObject* items);
// The other way round.
Reference list_of(const std::int32_t* values, std::size_t n);

// Rows of Python's own integers, from a list or tuple of lists or tuples, which are remembered.
class PlainRows {
 public:
  // The first sizes[i] elements of the i-th of so many rows, which are appended to `elements`.
  // Nothing if there is another number of rows, one has not that many elements, or they are
  // anything else or do not fit.
  static std::optional<PlainRows> read(PyObject* rows, const std::int32_t* sizes, std::size_t count,
                                       std::vector<std::int32_t>& elements);

  // Whether those begin with the very same integers, which nobody can have changed meanwhile: much
  // less work than to compare their values.
  bool are_of(PyObject* rows) const;

 private:
  template <class Step>
  static bool each_row(PyObject* rows, std::size_t count, const Step& step);

  std::vector<Reference> copies_;  // lists that nobody else knows
};

}  // namespace pyinfo::bindings
