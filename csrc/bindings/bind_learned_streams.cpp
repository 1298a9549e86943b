// Streams of other packages for learned compression: what pyinfo/integrations/compressai.py and
// torchac.py are made of.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/gil.hpp"
#include "bindings/plain_lists.hpp"
#include "bindings/python_object.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "coding/serial/compressai_stream.hpp"
#include "coding/serial/torchac_stream.hpp"
#include "memory/buffer.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

py::bytes as_bytes(const std::vector<unsigned char>& data) {
  return py::bytes(reinterpret_cast<const char*>(data.data()), data.size());
}

// ---- CompressAI

using Integers = ContiguousArray<std::int32_t>;

std::size_t size_of(const Integers& integers) noexcept { return std::size_t(integers.size()); }
std::vector<std::int32_t> copied(const Integers& integers) {
  return {integers.data(), integers.data() + integers.size()};
}

// Tables, and what they were made from: programs hand over the same cdfs with each call.
class CompressaiTables {
 public:
  using Made = std::unique_ptr<CompressaiTables>;

  // Of a matrix, or of lists; nothing if these are not plain ones.
  static Made make(const py::object& cdfs, const Integers& sizes, const Integers& offsets) {
    coding::CompressaiSource source{copied(sizes), copied(offsets), {}, {}};
    require_same_length("cdfs_sizes", source.sizes.size(), "offsets", source.offsets.size());
    Made made(new CompressaiTables);
    if (PyArray_Check(cdfs.ptr())) {
      const Integers rows = matrix(cdfs);
      require_same_length("cdfs", std::size_t(rows.shape(0)), "cdfs_sizes", source.sizes.size());
      source.add_rows_of(rows.data(), std::size_t(rows.shape(1)));
    } else {
      made->rows_ = PlainRows::read(cdfs.ptr(), sizes.data(), size_of(sizes), source.cdfs);
      if (!made->rows_) return nullptr;
      source.add_rows();
    }
    made->source_ = std::make_shared<const coding::CompressaiSource>(std::move(source));
    return made;
  }

  // These tables, if they are what would be made of that, else nothing. Tables of other lists with
  // the same elements remember these lists then.
  static py::object made_again(const py::object& self, const py::object& cdfs,
                               const Integers& sizes, const Integers& offsets) {
    const auto& known = py::cast<const CompressaiTables&>(self);
    if (copied(sizes) != known.source_->sizes || copied(offsets) != known.source_->offsets)
      return py::none();
    if (PyArray_Check(cdfs.ptr())) {
      const Integers rows = matrix(cdfs);
      const bool equal = known.source_->has_rows_of(rows.data(), std::size_t(rows.shape(0)),
                                                    std::size_t(rows.shape(1)));
      return equal ? self : py::object(py::none());
    }
    if (known.rows_ && known.rows_->are_of(cdfs.ptr())) return self;
    std::vector<std::int32_t> elements;
    Made other(new CompressaiTables);
    other->rows_ = PlainRows::read(cdfs.ptr(), sizes.data(), size_of(sizes), elements);
    if (!other->rows_ || elements != known.source_->cdfs) return py::none();
    other->source_ = known.source_;
    return py::cast(std::move(other));
  }

  const coding::CompressaiTables& get() const noexcept { return source_->tables; }
  std::shared_ptr<const coding::CompressaiTables> shared() const noexcept {
    return {source_, &source_->tables};
  }

 private:
  static Integers matrix(const py::object& cdfs) {
    auto rows = py::cast<Integers>(cdfs);
    if (rows.ndim() != 2)
      throw py::value_error("cdfs must have two dimensions, not " + std::to_string(rows.ndim()));
    return rows;
  }

  std::shared_ptr<const coding::CompressaiSource> source_;
  std::optional<PlainRows> rows_;  // of lists
};

coding::CompressaiPart part_of(const CompressaiTables& tables, const Integers& symbols,
                               const Integers& indexes) {
  require_same_length("symbols", size_of(symbols), "indexes", size_of(indexes));
  return {&tables.get(), symbols.data(), indexes.data(), size_of(symbols)};
}

py::bytes compressai_encode(const CompressaiTables& tables, const Integers& symbols,
                            const Integers& indexes) {
  const coding::CompressaiPart part = part_of(tables, symbols, indexes);
  return as_bytes(without_gil(part.n, [&] { return coding::compressai_encode(&part, 1); }));
}

// What has been handed over to be coded at once.
class CompressaiBuffer {
 public:
  static PyObject* make(PyTypeObject*, PyObject*, PyObject*) {
    return new_whole([] { return std::make_unique<CompressaiBuffer>(); });
  }
  void add(const CompressaiTables& tables, const Integers& symbols, const Integers& indexes) {
    Copy copy{tables.shared(), copied(symbols), copied(indexes)};
    require_same_length("symbols", copy.symbols.size(), "indexes", copy.indexes.size());
    const coding::CompressaiPart part = copy.part();
    without_gil(part.n, [&] { coding::require_codable(part); });
    copies_.push_back(std::move(copy));
  }
  py::bytes flush() {
    std::vector<Copy> copies;
    copies.swap(copies_);
    std::vector<coding::CompressaiPart> parts;
    std::size_t n = 0;
    for (const Copy& copy : copies) {
      parts.push_back(copy.part());
      n += copy.symbols.size();
    }
    return as_bytes(
        without_gil(n, [&] { return coding::compressai_encode(parts.data(), parts.size()); }));
  }

