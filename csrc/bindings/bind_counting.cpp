// The counting area: `_core.byte_counts`.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "bindings/areas.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "counting/byte_counts.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using Counts = py::array_t<std::uint64_t>;

Counts zero_counts(py::ssize_t itemsize) {
  Counts counts({itemsize, static_cast<py::ssize_t>(counting::kByteValues)});
  std::memset(counts.mutable_data(), 0, static_cast<std::size_t>(counts.nbytes()));
  return counts;
}

Counts checked_out(const py::object& out, py::ssize_t itemsize) {
  // py::isinstance compares the dtype, byte order included; nothing is ever converted.
  if (!py::isinstance<Counts>(out)) throw py::type_error("out must be a NumPy array of uint64");
  auto counts = py::reinterpret_borrow<Counts>(out);
  if (counts.ndim() != 2 || counts.shape(0) != itemsize ||
      counts.shape(1) != static_cast<py::ssize_t>(counting::kByteValues)) {
    throw py::value_error("out must have the shape (itemsize, 256) = (" + std::to_string(itemsize) +
                          ", 256)");
  }
  constexpr int kNeeded = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_ |
                          py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  if ((counts.flags() & kNeeded) != kNeeded) {
    throw py::value_error("out must be C-contiguous, aligned and writeable");
  }
  return counts;
}

// By hand, because pybind11's own message for an argument that does not fit prints all the data.
py::ssize_t checked_itemsize(const py::object& itemsize) {
  if (!PyIndex_Check(itemsize.ptr())) {
    throw py::type_error(std::string("itemsize must be an integer, not '") +
                         Py_TYPE(itemsize.ptr())->tp_name + "'");
  }
  const py::ssize_t bytes = PyNumber_AsSsize_t(itemsize.ptr(), nullptr);  // clips what is too large
  if (bytes == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  if (bytes < 1) {
    throw py::value_error("itemsize must be at least 1, not " +
                          py::str(itemsize).cast<std::string>());
  }
  return bytes;
}

Counts byte_counts(const py::object& data, const py::object& item_bytes, const py::object& out) {
  const py::ssize_t itemsize = checked_itemsize(item_bytes);
  const ByteBuffer bytes(data);
  if (bytes.size() % std::size_t(itemsize) != 0) {
    throw py::value_error(
        "data holds " + std::to_string(bytes.size()) +
        " bytes, which is not a multiple of itemsize = " + std::to_string(itemsize));
  }
  Counts counts = out.is_none() ? zero_counts(itemsize) : checked_out(out, itemsize);
  std::uint64_t* const numbers = counts.mutable_data();
  {
    const WithoutGil released(bytes.size());
    counting::byte_counts(bytes.data(), bytes.size() / std::size_t(itemsize), std::size_t(itemsize),
                          numbers);
  }
  return counts;
}

constexpr const char* kByteCountsDoc = R"(Count the byte values of a buffer, per byte plane.

Parameters
----------
data : bytes-like
    Any C-contiguous buffer: bytes, memoryview, mmap, a NumPy array of any dtype without
    Python objects.
itemsize : int, default 1
    Size of the items in bytes. Plane k holds the bytes number k of all items, in memory order.
    The length of `data` must be a multiple of it.
out : ndarray of uint64, shape (itemsize, 256), optional
    Counts are added to this array instead of to zeros. It must not share memory with `data`,
    nor be used by another thread meanwhile: the GIL is released.

Returns
-------
ndarray of uint64, shape (itemsize, 256)
    Element (k, v) says how many items have the value v as their byte number k. `out` if given.
)";

}  // namespace

void bind_counting(py::module_& m) {
  m.def("byte_counts", &byte_counts, py::arg("data"), py::arg("itemsize") = 1,
        py::arg("out") = py::none(), kByteCountsDoc);
}

}  // namespace pyinfo::bindings
