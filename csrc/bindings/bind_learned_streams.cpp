// Streams of other packages for learned compression: what pyinfo/integrations/compressai.py and
// torchac.py are made of.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "coding/serial/compressai_stream.hpp"
#include "coding/serial/torchac_stream.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

template <class T>
using Vector = py::array_t<T, py::array::c_style | py::array::forcecast>;

py::bytes as_bytes(const std::vector<unsigned char>& data) {
  return py::bytes(reinterpret_cast<const char*>(data.data()), data.size());
}

// ---- CompressAI

class CompressaiTables {
 public:
  CompressaiTables(const Vector<std::int32_t>& cdfs, const Vector<std::int32_t>& sizes,
                   const Vector<std::int32_t>& offsets) {
    if (cdfs.ndim() != 2) throw py::value_error("cdfs must have two dimensions");
    const auto count = std::size_t(cdfs.shape(0));
    require_same_length("cdfs", count, "cdfs_sizes", std::size_t(sizes.size()));
    require_same_length("cdfs", count, "offsets", std::size_t(offsets.size()));
    tables_ = std::make_shared<const coding::CompressaiTables>(
        cdfs.data(), count, std::size_t(cdfs.shape(1)), sizes.data(), offsets.data());
  }
  const std::shared_ptr<const coding::CompressaiTables>& get() const noexcept { return tables_; }

 private:
  std::shared_ptr<const coding::CompressaiTables> tables_;
};

// What has been handed over to be coded at once.
class CompressaiBuffer {
 public:
  static PyObject* make(PyTypeObject*, PyObject*, PyObject*) {
    return new_whole([] { return std::make_unique<CompressaiBuffer>(); });
  }
  void add(const CompressaiTables& tables, const Vector<std::int32_t>& symbols,
           const Vector<std::int32_t>& indexes) {
    const auto n = std::size_t(symbols.size());
    require_same_length("symbols", n, "indexes", std::size_t(indexes.size()));
    coding::CompressaiPart part{tables.get(),
                                std::vector<std::int32_t>(symbols.data(), symbols.data() + n),
                                std::vector<std::int32_t>(indexes.data(), indexes.data() + n)};
    without_gil(n, [&] {
      coding::require_codable(*part.tables, part.symbols.data(), part.indexes.data(), n);
    });
    parts_.push_back(std::move(part));
  }
  py::bytes flush() {
    std::vector<coding::CompressaiPart> parts;
    parts.swap(parts_);
    std::size_t n = 0;
    for (const coding::CompressaiPart& part : parts) n += part.symbols.size();
    return as_bytes(without_gil(n, [&] { return coding::compressai_encode(parts); }));
  }

 private:
  std::vector<coding::CompressaiPart> parts_;
};

class CompressaiDecoder {
 public:
  explicit CompressaiDecoder(const ByteBuffer& stream)
      : decoder_(std::vector<unsigned char>(stream.data(), stream.data() + stream.size())) {}

  static PyObject* make(PyTypeObject*, PyObject* arguments, PyObject* keywords) {
    PyObject* stream = nullptr;
    static const char* const names[] = {"stream", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "O:CompressaiDecoder",
                                     const_cast<char**>(names), &stream)) {
      return nullptr;
    }
    return new_whole(
        [&] { return std::make_unique<CompressaiDecoder>(ByteBuffer(stream, "stream")); });
  }

  // With the GIL: calls of several threads on one stream come one after the other.
  py::array_t<std::int32_t> decode(const CompressaiTables& tables,
                                   const Vector<std::int32_t>& indexes) {
    py::array_t<std::int32_t> symbols{indexes.size()};
    decoder_.decode(*tables.get(), indexes.data(), std::size_t(indexes.size()),
                    symbols.mutable_data());
    return symbols;
  }
  void require_end() const { decoder_.require_end(); }

 private:
  coding::CompressaiDecoder decoder_;
};

