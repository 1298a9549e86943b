// CRC-32C of data that Python code keeps outside frames (pyinfo/safetensors).
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "coding/frames/checksum.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

std::uint32_t crc32c(const py::object& data, std::uint32_t seed) {
  const ByteBuffer bytes(data.ptr(), "data");
  const WithoutGil released(bytes.size());
  return coding::crc32c(seed, bytes.data(), bytes.size());
}

std::uint32_t crc32c_copy(const py::object& data, const py::object& out, std::uint32_t seed) {
  const ByteBuffer bytes(data.ptr(), "data");
  const WritableBuffer target(out.ptr(), "out");
  if (target.size() != bytes.size()) {
    throw py::value_error("out has " + std::to_string(target.size()) + " bytes, data has " +
                          std::to_string(bytes.size()));
  }
  require_apart(target.data(), target.size(), bytes.data(), bytes.size(), "data");
  const WithoutGil released(bytes.size());
  return coding::crc32c_copy(seed, bytes.data(), bytes.size(), target.data());
}

}  // namespace

void bind_checksums(py::module_& m) {
  m.def("crc32c", &crc32c, py::arg("data"), py::arg("seed") = 0,
        "Return the CRC-32C of bytes that follow those whose CRC-32C is `seed`.");
  m.def("crc32c_copy", &crc32c_copy, py::arg("data"), py::arg("out"), py::arg("seed") = 0,
        "The same, copying the bytes to `out`.");
}

}  // namespace pyinfo::bindings
