// Owned references, and exceptions on their way from C++ to Python.
#pragma once

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "bindings/numpy.hpp"

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

// A function that is called by METH_FASTCALL, with or without keywords.
using FastFunction = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t) noexcept;
using FastKeywordFunction = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t,
                                          PyObject*) noexcept;

template <class Function>
PyMethodDef fast_method(const char* name, Function function, const char* documentation,
                        int flags) noexcept {
  // The detour over void (*)() is how CPython itself says that it will cast back by the flags.
  return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function)), flags,
          documentation};
}
inline PyMethodDef method(const char* name, FastFunction function,
                          const char* documentation) noexcept {
  return fast_method(name, function, documentation, METH_FASTCALL);
}
inline PyMethodDef method(const char* name, FastKeywordFunction function,
                          const char* documentation) noexcept {
  return fast_method(name, function, documentation, METH_FASTCALL | METH_KEYWORDS);
}

}  // namespace pyinfo::bindings
