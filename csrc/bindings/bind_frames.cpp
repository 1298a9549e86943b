// The frames area: what pyinfo/coding/frames.py, streams.py and coding_report.py are made of.
//
// Long calls hear Ctrl-C between chunks.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_reader.hpp"
#include "coding/frames/frame_writer.hpp"
#include "coding/frames/stream_reader.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using coding::FrameHeader;

FrameHeader make_header(std::uint32_t planes, const std::string& metadata,
                        std::uint32_t chunk_items) {
  FrameHeader header;
  header.planes = planes;
  header.chunk_items = chunk_items;
  header.metadata = metadata;
  return header;
}

coding::Settings make_settings(int coder, int effort, int threads, bool floats = false,
                               bool fit_chunks = false) {
  coding::Settings settings;
  settings.coder = static_cast<coding::Coder>(coder);
  settings.effort = effort;
  settings.threads = threads;
  settings.floats = floats;
  settings.fit_chunks = fit_chunks;
  return settings;
}

py::bytes compress(const py::object& data, std::uint32_t planes, const std::string& metadata,
                   std::uint32_t chunk_items, int coder, int effort, int threads, bool floats,
                   bool fit_chunks) {
  const ByteBuffer bytes(data.ptr(), "data");
  FrameHeader header = make_header(planes, metadata, chunk_items);
  header.items = whole_items(bytes.size(), planes, "data");
  const coding::Settings settings = make_settings(coder, effort, threads, floats, fit_chunks);
  NewBytes result(coding::compress_bound(header));
  unsigned char* const out = result.data();
  return result.finish(without_gil(
      bytes.size(), [&] { return coding::compress(bytes.data(), header, settings, out); }));
}

py::list block_sizes(const py::object& data, std::uint32_t planes, std::uint32_t chunk_items,
                     int coder, int effort, int threads) {
  const ByteBuffer bytes(data.ptr(), "data");
  FrameHeader header = make_header(planes, "", chunk_items);
  header.items = whole_items(bytes.size(), planes, "data");
  const std::vector<coding::BlockSizes> blocks = without_gil(bytes.size(), [&] {
    return coding::block_sizes(bytes.data(), header, make_settings(coder, effort, threads));
  });
  py::list list(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const coding::BlockSizes& block = blocks[i];
    list[i] = py::make_tuple(static_cast<int>(block.mode), block.symbols, block.huffman, block.rans,
                             block.predicted, block.coded);
  }
  return list;
}

// A frame in memory that is kept alive, until nobody is reading any more.
class FrameReader {
 public:
  FrameReader(const py::object& data, std::uint64_t max_size, bool others_follow)
      : frame_(std::make_shared<Frame>(data, max_size, others_follow)) {}

