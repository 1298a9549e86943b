// Runs of bytes: `_core.block_keys`. pyinfo/measures/blocks.py has checked the length.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <stdexcept>
#include <string>

#include "bindings/areas.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "counting/ngrams.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

py::array block_keys(const py::object& data, std::size_t length) {
  const ByteBuffer bytes(data);
  if (length < 1 || length > counting::kLongestBlock || bytes.size() < length)
    throw std::invalid_argument("blocks must be of 1 to 8 bytes, and data not shorter");
  const auto key_size = counting::block_key_size(length);
  py::array keys(py::dtype("u" + std::to_string(key_size)), py::ssize_t(bytes.size() - length + 1));
  void* const out = keys.mutable_data();
  {
    const WithoutGil released(bytes.size());
    counting::block_keys(bytes.data(), bytes.size(), length, out);
  }
  return keys;
}

}  // namespace

void bind_blocks(py::module_& m) {
  m.def("block_keys", &block_keys, py::arg("data"), py::arg("length"),
        "Overlapping blocks of bytes as big-endian numbers, in the smallest unsigned type.");
}

}  // namespace pyinfo::bindings
