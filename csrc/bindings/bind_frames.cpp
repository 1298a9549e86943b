// The frames area: what pyinfo/coding/frames.py, streams.py and coding_report.py are made of.
//
// Long calls work in pieces and look for signals between them, so that Ctrl-C is heard.
#include <pybind11/pybind11.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "coding/corrupt_data.hpp"
#include "coding/frames/frame_reader.hpp"
#include "coding/frames/frame_writer.hpp"
#include "coding/frames/stream_reader.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using coding::FrameHeader;

constexpr std::size_t kPiece = std::size_t{1} << 26;  // a tenth of a second at the slowest

void check_signals() {
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

// Calls work(first, last) for pieces of the items first .. last - 1 that end where chunks do.
template <class Work>
void in_pieces(const FrameHeader& header, std::uint64_t first, std::uint64_t last, Work&& work) {
  const std::uint64_t chunk = header.chunk_items;
  const std::uint64_t chunks = std::max<std::uint64_t>(1, kPiece / (chunk * header.planes));
  while (first < last) {
    const std::uint64_t next = std::min(last, (first / chunk + chunks) * chunk);
    {
      const WithoutGil released((next - first) * header.planes);
      work(first, next);
    }
    first = next;
    if (first < last) check_signals();
  }
}

FrameHeader make_header(std::uint32_t planes, const std::string& metadata,
                        std::uint32_t chunk_items) {
  FrameHeader header;
  header.planes = planes;
  header.chunk_items = chunk_items;
  header.metadata = metadata;
  return header;
}

coding::Settings make_settings(int coder, int effort, int threads, bool floats = false) {
  coding::Settings settings;
  settings.coder = static_cast<coding::Coder>(coder);
  settings.effort = effort;
  settings.threads = threads;
  settings.floats = floats;
  return settings;
}

py::bytes compress(const py::object& data, std::uint32_t planes, const std::string& metadata,
                   std::uint32_t chunk_items, int coder, int effort, int threads, bool floats) {
  const ByteBuffer bytes(data.ptr(), "data");
  FrameHeader header = make_header(planes, metadata, chunk_items);
  header.items = whole_items(bytes.size(), planes, "data");
  const coding::Settings settings = make_settings(coder, effort, threads, floats);
  NewBytes result(coding::compress_bound(header));
  std::size_t size = 0;
  if (bytes.size() <= kPiece) {
    const WithoutGil released(bytes.size());
    size = coding::compress(bytes.data(), header, settings, result.data());
  } else {
    header.sized = header.indexed = true;  // as coding::compress has it for more than one chunk
    coding::FrameWriter writer(header, settings);
    writer.choose_rotation(bytes.data(), header.items);
    size = writer.write_header(result.data());
    in_pieces(header, 0, header.items, [&](std::uint64_t first, std::uint64_t last) {
      size += writer.write_items(bytes.data() + first * planes, last - first, result.data() + size);
    });
    size += writer.finish(result.data() + size);
  }
  return result.finish(size);
}

py::list block_sizes(const py::object& data, std::uint32_t planes, std::uint32_t chunk_items,
                     int coder, int effort, int threads) {
  const ByteBuffer bytes(data.ptr(), "data");
  FrameHeader header = make_header(planes, "", chunk_items);
  header.items = whole_items(bytes.size(), planes, "data");
  std::vector<coding::BlockSizes> blocks;
  {
    const WithoutGil released(bytes.size());
    blocks = coding::block_sizes(bytes.data(), header, make_settings(coder, effort, threads));
  }
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
  FrameReader(const py::object& data, std::uint64_t max_size)
      : frame_(std::make_shared<Frame>(data, max_size)) {}

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
    in_pieces(open->reader.header(), first, last, [&](std::uint64_t from, std::uint64_t to) {
      open->reader.decode(from, to, target.data() + (from - first) * planes, threads);
    });
  }

  void require_complete() const { frame()->reader.require_complete(); }

  py::list verify(int threads) const {
    const std::shared_ptr<Frame> open = frame();
    std::vector<coding::Damage> damages;
    {
      const WithoutGil released(open->reader.size());
      damages = open->reader.verify(threads);
    }
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
    Frame(const py::object& data, std::uint64_t max_size)
        : object(data), bytes(data.ptr(), "data"), reader(bytes.data(), bytes.size(), max_size) {}
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

// A frame that is written piece by piece; its size is not known before its end.
class FrameWriter {
 public:
  FrameWriter(std::uint32_t planes, const std::string& metadata, std::uint32_t chunk_items,
              int coder, int effort, int threads, bool floats)
      : writer_(unsized(make_header(planes, metadata, chunk_items)),
                make_settings(coder, effort, threads, floats)) {}

  // `data` begins with the first chunk, or is all there is: whether floats are rotated follows from
  // this chunk alone, however much more comes with it.
  py::bytes header(const py::object& data) {
    const FrameHeader& header = writer_.header();
    const ByteBuffer bytes(data.ptr(), "data");
    const std::uint64_t items = whole_items(bytes.size(), header.planes, "data");
    writer_.choose_rotation(bytes.data(), std::min<std::uint64_t>(items, header.chunk_items));
    NewBytes result(writer_.header_bound());
    return result.finish(writer_.write_header(result.data()));
  }

  // Whole chunks; only the last piece may end with a shorter one.
  py::bytes write(const py::object& data) {
    const FrameHeader& header = writer_.header();
    const ByteBuffer bytes(data.ptr(), "data");
    const std::uint64_t items = whole_items(bytes.size(), header.planes, "data");
    NewBytes result(static_cast<std::size_t>(writer_.items_bound(items)));
    std::size_t size = 0;
    in_pieces(header, 0, items, [&](std::uint64_t first, std::uint64_t last) {
      size += writer_.write_items(bytes.data() + first * header.planes, last - first,
                                  result.data() + size);
    });
    return result.finish(size);
  }

  py::bytes finish() {
    NewBytes result(writer_.finish_bound());
    return result.finish(writer_.finish(result.data()));
  }

 private:
  static FrameHeader unsized(FrameHeader header) {
    header.sized = false;
    header.indexed = true;
    return header;
  }

  coding::FrameWriter writer_;
};

class StreamReader {
 public:
  explicit StreamReader(std::uint64_t max_size) : reader_(max_size) {}

  std::size_t feed(const py::object& data) {
    const ByteBuffer bytes(data.ptr(), "data");
    const WithoutGil released(bytes.size());
    return reader_.feed(bytes.data(), bytes.size());
  }

  // Returns what gets ready of the data, at most so many bytes, and how many of the data were used.
  py::tuple read(const py::object& data, std::size_t most) {
    const ByteBuffer bytes(data.ptr(), "data");
    NewBytes result(std::min(most, reader_.ready_size()));
    std::size_t size = 0;
    std::size_t used = 0;
    while (true) {
      const std::size_t now = std::min(most - size, reader_.ready_size());
      if (now > 0) {
        if (size + now > result.size()) result.resize(std::max(2 * result.size(), size + now));
        std::memcpy(result.data() + size, reader_.ready(), now);
        reader_.take(now);
        size += now;
      }
      if (reader_.ready_size() > 0 || used == bytes.size() || reader_.ended()) break;
      {
        const WithoutGil released(bytes.size() - used);
        used += reader_.feed(bytes.data() + used, bytes.size() - used);
      }
      check_signals();
    }
    return py::make_tuple(result.finish(size), used);
  }

  py::bytes take(std::size_t most) {
    const std::size_t size = std::min(most, reader_.ready_size());
    py::bytes taken(reinterpret_cast<const char*>(reader_.ready()), size);
    reader_.take(size);
    return taken;
  }

  std::size_t ready_size() const { return reader_.ready_size(); }
  bool ended() const { return reader_.ended(); }
  void require_end() const { reader_.require_end(); }

 private:
  coding::StreamReader reader_;
};

}  // namespace

void bind_frames(py::module_& m) {
  m.def("compress", &compress, py::arg("data"), py::arg("planes"), py::arg("metadata"),
        py::arg("chunk_items"), py::arg("coder"), py::arg("effort"), py::arg("threads"),
        py::arg("floats"),
        "Return a frame; items have `planes` bytes. Floats are rotated if that pays.");
  m.def("block_sizes", &block_sizes, py::arg("data"), py::arg("planes"), py::arg("chunk_items"),
        py::arg("coder"), py::arg("effort"), py::arg("threads"),
        "Return what an encoder decides about each block: its mode, the symbols, the predicted "
        "payload by Huffman and by rANS, the predicted payload of the mode, and the payload.");

  py::class_<FrameReader>(m, "FrameReader", "A whole frame in memory.")
      .def(py::init<const py::object&, std::uint64_t>(), py::arg("data"), py::arg("max_size"))
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
      .def("verify", &FrameReader::verify, py::arg("threads"),
           "Return (block or None, offset, message) for everything that is damaged.")
      .def("close", &FrameReader::close);

  py::class_<FrameWriter>(m, "FrameWriter", "A frame that is written piece by piece.")
      .def(py::init<std::uint32_t, const std::string&, std::uint32_t, int, int, int, bool>(),
           py::arg("planes"), py::arg("metadata"), py::arg("chunk_items"), py::arg("coder"),
           py::arg("effort"), py::arg("threads"), py::arg("floats"))
      .def("header", &FrameWriter::header, py::arg("data"),
           "Return the header of a frame that begins with these data: at least a chunk, or all.")
      .def("write", &FrameWriter::write, py::arg("data"))
      .def("finish", &FrameWriter::finish);

  py::class_<StreamReader>(m, "StreamReader", "A frame that arrives in pieces.")
      .def(py::init<std::uint64_t>(), py::arg("max_size"))
      .def("feed", &StreamReader::feed, py::arg("data"),
           "Take bytes of the frame; return how many.")
      .def("read", &StreamReader::read, py::arg("data"), py::arg("most"),
           "Feed data; return at most so many decoded bytes, and how many of the data were used.")
      .def("take", &StreamReader::take, py::arg("most"), "Return decoded bytes.")
      .def_property_readonly("ready_size", &StreamReader::ready_size)
      .def_property_readonly("ended", &StreamReader::ended)
      .def("require_end", &StreamReader::require_end);
}

}  // namespace pyinfo::bindings
