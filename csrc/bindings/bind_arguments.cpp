// Arguments that Python modules take, read as the core reads its own.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/arrays.hpp"
#include "bindings/plain_lists.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

py::object checked_array(const py::object& data, const char* name) {
  return py::reinterpret_steal<py::object>(as_array(data.ptr(), name).release());
}

// Of a function that returns no reference where it does not know.
template <Reference (*read)(PyObject*)>
py::object or_none(const py::object& items) {
  Reference vector = read(items.ptr());
  if (vector.get() == nullptr) return py::none();
  return py::reinterpret_steal<py::object>(vector.release());
}

// The bits of elements that NumPy has no type for, with the name that ml_dtypes has for it, or
// None.
py::tuple as_bits(const py::object& data, const char* name) {
  Borrowed borrowed = borrow(data.ptr(), name);
  py::object extension = py::none();
  if (borrowed.extension != nullptr) extension = py::str(borrowed.extension);
  return py::make_tuple(py::reinterpret_steal<py::object>(borrowed.array.release()), extension);
}

py::object checked_out(py::object out, const py::dtype& dtype,
                       const std::vector<py::ssize_t>& shape) {
  PyArrayObject* const array =
      out_argument(out.ptr(), reinterpret_cast<PyArray_Descr*>(dtype.ptr()));
  require_shape(array, int(shape.size()), shape.data());
  return out;
}

}  // namespace

void bind_arguments(py::module_& m) {
  m.def("as_array", &checked_array, py::arg("data"), py::arg("name"),
        "Return an array of anything that numpy.asarray takes or DLPack exports; not a copy where "
        "there is memory to be read, and read-only if DLPack did it.");
  m.def("plain_vector", &or_none<plain_vector>, py::arg("items"),
        "Return the array of a list or tuple of Python's integers, floats, bools or strings, all "
        "of one type; None of anything that NumPy would guess about.");
  m.def("int32_vector", &or_none<int32_vector>, py::arg("items"),
        "Return the array of a list or tuple of Python's integers that fit 32 bits, or None.");
  m.def("as_bits", &as_bits, py::arg("data"), py::arg("name"),
        "The same without ml_dtypes: unsigned integers and the name of their type, or an array and "
        "None.");
  m.def(
      "checked_base", [](const py::object& base) { return base_argument(base.ptr()); },
      py::arg("base"), "Return a base of logarithms: a number, positive, finite and not 1.");
  m.def(
      "real_number",
      [](const py::object& value, const char* name) { return real_argument(value.ptr(), name); },
      py::arg("value"), py::arg("name"), "Return a real number as a float; no text is one.");
  m.def("checked_out", &checked_out, py::arg("out"), py::arg("dtype"), py::arg("shape"),
        "Return `out` if it is a writable array of this type and shape.");
  m.def(
      "thread_count", [](const py::object& threads) { return threads_argument(threads.ptr()); },
      py::arg("threads"), "Return how many threads may work: for 0 the number of cores.");
}

}  // namespace pyinfo::bindings