py::array_t<std::int32_t> compressai_decode(const CompressaiTables& tables,
                                            const py::object& stream,
                                            const Vector<std::int32_t>& indexes) {
  const ByteBuffer bytes(stream, "stream");
  coding::CompressaiDecoder decoder(
      std::vector<unsigned char>(bytes.data(), bytes.data() + bytes.size()));
  py::array_t<std::int32_t> symbols{indexes.size()};
  std::int32_t* const out = symbols.mutable_data();
  const std::int32_t* const of = indexes.data();
  const auto n = std::size_t(indexes.size());
  without_gil(n, [&] {
    decoder.decode(*tables.get(), of, n, out);
    decoder.require_end();
  });
  return symbols;
}

std::vector<std::int32_t> compressai_cdf(const Vector<float>& pmf, int precision) {
  return coding::compressai_cdf(pmf.data(), std::size_t(pmf.size()), precision);
}

// ---- torchac

std::size_t entries_of(const Vector<std::uint16_t>& cdf) {
  if (cdf.ndim() != 2 || cdf.shape(1) < 2 || cdf.shape(1) > 32769) {
    throw py::value_error("cdf must have 1 to 32768 symbols");
  }
  return std::size_t(cdf.shape(1));
}

py::bytes torchac_encode(const Vector<std::uint16_t>& cdf, const Vector<std::int16_t>& symbols) {
  const std::size_t entries = entries_of(cdf);
  const auto n = std::size_t(symbols.size());
  require_same_length("cdf", std::size_t(cdf.shape(0)), "sym", n);
  return as_bytes(without_gil(
      n, [&] { return coding::torchac_encode(cdf.data(), entries, symbols.data(), n); }));
}

py::array_t<std::int16_t> torchac_decode(const Vector<std::uint16_t>& cdf,
                                         const py::object& stream) {
  const std::size_t entries = entries_of(cdf);
  const ByteBuffer bytes(stream, "byte_stream");
  py::array_t<std::int16_t> symbols{cdf.shape(0)};
  std::int16_t* const out = symbols.mutable_data();
  const auto n = std::size_t(symbols.size());
  without_gil(
      n, [&] { coding::torchac_decode(cdf.data(), entries, bytes.data(), bytes.size(), out, n); });
  return symbols;
}

}  // namespace

void bind_learned_streams(py::module_& m) {
  whole_class<CompressaiTables>(m, "CompressaiTables", "Tables of CompressAI, ready for use.",
                                new_refused);
  m.def(
      "compressai_tables",
      [](const Vector<std::int32_t>& cdfs, const Vector<std::int32_t>& sizes,
         const Vector<std::int32_t>& offsets) {
        return std::make_unique<CompressaiTables>(cdfs, sizes, offsets);
      },
      py::arg("cdfs"), py::arg("sizes"), py::arg("offsets"), "Tables of padded rows.");
  whole_class<CompressaiBuffer>(m, "CompressaiBuffer", "Symbols that are coded at once.",
                                &CompressaiBuffer::make)
      .def("add", &CompressaiBuffer::add, py::arg("tables"), py::arg("symbols"), py::arg("indexes"),
           "Take symbols.")
      .def("flush", &CompressaiBuffer::flush, "Code all symbols, and begin anew.");
  whole_class<CompressaiDecoder>(m, "CompressaiDecoder", "A stream that is read in parts.",
                                 &CompressaiDecoder::make)
      .def("decode", &CompressaiDecoder::decode, py::arg("tables"), py::arg("indexes"),
           "Decode the next symbols.")
      .def("require_end", &CompressaiDecoder::require_end,
           "Raise CorruptDataError unless all has been decoded.");
  m.def("compressai_decode", &compressai_decode, py::arg("tables"), py::arg("stream"),
        py::arg("indexes"), "Decode all of a stream.");
  m.def("compressai_cdf", &compressai_cdf, py::arg("pmf"), py::arg("precision"),
        "CompressAI's table of these probabilities.");
  m.def("torchac_encode", &torchac_encode, py::arg("cdf"), py::arg("symbols"),
        "Code symbols as torchac does.");
  m.def("torchac_decode", &torchac_decode, py::arg("cdf"), py::arg("stream"),
        "Decode what torchac_encode returned for these cdf.");
}

}  // namespace pyinfo::bindings
