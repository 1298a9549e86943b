#include "bindings/exceptions.hpp"

#include <pybind11/pybind11.h>

#include <exception>

namespace pyinfo::bindings {

void set_corrupt_data(const coding::CorruptData& error) noexcept {
  const Reference module(PyImport_ImportModule("pyinfo.errors"));
  if (module.get() == nullptr) return;
  const Reference raised(PyObject_CallMethod(module.get(), "CorruptDataError", "sK", error.what(),
                                             static_cast<unsigned long long>(error.offset())));
  if (raised.get() == nullptr) return;
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(raised.get())), raised.get());
}

void translate_exceptions() {
  pybind11::register_local_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const PythonError&) {
    } catch (const TypeError& error) {
      PyErr_SetString(PyExc_TypeError, error.what());
    } catch (const coding::CorruptData& error) {
      set_corrupt_data(error);
    }
  });
}

}  // namespace pyinfo::bindings
