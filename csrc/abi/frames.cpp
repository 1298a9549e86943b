// Frames as C functions.
#include <algorithm>
#include <cstring>
#include <memory>

#include "abi/errors.hpp"
#include "coding/frames/frame_reader.hpp"
#include "coding/frames/frame_writer.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::abi {
namespace {

constexpr bool is_coder(int number, coding::Coder coder) {
  return number == static_cast<int>(coder);
}
static_assert(is_coder(PYINFO_CODER_AUTO, coding::Coder::automatic));
static_assert(is_coder(PYINFO_CODER_HUFFMAN, coding::Coder::huffman));
static_assert(is_coder(PYINFO_CODER_RANS, coding::Coder::rans));
static_assert(is_coder(PYINFO_CODER_RAW, coding::Coder::raw));

int thread_count(int threads) {
  require(threads >= 0, "threads must not be negative");
  return std::min(threads, threads::kMostThreads);
}

// The caller's options, with the defaults of what it does not know.
pyinfo_frame_options complete(const pyinfo_frame_options* given) {
  pyinfo_frame_options options = PYINFO_FRAME_OPTIONS_INIT;
  if (given == nullptr) return options;
  require(given->size >= sizeof options, "the options' size is not set: see *_OPTIONS_INIT");
  // What a later version has appended must not be asked for.
  const unsigned char* const bytes = reinterpret_cast<const unsigned char*>(given);
  require(std::all_of(bytes + sizeof options, bytes + given->size,
                      [](unsigned char byte) { return byte == 0; }),
          "there are options that this version of pyinfo does not know");
  std::memcpy(&options, given, sizeof options);
  return options;
}

struct Plan {
  coding::FrameHeader header;
  coding::Settings settings;
};

Plan plan_of(std::size_t size, const pyinfo_frame_options* given) {
  const pyinfo_frame_options options = complete(given);
  Plan plan;
  require(options.item_size >= 1 && size % options.item_size == 0,
          "the data is no whole number of items");
  plan.header.planes = options.item_size;
  plan.header.items = size / options.item_size;
  plan.header.chunk_items = coding::choose_chunk_items(options.item_size, options.block_items);
  require_data(options.metadata, options.metadata_size, "metadata");
  if (options.metadata_size > 0) {
    plan.header.metadata.assign(static_cast<const char*>(options.metadata), options.metadata_size);
  }
  coding::check_header(plan.header);
  require(options.coder >= PYINFO_CODER_AUTO && options.coder <= PYINFO_CODER_RAW,
          "there is no such coder");
  require(options.effort == 1 || options.effort == 2, "effort must be 1 or 2");
  plan.settings.coder = static_cast<coding::Coder>(options.coder);
  plan.settings.effort = options.effort;
  plan.settings.threads = thread_count(options.threads);
  plan.settings.floats = options.floats != 0;
  plan.settings.fit_chunks = options.block_items == 0;
  return plan;
}

const unsigned char* as_frame(const void* frame, std::size_t size) {
  require_data(frame, size, "frame");
  return static_cast<const unsigned char*>(frame);
}

}  // namespace
}  // namespace pyinfo::abi

namespace abi = pyinfo::abi;
namespace coding = pyinfo::coding;

pyinfo_error pyinfo_frame_compress_bound(size_t size, const pyinfo_frame_options* options,
                                         size_t* bound) {
  return abi::guard([&] {
    abi::require_pointer(bound, "bound");
    *bound = coding::compress_bound(abi::plan_of(size, options).header);
  });
}

pyinfo_error pyinfo_frame_compress(const void* data, size_t size,
                                   const pyinfo_frame_options* options, void* frame,
                                   size_t capacity, size_t* frame_size) {
  return abi::guard([&] {
    abi::require_pointer(frame_size, "frame_size");
    abi::require_data(data, size, "data");
    abi::require_data(frame, capacity, "frame");
    const abi::Plan plan = abi::plan_of(size, options);
    const auto* const bytes = static_cast<const unsigned char*>(data);
    const std::size_t bound = coding::compress_bound(plan.header);
    if (capacity >= bound) {
      *frame_size =
          coding::compress(bytes, plan.header, plan.settings, static_cast<unsigned char*>(frame));
      return;
    }
    const std::unique_ptr<unsigned char[]> memory(new unsigned char[bound]);
    const std::size_t length = coding::compress(bytes, plan.header, plan.settings, memory.get());
    if (length > capacity) {
      throw abi::Failure(PYINFO_ERROR_CAPACITY,
                         "the frame takes " + std::to_string(length) + " bytes");
    }
    std::memcpy(frame, memory.get(), length);
    *frame_size = length;
  });
}

pyinfo_error pyinfo_frame_read_info(const void* frame, size_t frame_size, pyinfo_frame_info* info) {
  return abi::guard([&] {
    abi::require_pointer(info, "info");
    abi::require(info->size >= sizeof *info, "the size of info is not set");
    const unsigned char* const bytes = abi::as_frame(frame, frame_size);
    const coding::FrameReader reader(bytes, frame_size);
    info->decompressed_size = reader.size();
    info->items = reader.items();
    info->item_size = reader.header().planes;
    info->block_items = reader.header().chunk_items;
    info->metadata = bytes + coding::kHeaderFixedSize;
    info->metadata_size = reader.header().metadata.size();
    info->rotated = reader.header().rotated ? 1 : 0;
  });
}

pyinfo_error pyinfo_frame_decompressed_size(const void* frame, size_t frame_size, uint64_t* size) {
  return abi::guard([&] {
    abi::require_pointer(size, "size");
    *size = coding::FrameReader(abi::as_frame(frame, frame_size), frame_size).size();
  });
}

pyinfo_error pyinfo_frame_decompress(const void* frame, size_t frame_size, void* data,
                                     size_t capacity, int threads, size_t* size) {
  return abi::guard([&] {
    abi::require_pointer(size, "size");
    abi::require_data(data, capacity, "data");
    const int count = abi::thread_count(threads);
    const coding::FrameReader reader(abi::as_frame(frame, frame_size), frame_size, capacity);
    reader.require_complete();
    reader.decode(0, reader.items(), static_cast<unsigned char*>(data), count);
    *size = std::size_t(reader.size());
  });
}

pyinfo_error pyinfo_frame_decompress_items(const void* frame, size_t frame_size, uint64_t first,
                                           uint64_t last, void* data, size_t capacity, int threads,
                                           size_t* size) {
  return abi::guard([&] {
    abi::require_pointer(size, "size");
    abi::require_data(data, capacity, "data");
    const int count = abi::thread_count(threads);
    const coding::FrameReader reader(abi::as_frame(frame, frame_size), frame_size);
    abi::require(first <= last && last <= reader.items(), "the frame has no such items");
    const std::uint64_t planes = reader.header().planes;
    if (last - first > capacity / planes) {
      throw abi::Failure(PYINFO_ERROR_CAPACITY,
                         "the items take " + std::to_string((last - first) * planes) + " bytes");
    }
    reader.require_found(first, last);
    reader.decode(first, last, static_cast<unsigned char*>(data), count);
    *size = std::size_t((last - first) * planes);
  });
}