 private:
  struct Copy {
    std::shared_ptr<const coding::CompressaiTables> tables;
    std::vector<std::int32_t> symbols, indexes;

    coding::CompressaiPart part() const {
      return {tables.get(), symbols.data(), indexes.data(), symbols.size()};
    }
  };
  std::vector<Copy> copies_;
};

// So many symbols, which `decode` writes.
template <class Decode>
py::object symbols_of(std::size_t n, bool as_list, const Decode& decode) {
  if (as_list) {
    memory::Buffer<std::int32_t> symbols(n);
    decode(symbols.data());
    return py::reinterpret_steal<py::object>(list_of(symbols.data(), n).release());
  }
  Integers symbols{static_cast<py::ssize_t>(n)};
  decode(symbols.mutable_data());
  return std::move(symbols);
}

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
  py::object decode(const CompressaiTables& tables, const Integers& indexes, bool as_list) {
    const std::size_t n = size_of(indexes);
    return symbols_of(n, as_list, [&](std::int32_t* out) {
      decoder_.decode(tables.get(), indexes.data(), n, out);
    });
  }
  void require_end() const { decoder_.require_end(); }

 private:
  coding::CompressaiDecoder decoder_;
};

py::object compressai_decode(const CompressaiTables& tables, const py::object& stream,
                             const Integers& indexes, bool as_list) {
  const ByteBuffer bytes(stream, "stream");
  coding::CompressaiDecoder decoder(
      std::vector<unsigned char>(bytes.data(), bytes.data() + bytes.size()));
  const std::int32_t* const of = indexes.data();
  const std::size_t n = size_of(indexes);
  return symbols_of(n, as_list, [&](std::int32_t* out) {
    without_gil(n, [&] {
      decoder.decode(tables.get(), of, n, out);
      decoder.require_end();
    });
  });
}

std::vector<std::int32_t> compressai_cdf(const ContiguousArray<float>& pmf, int precision) {
  return coding::compressai_cdf(pmf.data(), std::size_t(pmf.size()), precision);
}

// ---- torchac

std::size_t entries_of(const ContiguousArray<std::uint16_t>& cdf) {
  if (cdf.ndim() != 2 || cdf.shape(1) < 2 || cdf.shape(1) > 32769) {
    throw py::value_error("cdf must have 1 to 32768 symbols");
  }
  return std::size_t(cdf.shape(1));
}

py::bytes torchac_encode(const ContiguousArray<std::uint16_t>& cdf,
                         const ContiguousArray<std::int16_t>& symbols) {
  const std::size_t entries = entries_of(cdf);
  const auto n = std::size_t(symbols.size());
  require_same_length("cdf", std::size_t(cdf.shape(0)), "sym", n);
  return as_bytes(without_gil(
      n, [&] { return coding::torchac_encode(cdf.data(), entries, symbols.data(), n); }));
}

py::array_t<std::int16_t> torchac_decode(const ContiguousArray<std::uint16_t>& cdf,
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
                                new_refused)
      .def("made_again", &CompressaiTables::made_again, py::arg("cdfs"), py::arg("sizes"),
           py::arg("offsets"), "Return tables if they would be the same, or None.");
  m.def("compressai_tables", &CompressaiTables::make, py::arg("cdfs"), py::arg("sizes"),
        py::arg("offsets"),
        "Return tables of a matrix, or of lists; None if these do not hold plain integers alone.");
  m.def("compressai_encode", &compressai_encode, py::arg("tables"), py::arg("symbols"),
        py::arg("indexes"), "Code symbols to a stream of their own.");
  whole_class<CompressaiBuffer>(m, "CompressaiBuffer", "Symbols that are coded at once.",
                                &CompressaiBuffer::make)
      .def("add", &CompressaiBuffer::add, py::arg("tables"), py::arg("symbols"), py::arg("indexes"),
           "Take symbols.")
      .def("flush", &CompressaiBuffer::flush, "Code all symbols, and begin anew.");
  whole_class<CompressaiDecoder>(m, "CompressaiDecoder", "A stream that is read in parts.",
                                 &CompressaiDecoder::make)
      .def("decode", &CompressaiDecoder::decode, py::arg("tables"), py::arg("indexes"),
           py::arg("as_list"), "Decode the next symbols.")
      .def("require_end", &CompressaiDecoder::require_end,
           "Raise CorruptDataError unless all has been decoded.");
  m.def("compressai_decode", &compressai_decode, py::arg("tables"), py::arg("stream"),
        py::arg("indexes"), py::arg("as_list"), "Decode all of a stream.");
  m.def("compressai_cdf", &compressai_cdf, py::arg("pmf"), py::arg("precision"),
        "CompressAI's table of these probabilities.");
  m.def("torchac_encode", &torchac_encode, py::arg("cdf"), py::arg("symbols"),
        "Code symbols as torchac does.");
  m.def("torchac_decode", &torchac_decode, py::arg("cdf"), py::arg("stream"),
        "Decode what torchac_encode returned for these cdf.");
}

}  // namespace pyinfo::bindings
