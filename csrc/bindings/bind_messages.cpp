// Codes for single symbols and their messages. pyinfo/coding/codes.py makes classes of these.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>

#include "bindings/arguments.hpp"
#include "bindings/arrays.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/exceptions.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_format.hpp"
#include "coding/messages/message.hpp"
#include "coding/messages/symbol_code.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using coding::SymbolCode;

// Messages that need up to so many bytes are made on the stack.
constexpr std::size_t kStackCapacity = 16384;

// ---- Making codes; pyinfo/coding/codes.py has checked the arguments

ContiguousArray<std::uint8_t> huffman_lengths(const ContiguousArray<std::uint64_t>& counts,
                                              int max_length) {
  ContiguousArray<std::uint8_t> lengths(counts.size());
  coding::huffman_lengths(counts.data(), std::size_t(counts.size()), max_length,
                          lengths.mutable_data());
  return lengths;
}

ContiguousArray<std::uint32_t> canonical_codewords(const ContiguousArray<std::uint8_t>& lengths) {
  ContiguousArray<std::uint32_t> codewords(lengths.size());
  coding::canonical_codewords(lengths.data(), std::size_t(lengths.size()),
                              codewords.mutable_data());
  return codewords;
}

std::uint64_t kraft_sum(const ContiguousArray<std::uint8_t>& lengths) {
  return coding::kraft_sum(lengths.data(), std::size_t(lengths.size()));
}

// Byte models of the vector coders' precision are made so that the fastest decoder takes them.
ContiguousArray<std::uint32_t> rans_frequencies(const ContiguousArray<std::uint64_t>& counts,
                                                int precision) {
  ContiguousArray<std::uint32_t> frequencies(counts.size());
  const bool fast_layout = counts.size() <= 256 && precision == coding::kFastPrecision;
  coding::rans_frequencies(counts.data(), std::size_t(counts.size()), precision, fast_layout,
                           frequencies.mutable_data());
  return frequencies;
}

std::unique_ptr<SymbolCode> huffman_code(const ContiguousArray<std::uint8_t>& lengths) {
  return coding::huffman_code(lengths.data(), std::size_t(lengths.size()));
}

std::unique_ptr<SymbolCode> rans_code(const ContiguousArray<std::uint32_t>& frequencies,
                                      int precision) {
  return coding::rans_code(frequencies.data(), std::size_t(frequencies.size()), precision);
}

// ---- Messages

const SymbolCode& as_code(PyObject* object) {
  py::detail::make_caster<SymbolCode> caster;
  if (object == Py_None || !caster.load(object, false)) {
    throw TypeError("code must be a SymbolCode, not " + type_name(object));
  }
  return py::detail::cast_op<const SymbolCode&>(caster);
}

int symbol_type(const SymbolCode& code) noexcept {
  return code.symbol_size() == 1 ? NPY_UINT8 : NPY_UINT16;
}

const char* symbol_type_name(const SymbolCode& code) noexcept {
  return code.symbol_size() == 1 ? "uint8" : "uint16";
}

// Symbols to encode, as C-contiguous native memory.
struct Symbols {
  Reference owner;
  const void* data;
  std::size_t size;

  Symbols(const SymbolCode& code, PyObject* object) {
    if (PyBytes_Check(object) && code.symbol_size() == 1) {
      owner = Reference::borrowed(object);
      data = PyBytes_AS_STRING(object);
      size = std::size_t(PyBytes_GET_SIZE(object));
      return;
    }
    owner = as_array(object, "symbols");
    if (PyArray_TYPE(owner.array()) != symbol_type(code)) {
      throw TypeError("symbols of an alphabet of " + std::to_string(code.alphabet()) + " must be " +
                      symbol_type_name(code) + ", not " +
                      (PyBytes_Check(object)
                           ? std::string("bytes")
                           : text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(owner.array())))));
    }
    if (!PyArray_ISCARRAY_RO(owner.array())) {
      owner = Reference::checked(
          PyArray_FROMANY(owner.get(), symbol_type(code), 0, 0, NPY_ARRAY_CARRAY_RO));
    }
    data = PyArray_DATA(owner.array());
    size = std::size_t(PyArray_SIZE(owner.array()));
  }
};

// With `capacity` bytes of memory to write to, as many as message_capacity() says.
PyObject* encode_to(unsigned char* memory, std::size_t capacity, const SymbolCode& code,
                    const Symbols& symbols) {
  unsigned char* const end = memory + capacity;
  const unsigned char* begin;
  {
    const WithoutGil released(symbols.size);
    begin = coding::encode_message(code, symbols.data, symbols.size, end);
  }
  return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(begin), end - begin);
}

