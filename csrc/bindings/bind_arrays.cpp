// The arrays area: `_core.as_array`, for what Python does with arrays itself.
#include <pybind11/pybind11.h>

#include "bindings/areas.hpp"
#include "bindings/arrays.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {

void bind_arrays(py::module_& m) {
  m.def(
      "as_array",
      [](const py::object& data, const char* name) {
        return py::reinterpret_steal<py::object>(as_array(data.ptr(), name).release());
      },
      py::arg("data"), py::arg("name"),
      "Return an array of anything that numpy.asarray takes or DLPack exports; not a copy where "
      "there is memory to be read, and read-only if DLPack did it.");
}

}  // namespace pyinfo::bindings
