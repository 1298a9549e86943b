// Layouts of other packages: what pyinfo/integrations/dfloat11.py is made of.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <string>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/arrays.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/rooms.hpp"
#include "coding/serial/dfloat11.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using elements::Element;

// Numbers of type bfloat16, or their bits as uint16, in order and in the machine's byte order.
Reference bfloat16_bits(PyObject* object, const std::string& name) {
  Input input = as_input(object, name.c_str());
  if (input.type != Element::bfloat16 && input.type != Element::uint16) {
    throw TypeError(name + " must hold bfloat16 numbers, or their bits as uint16, not " +
                    text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(input.get()))));
  }
  constexpr int kPlain = NPY_ARRAY_CARRAY_RO | NPY_ARRAY_NOTSWAPPED | NPY_ARRAY_ENSUREARRAY;
  return Reference::checked(
      PyArray_CheckFromAny(input.array.get(), nullptr, 0, 0, kPlain, nullptr));
}

py::tuple dfloat11_encode(const py::list& arrays, const std::vector<std::string>& names) {
  const std::size_t count = arrays.size();
  require_same_length("arrays", count, "names", names.size());
  std::vector<Reference> owners;
  std::vector<coding::Bfloat16Weights> weights;
  std::vector<py::object> objects;  // the list may change meanwhile
  for (const py::handle object : arrays)
    objects.push_back(py::reinterpret_borrow<py::object>(object));
  py::array_t<std::int64_t> begins{py::ssize_t(count)};
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    owners.push_back(bfloat16_bits(objects[i].ptr(), names[i]));
    PyArrayObject* const array = owners.back().array();
    weights.push_back(
        {static_cast<const std::uint16_t*>(PyArray_DATA(array)), std::size_t(PyArray_SIZE(array))});
    begins.mutable_at(py::ssize_t(i)) = std::int64_t(total);
    total += weights.back().size;
  }
  py::array_t<std::uint8_t> sign_mantissa{py::ssize_t(total)};
  unsigned char* const signs = sign_mantissa.mutable_data();
  const auto encoder = without_gil(
      total, [&] { return coding::Dfloat11Encoder(weights.data(), weights.size(), signs); });
  py::array_t<std::uint8_t> luts({py::ssize_t(encoder.table_rows()), py::ssize_t(256)});
  py::array_t<std::uint8_t> encoded{py::ssize_t(encoder.encoded_size())};
  py::array_t<std::uint32_t> positions{py::ssize_t(encoder.position_count())};
  py::array_t<std::uint8_t> gaps{py::ssize_t(encoder.gaps_size())};
  encoder.write_tables(luts.mutable_data());
  unsigned char* const bytes = encoded.mutable_data();
  std::uint32_t* const position_data = positions.mutable_data();
  unsigned char* const gap_data = gaps.mutable_data();
  without_gil(total, [&] { encoder.encode(bytes, position_data, gap_data); });
  return py::make_tuple(luts, encoded, sign_mantissa, positions, gaps, begins);
}

}  // namespace

void bind_serial(py::module_& m) {
  m.def(
      "dfloat11_encode", &dfloat11_encode, py::arg("arrays"), py::arg("names"),
      "Tables, coded exponents, signs with mantissas, positions and gaps of bfloat16 weights, and "
      "where each array begins.");
}

}  // namespace pyinfo::bindings
