// pyinfo._core
#include <stdexcept>

#include "bindings/exceptions.hpp"
#include "bindings/rooms.hpp"
#include "simd/dispatch.hpp"

PYBIND11_MODULE(_core_of_main_interpreter, m, pybind11::mod_gil_not_used()) {
  m.doc() = "Kernels of pyinfo. Use the names in pyinfo; this module is their implementation.";
  try {
    pyinfo::simd::active();  // a bad PYINFO_ISA is told at import, not at the first call
  } catch (const std::invalid_argument& error) {
    throw pybind11::import_error(error.what());
  }
  pyinfo::bindings::translate_exceptions();
  pyinfo::bindings::bind_abi(m);
  pyinfo::bindings::bind_simd(m);
  pyinfo::bindings::bind_measures(m);
  pyinfo::bindings::bind_logits(m);
  pyinfo::bindings::bind_arguments(m);
  pyinfo::bindings::bind_counting(m);
  pyinfo::bindings::bind_dependence(m);
  pyinfo::bindings::bind_messages(m);
  pyinfo::bindings::bind_neighbours(m);
  pyinfo::bindings::bind_entropy_models(m);
  pyinfo::bindings::bind_frames(m);
  pyinfo::bindings::bind_serial(m);
  pyinfo::bindings::bind_learned_streams(m);
  pyinfo::bindings::bind_checksums(m);
  pyinfo::bindings::bind_patches(m);
  pyinfo::bindings::bind_quantization(m);
  pyinfo::bindings::bind_allocation(m);
  pyinfo::bindings::bind_calibration(m);
}

// The module's initialisation, in front of pybind11's own: before anything of pybind11 has run,
// since that waits for ever for the thread state of an interpreter that is not the main one.
extern "C" PYBIND11_EXPORT PyObject* PyInit__core() {
  if (PyInterpreterState_Get() == PyInterpreterState_Main())
    return PyInit__core_of_main_interpreter();
  PyErr_SetString(PyExc_ImportError,
                  "pyinfo cannot be imported in a subinterpreter: import it in the main "
                  "interpreter, or run the code in a process of its own");
  return nullptr;
}