  static PyObject* make(PyTypeObject*, PyObject* arguments, PyObject* keywords) {
    PyObject* data = nullptr;
    unsigned long long max_size = 0;
    int others_follow = 0;
    static const char* const names[] = {"data", "max_size", "others_follow", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "OK|p:FrameReader",
                                     const_cast<char**>(names), &data, &max_size, &others_follow)) {
      return nullptr;
    }
    return new_whole([&] {
      return std::make_unique<FrameReader>(py::reinterpret_borrow<py::object>(data), max_size,
                                           others_follow != 0);
    });
  }

  std::uint64_t items() const { return frame()->reader.items(); }
  std::uint32_t planes() const { return frame()->reader.header().planes; }
  std::uint32_t chunk_items() const { return frame()->reader.header().chunk_items; }
  bool rotated() const { return frame()->reader.header().rotated; }
  py::bytes metadata() const { return frame()->reader.header().metadata; }
  std::uint64_t size() const { return frame()->reader.end(); }
  std::uint64_t block_count() const { return frame()->reader.block_count(); }

  py::list blocks() const {
    const std::shared_ptr<Frame> open = frame();
    const std::uint64_t count = open->reader.block_count();
    py::list list(static_cast<std::size_t>(count));
    for (std::uint64_t i = 0; i < count; ++i) {
      const coding::BlockInfo block = open->reader.block(i);
      list[static_cast<std::size_t>(i)] = py::make_tuple(static_cast<int>(block.mode), block.lanes,
                                                         block.symbols, block.size, block.offset);
    }
    return list;
  }

  void decode(std::uint64_t first, std::uint64_t last, const py::object& out, int threads) const {
    const std::shared_ptr<Frame> open = frame();
    const std::uint32_t planes = open->reader.header().planes;
    if (first > last || last > open->reader.items()) throw py::index_error("no such items");
    const WritableBuffer target(out.ptr(), "out");
    if (target.size() != (last - first) * planes) {
      throw py::value_error("out has " + std::to_string(target.size()) + " bytes, the result has " +
                            std::to_string((last - first) * planes));
    }
    require_apart(target.data(), target.size(), open->bytes.data(), open->bytes.size(),
                  "the frame");
    without_gil(target.size(), [&] { open->reader.decode(first, last, target.data(), threads); });
  }

  void require_complete() const { frame()->reader.require_complete(); }
  void require_known_items() const { frame()->reader.require_known_items(); }

  py::list verify(int threads) const {
    const std::shared_ptr<Frame> open = frame();
    const std::vector<coding::Damage> damages =
        without_gil(open->reader.size(), [&] { return open->reader.verify(threads); });
    py::list list(damages.size());
    for (std::size_t i = 0; i < damages.size(); ++i) {
      const coding::Damage& damage = damages[i];
      py::object block = py::none();
      if (damage.block != coding::Damage::kNoBlock) block = py::int_(damage.block);
      list[i] = py::make_tuple(block, damage.offset, damage.message);
    }
    return list;
  }

  void close() { std::atomic_store(&frame_, std::shared_ptr<Frame>()); }

 private:
  struct Frame {
    Frame(const py::object& data, std::uint64_t max_size, bool others_follow)
        : object(data),
          bytes(data.ptr(), "data"),
          reader(bytes.data(), bytes.size(), max_size, others_follow) {}
    const py::object object;  // a ByteBuffer does not keep it alive
    const ByteBuffer bytes;
    const coding::FrameReader reader;
  };

  std::shared_ptr<Frame> frame() const {
    std::shared_ptr<Frame> open = std::atomic_load(&frame_);
    if (open == nullptr) throw py::value_error("the frame is closed");
    return open;
  }

  std::shared_ptr<Frame> frame_;
};

constexpr unsigned long long kNotSized = ~0ull;

// A frame that is written piece by piece. Where the number of its items is given, it is the frame
// that compress() makes of the same items, unless that stores them as they are.
class FrameWriter {
 public:
  FrameWriter(const FrameHeader& header, const coding::Settings& settings)
      : writer_(header.sized ? coding::FrameWriter(header, settings)
                             : coding::FrameWriter::streaming(header, settings)) {}

