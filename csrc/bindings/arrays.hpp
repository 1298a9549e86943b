// Arrays as arguments: NumPy's, and those of other packages.
#pragma once

#include <string>

#include "bindings/python_object.hpp"
#include "elements/strided.hpp"

namespace pyinfo::bindings {

// A numeric array argument.
struct Input {
  Reference array;
  elements::Element type;
  const char* name;

  PyArrayObject* get() const noexcept { return array.array(); }
  int dimensions() const noexcept { return PyArray_NDIM(get()); }
  bool is_float32() const noexcept { return type == elements::Element::float32; }
  bool is_count() const noexcept { return elements::is_count(type); }
  elements::Operand operand() const noexcept;
  // Of sums that should be 1.
  double tolerance() const noexcept { return elements::sum_tolerance(type); }
};

// An array of somebody else's memory.
struct Borrowed {
  Reference array;  // read-only; keeps the memory alive
  // If NumPy has no type of its own for the elements: the name that ml_dtypes has for it. They are
  // held as unsigned integers of the same size then.
  const char* extension = nullptr;
};

// Whether an array holds more than numbers: a mask or a unit.
bool is_more(PyObject* array) noexcept;

// Anything that NumPy takes, DLPack exports or pyinfo.arrays reads; not a copy where there is
// memory to be read. Throws PythonError, TypeError or std::invalid_argument naming the argument:
// nothing is read whose masked or missing elements would be lost.
Borrowed borrow(PyObject* object, const char* name);

// The same with the types of ml_dtypes; PythonError with an ImportError if they are needed and it
// is not installed.
Reference as_array(PyObject* object, const char* name);

// The same for measures; TypeError naming the argument if it holds no real numbers, which ends in
// what is to be done with other values.
Input as_input(PyObject* object, const char* name, const char* hint = "");

// True for a C-contiguous, aligned, one-dimensional exact ndarray of native doubles, not empty.
inline bool is_plain_vector(PyObject* object, int type) noexcept {
  if (!PyArray_CheckExact(object)) return false;
  PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(object);
  return PyArray_NDIM(array) == 1 && PyArray_TYPE(array) == type && PyArray_ISCARRAY_RO(array) &&
         PyArray_DIM(array, 0) > 0;
}

// (2, 3), as Python shows it.
std::string shape_text(int dimensions, const npy_intp* shape);
std::string shape_text(PyArrayObject* array);

// Imports NumPy's C interface; throws PythonError.
void import_numpy();

}  // namespace pyinfo::bindings
