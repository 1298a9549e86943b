// The one place that knows NumPy's arrays: what comes in, what goes out.
#pragma once

#include <Python.h>

#define PY_ARRAY_UNIQUE_SYMBOL pyinfo_numpy_api
#ifndef PYINFO_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>

#include <exception>
#include <stdexcept>
#include <string>

#include "measures/source.hpp"

namespace pyinfo::bindings {

// A Python exception is already set.
struct PythonError : std::exception {};

struct TypeError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Runs `body`, which returns a new reference, and turns C++ exceptions into Python ones.
template <class Body>
PyObject* guard(Body&& body) noexcept {
  try {
    return body();
  } catch (const PythonError&) {
  } catch (const TypeError& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  } catch (const std::invalid_argument& error) {
    PyErr_SetString(PyExc_ValueError, error.what());
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

// An owned reference.
class Reference {
 public:
  Reference() = default;
  explicit Reference(PyObject* object) noexcept : object_(object) {}
  Reference(Reference&& other) noexcept : object_(other.release()) {}
  Reference& operator=(Reference&& other) noexcept {
    PyObject* const old = object_;
    object_ = other.release();
    Py_XDECREF(old);
    return *this;
  }
  ~Reference() { Py_XDECREF(object_); }

  static Reference borrowed(PyObject* object) noexcept { return Reference(Py_NewRef(object)); }
  // Throws if `object` is null.
  static Reference checked(PyObject* object) {
    if (object == nullptr) throw PythonError();
    return Reference(object);
  }

  PyObject* get() const noexcept { return object_; }
  PyArrayObject* array() const noexcept { return reinterpret_cast<PyArrayObject*>(object_); }
  PyObject* release() noexcept {
    PyObject* const object = object_;
    object_ = nullptr;
    return object;
  }

 private:
  PyObject* object_ = nullptr;
};

// Releases the GIL while it lives, if `wanted`.
class WithoutGil {
 public:
  explicit WithoutGil(bool wanted) noexcept : state_(wanted ? PyEval_SaveThread() : nullptr) {}
  ~WithoutGil() {
    if (state_ != nullptr) PyEval_RestoreThread(state_);
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

// Below this many elements handing over the GIL costs more than it gives.
inline constexpr std::size_t kReleaseGil = 16384;

// A numeric array argument.
struct Input {
  Reference array;
  measures::Element type;
  const char* name;

  PyArrayObject* get() const noexcept { return array.array(); }
  int dimensions() const noexcept { return PyArray_NDIM(get()); }
  bool is_float32() const noexcept { return type == measures::Element::float32; }
  bool is_count() const noexcept { return type >= measures::Element::int8; }
  measures::Operand operand() const noexcept;
  // sqrt(eps) of the element type, the tolerance of sums that should be 1; 0 for integers.
  double tolerance() const noexcept;
};

// An array of somebody else's memory.
struct Borrowed {
  Reference array;  // read-only; keeps the memory alive
  // If NumPy has no type of its own for the elements: the name that ml_dtypes has for it. They are
  // held as unsigned integers of the same size then.
  const char* extension = nullptr;
};

// Anything that numpy.asarray takes or that is exported by DLPack; not a copy where there is memory
// to be read. Throws TypeError or std::invalid_argument naming the argument.
Borrowed borrow(PyObject* object, const char* name);

// The same with the types of ml_dtypes; PythonError with an ImportError if they are needed and it
// is not installed.
Reference as_array(PyObject* object, const char* name);

// The same for measures; TypeError naming the argument if it holds no real numbers.
Input as_input(PyObject* object, const char* name);

// True for a C-contiguous, aligned, one-dimensional exact ndarray of native doubles, not empty.
inline bool is_plain_vector(PyObject* object, int type) noexcept {
  if (!PyArray_CheckExact(object)) return false;
  PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(object);
  return PyArray_NDIM(array) == 1 && PyArray_TYPE(array) == type && PyArray_ISCARRAY_RO(array) &&
         PyArray_DIM(array, 0) > 0;
}

// A new array for results, or `out` (not null, not None) if it fits; TypeError or ValueError if
// not.
Reference result_array(PyObject* out, int dimensions, const npy_intp* shape, bool float32);

// True if writing to `out` could change what is read from `array`.
bool may_overlap(PyArrayObject* out, PyArrayObject* array) noexcept;

// A NumPy or Python scalar: float32, or float.
PyObject* scalar(double value, bool float32) noexcept;

// str(object).
std::string text_of(PyObject* object);
std::string shape_text(PyArrayObject* array);
std::string number_text(double value);

// Imports NumPy's C interface; throws PythonError.
void import_numpy();

}  // namespace pyinfo::bindings