  static PyObject* make(PyTypeObject*, PyObject* arguments, PyObject* keywords) {
    unsigned planes = 0;
    PyObject* metadata = nullptr;
    unsigned chunk_items = 0;
    int coder = 0;
    int effort = 0;
    int threads = 0;
    int floats = 0;
    unsigned long long items = kNotSized;
    static const char* const names[] = {"planes",  "metadata", "chunk_items", "coder", "effort",
                                        "threads", "floats",   "items",       nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "ISIiiip|K:FrameWriter",
                                     const_cast<char**>(names), &planes, &metadata, &chunk_items,
                                     &coder, &effort, &threads, &floats, &items)) {
      return nullptr;
    }
    return new_whole([&] {
      const std::string text(PyBytes_AS_STRING(metadata), std::size_t(PyBytes_GET_SIZE(metadata)));
      FrameHeader header = make_header(planes, text, chunk_items);
      header.sized = items != kNotSized;
      if (header.sized) {
        header.items = items;
        header.indexed = items > chunk_items;
      }
      return std::make_unique<FrameWriter>(header,
                                           make_settings(coder, effort, threads, floats != 0));
    });
  }

  // `data` begins with the first chunk, or is all there is; where the number of items was given, it
  // is all of them.
  py::bytes header(const py::object& data) {
    const ByteBuffer bytes(data.ptr(), "data");
    const std::uint32_t planes = writer_.header().planes;
    writer_.choose_rotation(bytes.data(), whole_items(bytes.size(), planes, "data"));
    NewBytes result(writer_.header_bound());
    return result.finish(writer_.write_header(result.data()));
  }

  // Whole chunks; only the last piece may end with a shorter one.
  py::bytes write(const py::object& data) {
    const ByteBuffer bytes(data.ptr(), "data");
    const std::uint64_t items = whole_items(bytes.size(), writer_.header().planes, "data");
    NewBytes result(static_cast<std::size_t>(writer_.items_bound(items)));
    unsigned char* const out = result.data();
    return result.finish(
        without_gil(bytes.size(), [&] { return writer_.write_items(bytes.data(), items, out); }));
  }

  py::bytes finish() {
    NewBytes result(writer_.finish_bound());
    return result.finish(writer_.finish(result.data()));
  }

 private:
  coding::FrameWriter writer_;
};

class StreamReader {
 public:
  StreamReader(std::uint64_t max_size, int threads) : reader_(max_size, threads) {}

  static PyObject* make(PyTypeObject*, PyObject* arguments, PyObject* keywords) {
    unsigned long long max_size = 0;
    int threads = 1;
    static const char* const names[] = {"max_size", "threads", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "K|i:StreamReader",
                                     const_cast<char**>(names), &max_size, &threads)) {
      return nullptr;
    }
    return new_whole([&] { return std::make_unique<StreamReader>(max_size, threads); });
  }

  std::size_t feed(const py::object& data) {
    const ByteBuffer bytes(data.ptr(), "data");
    return without_gil(bytes.size(), [&] { return reader_.feed(bytes.data(), bytes.size()); });
  }

  // Returns what gets ready of the data, at most so many bytes, and how many of the data were used.
  py::tuple read(const py::object& data, std::size_t max) {
    const ByteBuffer bytes(data.ptr(), "data");
    NewBytes result(0);
    const auto grow = [&](std::size_t capacity) {
      const py::gil_scoped_acquire locked;
      result.resize(capacity);
      return result.data();
    };
    const auto moved = without_gil(
        bytes.size(), [&] { return reader_.read(bytes.data(), bytes.size(), max, grow); });
    return py::make_tuple(result.finish(moved.written), moved.used);
  }

  py::bytes take(std::size_t max) {
    const std::size_t size = std::min(max, reader_.ready_size());
    py::bytes taken(reinterpret_cast<const char*>(reader_.ready()), size);
    reader_.take(size);
    return taken;
  }

  // The same if more than these are ready, so that nothing else is to be done; else None.
  py::object take_of_more(std::size_t max) {
    if (max >= reader_.ready_size()) return py::none();
    return take(max);
  }

  // None before it has come.
  py::object metadata() const {
    if (!reader_.header_known()) return py::none();
    return py::bytes(reader_.header().metadata);
  }
  // Decoded bytes; None where they are not known before the frame has ended.
  py::object size() const {
    if (!reader_.header_known()) return py::none();
    if (!reader_.header().sized && !reader_.ended()) return py::none();
    return py::int_(reader_.items() * reader_.header().planes);
  }

  std::size_t ready_size() const { return reader_.ready_size(); }
  bool ended() const { return reader_.ended(); }
  void require_end() const { reader_.require_end(); }

 private:
  coding::StreamReader reader_;
};

// Names by number, as a tuple.
template <std::size_t count>
py::tuple tuple_of(const char* const (&names)[count]) {
  py::tuple tuple(count);
  for (std::size_t i = 0; i < count; ++i) tuple[i] = py::str(names[i]);
  return tuple;
}

}  // namespace

