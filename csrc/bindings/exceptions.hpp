// Exceptions of the coders, as Python sees them. The others are guard()'s.
#pragma once

#include <Python.h>

#include <utility>

#include "bindings/arrays.hpp"
#include "coding/corrupt_data.hpp"

namespace pyinfo::bindings {

// Sets pyinfo.CorruptDataError. The class is Python's own, so that it has a home and a docstring.
inline void set_corrupt_data(const coding::CorruptData& error) noexcept {
  const Reference module(PyImport_ImportModule("pyinfo.errors"));
  if (module.get() == nullptr) return;
  const Reference raised(PyObject_CallMethod(module.get(), "CorruptDataError", "sK", error.what(),
                                             static_cast<unsigned long long>(error.offset())));
  if (raised.get() == nullptr) return;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.get())), raised.get());
}

// guard() for what decodes.
template <class Body>
PyObject* guard_decoding(Body&& body) noexcept {
  return guard([&]() -> PyObject* {
    try {
      return body();
    } catch (const coding::CorruptData& error) {
      set_corrupt_data(error);
    } catch (const coding::OutputTooLarge& error) {
      PyErr_SetString(PyExc_ValueError, error.what());
    }
    return nullptr;
  });
}

// The same for functions and classes that pybind11 calls; once, by module.cpp.
void translate_exceptions();

}  // namespace pyinfo::bindings