void require_argument_count(const char* function, Py_ssize_t wanted, Py_ssize_t given) {
  if (given != wanted) refuse_argument_count(function, wanted, given);
}

PyObject* encode_message(PyObject*, PyObject* const* args, Py_ssize_t given) noexcept {
  return guard([&]() -> PyObject* {
    require_argument_count("encode_message", 2, given);
    const SymbolCode& code = as_code(args[0]);
    const Symbols symbols(code, args[1]);
    const std::size_t capacity = coding::message_capacity(code, symbols.size);
    if (capacity <= kStackCapacity) {
      unsigned char memory[kStackCapacity];
      return encode_to(memory, capacity, code, symbols);
    }
    const std::unique_ptr<unsigned char[]> memory(new unsigned char[capacity]);
    return encode_to(memory.get(), capacity, code, symbols);
  });
}

// The most bytes that a result may have: any number, if that is None.
std::uint64_t size_limit(PyObject* max_size) {
  if (max_size == Py_None) return coding::kNoLimit;
  const unsigned long long limit = PyLong_AsUnsignedLongLong(max_size);
  if (limit == ~0ULL && PyErr_Occurred()) throw PythonError();
  return limit;
}

// `out` if it fits the message, a new array if it is None.
Reference array_for(const SymbolCode& code, std::size_t n, PyObject* out, const ByteBuffer& data) {
  if (out == Py_None) {
    npy_intp size = npy_intp(n);
    return Reference::checked(PyArray_SimpleNew(1, &size, symbol_type(code)));
  }
  PyArrayObject* const array = out_argument(out, symbol_type(code));
  require_contiguous(array);
  if (std::size_t(PyArray_SIZE(array)) != n)  // in whatever shape
    throw std::invalid_argument("out has " + std::to_string(PyArray_SIZE(array)) +
                                " elements, the result has " + std::to_string(n));
  require_apart(PyArray_DATA(array), std::size_t(PyArray_NBYTES(array)), data.data(), data.size(),
                "data");
  return Reference::borrowed(out);
}

PyObject* decode_message(PyObject*, PyObject* const* args, Py_ssize_t given) noexcept {
  return guard_decoding([&]() -> PyObject* {
    require_argument_count("decode_message", 4, given);
    const SymbolCode& code = as_code(args[0]);
    const std::uint64_t max_size = size_limit(args[3]);
    const ByteBuffer data(args[1], "data");
    coding::Message message;
    {
      const WithoutGil released(data.size());
      message = coding::read_message(code, data.data(), data.size());
    }
    if (message.symbols > max_size / code.symbol_size()) {
      throw coding::OutputTooLarge(
          "the message decodes to " + std::to_string(message.symbols * code.symbol_size()) +
          " bytes, more than the " + std::to_string(max_size) + " allowed");
    }
    Reference symbols = array_for(code, message.symbols, args[2], data);
    {
      const WithoutGil released(message.symbols);
      coding::decode_message(code, message, PyArray_DATA(symbols.array()));
    }
    return symbols.release();
  });
}

}  // namespace

void bind_messages(py::module_& m) {
  whole_class<SymbolCode>(m, "SymbolCode", "A code with its tables, ready for messages.",
                          new_refused);
  m.def("huffman_lengths", &huffman_lengths, py::arg("counts"), py::arg("max_length"),
        "Lengths of the best prefix code with codewords of at most max_length bits.");
  m.def("canonical_codewords", &canonical_codewords, py::arg("lengths"),
        "The codewords of the canonical code, as numbers.");
  m.def("kraft_sum", &kraft_sum, py::arg("lengths"), "The Kraft sum in units of 2**-16.");
  m.def("rans_frequencies", &rans_frequencies, py::arg("counts"), py::arg("precision"),
        "Frequencies that sum to 2**precision and code the counts in the fewest bits.");
  m.def("huffman_code", &huffman_code, py::arg("lengths"),
        "The canonical prefix code with these lengths.");
  m.def("rans_code", &rans_code, py::arg("frequencies"), py::arg("precision"),
        "The rANS model with these frequencies.");
  static PyMethodDef methods[] = {
      method("encode_message", encode_message,
             "encode_message($module, code, symbols, /)\n--\n\nEncode symbols to bytes."),
      method("decode_message", decode_message,
             "decode_message($module, code, data, out, max_size, /)\n--\n\n"
             "Decode what encode_message returned, to `out` or, if that is None, a new array."),
      {nullptr, nullptr, 0, nullptr},
  };
  if (PyModule_AddFunctions(m.ptr(), methods) < 0) throw py::error_already_set();
}

}  // namespace pyinfo::bindings