void bind_frames(py::module_& m) {
  m.attr("CODERS") = tuple_of(coding::kCoderNames);
  m.attr("MODES") = tuple_of(coding::kModeNames);
  m.attr("MAX_CHUNK_ITEMS") = coding::kMaxBlockSymbols;
  m.def(
      "choose_chunk_items", &coding::choose_chunk_items, py::arg("planes"), py::arg("wanted"),
      "Return the items of a chunk: `wanted`, 0 for the default; fewer if there are many planes.");
  m.def("compress", &compress, py::arg("data"), py::arg("planes"), py::arg("metadata"),
        py::arg("chunk_items"), py::arg("coder"), py::arg("effort"), py::arg("threads"),
        py::arg("floats"), py::arg("fit_chunks") = false,
        "Return a frame; items have `planes` bytes. Floats are rotated if that pays. With "
        "`fit_chunks`, chunks of few values may be larger.");
  m.def("block_sizes", &block_sizes, py::arg("data"), py::arg("planes"), py::arg("chunk_items"),
        py::arg("coder"), py::arg("effort"), py::arg("threads"),
        "Return what an encoder decides about each block: its mode, the symbols, the predicted "
        "payload by Huffman and by rANS, the predicted payload of the mode, and the payload.");

  whole_class<FrameReader>(m, "FrameReader", "A whole frame in memory.", &FrameReader::make)
      .def_property_readonly("items", &FrameReader::items)
      .def_property_readonly("planes", &FrameReader::planes)
      .def_property_readonly("chunk_items", &FrameReader::chunk_items)
      .def_property_readonly("rotated", &FrameReader::rotated)
      .def_property_readonly("metadata", &FrameReader::metadata)
      .def_property_readonly("size", &FrameReader::size)
      .def_property_readonly("block_count", &FrameReader::block_count)
      .def("blocks", &FrameReader::blocks,
           "Return (mode, lanes, symbols, coded size, offset) of each block.")
      .def("decode", &FrameReader::decode, py::arg("first"), py::arg("last"), py::arg("out"),
           py::arg("threads"), "Decode items; nothing but the blocks that hold them is looked at.")
      .def("require_complete", &FrameReader::require_complete,
           "Raise unless index and end are intact and nothing follows.")
      .def("require_known_items", &FrameReader::require_known_items,
           "Raise if there may have been more items than were found.")
      .def("verify", &FrameReader::verify, py::arg("threads"),
           "Return (block or None, offset, message) for everything that is damaged.")
      .def("close", &FrameReader::close);

  whole_class<FrameWriter>(m, "FrameWriter", "A frame that is written piece by piece.",
                           &FrameWriter::make)
      .def("header", &FrameWriter::header, py::arg("data"),
           "Return the header of a frame that begins with these data: at least a chunk, or all.")
      .def("write", &FrameWriter::write, py::arg("data"))
      .def("finish", &FrameWriter::finish);

  whole_class<StreamReader>(m, "StreamReader", "A frame that arrives in pieces.",
                            &StreamReader::make)
      .def("feed", &StreamReader::feed, py::arg("data"),
           "Take bytes of the frame; return how many.")
      .def("read", &StreamReader::read, py::arg("data"), py::arg("max"),
           "Feed data; return at most so many decoded bytes, and how many of the data were used.")
      .def("take", &StreamReader::take, py::arg("max"), "Return decoded bytes.")
      .def("take_of_more", &StreamReader::take_of_more, py::arg("max"),
           "Return so many decoded bytes if more of them are ready, else None.")
      .def_property_readonly("metadata", &StreamReader::metadata)
      .def_property_readonly("size", &StreamReader::size)
      .def_property_readonly("ready_size", &StreamReader::ready_size)
      .def_property_readonly("ended", &StreamReader::ended)
      .def("require_end", &StreamReader::require_end);
}

}  // namespace pyinfo::bindings
