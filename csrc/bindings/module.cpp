// pyinfo._core
#include <stdexcept>

#include "bindings/exceptions.hpp"
#include "bindings/rooms.hpp"
#include "simd/dispatch.hpp"

PYBIND11_MODULE(_core, m, pybind11::mod_gil_not_used()) {
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
  pyinfo::bindings::bind_arguments(m);
  pyinfo::bindings::bind_counting(m);
  pyinfo::bindings::bind_dependence(m);
  pyinfo::bindings::bind_messages(m);
  pyinfo::bindings::bind_frames(m);
}
