// Exceptions of the coders, as Python sees them. The others are guard()'s.
#pragma once

#include "bindings/python_object.hpp"
#include "coding/frames/corrupt_data.hpp"

namespace pyinfo::bindings {

// Sets pyinfo.CorruptDataError. The class is Python's own, so that it has a home and a docstring.
void set_corrupt_data(const coding::CorruptData& error) noexcept;

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
