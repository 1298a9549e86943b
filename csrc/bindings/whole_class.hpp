// Classes whose objects are whole from the start and cannot be pickled.
//
// An object of a plain pybind11 class has no C++ object behind it between __new__ and __init__, and
// pickles can call the one without the other. Here __new__ makes all of it, from its arguments, and
// __init__ does nothing. object.__new__ and that of pybind11's own base refuse such classes.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <utility>

#include "bindings/exceptions.hpp"

namespace pyinfo::bindings {

// As tp_new does: a new reference, or null and an exception.
using NewFunction = PyObject* (*)(PyTypeObject*, PyObject*, PyObject*);

// For classes whose objects are made by functions.
inline PyObject* new_refused(PyTypeObject* type, PyObject*, PyObject*) {
  PyErr_Format(PyExc_TypeError, "cannot create '%.200s' instances", type->tp_name);
  return nullptr;
}

// The object that make() returns, for a tp_new.
template <class Make>
PyObject* new_whole(Make&& make) noexcept {
  return guard_decoding([&]() -> PyObject* {
    try {
      return pybind11::cast(make()).release().ptr();
    } catch (pybind11::error_already_set& error) {
      error.restore();
      return nullptr;
    }
  });
}

template <class T>
pybind11::class_<T> whole_class(pybind11::module_& m, const char* name, const char* documentation,
                                NewFunction make) {
  pybind11::class_<T> made(
      m, name, documentation, pybind11::custom_type_setup([make](PyHeapTypeObject* heap_type) {
        heap_type->ht_type.tp_new = make;
        heap_type->ht_type.tp_init = [](PyObject*, PyObject*, PyObject*) { return 0; };
      }));
  made.def(
      "__reduce_ex__",
      [message = std::string("cannot pickle '") + name + "' objects"](
          const pybind11::object&, const pybind11::object&) -> pybind11::object {
        throw pybind11::type_error(message);
      },
      pybind11::arg("protocol"), pybind11::pos_only());
  return made;
}

}  // namespace pyinfo::bindings
