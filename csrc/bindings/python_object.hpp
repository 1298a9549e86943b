// Owned references, and exceptions on their way from C++ to Python.
#pragma once

#include "bindings/numpy.hpp"
// NumPy's headers first: what follows must not include them with other settings.
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

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

}  // namespace pyinfo::bindings
