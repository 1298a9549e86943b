// Quantisation: what pyinfo/quantization/ is made of.
#include <pybind11/pybind11.h>

#include "bindings/rooms.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {

void bind_quantization(py::module_&) {}

}  // namespace pyinfo::bindings
