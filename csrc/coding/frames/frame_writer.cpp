#include "coding/frames/frame_writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "coding/planes/planes.hpp"
#include "coding/planes/rotation.hpp"
#include "memory/work_memory.hpp"
#include "threads/tasks.hpp"

namespace pyinfo::coding {
namespace {

// What a thread works in: the planes of a chunk, and the coded symbols of its blocks.
struct Workshop {
  WorkMemory planes;
  WorkMemory coded;
  std::vector<CodedBlock> blocks;

  void trim() {
    planes.trim();
    coded.trim();
    if (blocks.size() > 64) blocks = {};
  }
};

// Planes lie a little more than their size apart, lest they compete for the same places of caches.
constexpr std::size_t plane_stride(std::size_t n) { return (n + 63) / 64 * 64 + 64; }

// The planes of n items: the items themselves if they have but one.
const unsigned char* planes_of(const unsigned char* items, std::size_t n, const FrameHeader& header,
                               WorkMemory& memory) {
  const std::size_t planes = header.planes;
  if (planes == 1) return items;
  const std::size_t stride = plane_stride(n);
  const std::size_t pointers = planes * sizeof(unsigned char*);
  unsigned char* const start = memory.take(planes * stride + pointers);
  unsigned char** const to = reinterpret_cast<unsigned char**>(start + planes * stride);
  for (std::size_t k = 0; k < planes; ++k) to[k] = start + k * stride;
  split_planes(items, n, planes, header.rotated, to);
  return start;
}

// Codes the blocks of n items, given as planes; returns what they come to together. Coded symbols
// are stacked downwards: what a block leaves of its room is the next one's.
std::size_t encode_chunk(const unsigned char* symbols, std::size_t n, std::size_t planes,
                         const Settings& settings, Workshop& workshop) {
  const std::size_t room = (planes - 1) * n + encode_block_room(n);
  unsigned char* end = workshop.coded.take(room) + room;
  if (workshop.blocks.size() < planes) workshop.blocks.resize(planes);
  std::size_t size = 0;
  for (std::size_t k = 0; k < planes; ++k) {
    CodedBlock& block = workshop.blocks[k];
    encode_block(symbols + k * plane_stride(n), n, settings, end, block);
    const bool coded = block.sizes.mode == Mode::huffman || block.sizes.mode == Mode::rans;
    if (coded) end -= block.lanes_size;
    size += block.size();
  }
  return size;
}

// Lets chunks pass one after another, and tells each where its place is: after those before it.
class Turnstile {
 public:
  std::size_t pass(std::size_t chunk, std::size_t size) {
    std::unique_lock<std::mutex> lock(mutex_);
    turned_.wait(lock, [&] { return chunk == next_; });
    const std::size_t place = place_;
    place_ += size;
    ++next_;
    turned_.notify_all();
    return place;
  }

  std::size_t end() const noexcept { return place_; }

 private:
  std::mutex mutex_;
  std::condition_variable turned_;
  std::size_t next_ = 0;
  std::size_t place_ = 0;
};

std::uint64_t blocks_of(std::uint64_t items, const FrameHeader& header) {
  return chunk_count(items, header.chunk_items) * header.planes;
}

FrameHeader array_header(const FrameHeader& header) {
  FrameHeader result = header;
  result.sized = true;
  result.indexed = header.items > header.chunk_items;
  return result;
}

std::size_t compress_as(const unsigned char* data, const FrameHeader& header,
                        const Settings& settings, unsigned char* out) {
  FrameWriter writer(header, settings);
  writer.choose_rotation(data, header.items);
  unsigned char* end = out;
  end += writer.write_header(end);
  end += writer.write_items(data, header.items, end);
  end += writer.finish(end);
  return std::size_t(end - out);
}

}  // namespace

std::size_t compress_bound(const FrameHeader& header) {
  const FrameWriter writer(array_header(header), Settings{});
  const std::size_t index =
      kBlockHeaderSize + kIndexEntrySize * std::size_t(blocks_of(header.items, header));
  return writer.header_bound() + writer.items_bound(header.items) + index + kFooterSize;
}

std::size_t compress(const unsigned char* data, const FrameHeader& header, const Settings& settings,
                     unsigned char* out) {
  const FrameHeader planar = array_header(header);
  const std::size_t size = compress_as(data, planar, settings, out);
  const std::uint64_t bytes = header.items * header.planes;
  if (planar.indexed || header.planes == 1 || bytes > kMaxBlockSymbols || bytes == 0) return size;
  if (size <= header_size(planar) + kBlockHeaderSize + bytes) return size;
  FrameHeader stored = planar;
  stored.planes = 1;
  stored.rotated = false;
  stored.items = bytes;
  stored.chunk_items = std::max(header.chunk_items, std::uint32_t(bytes));
  Settings raw = settings;
  raw.coder = Coder::raw;
  return compress_as(data, stored, raw, out);
}

std::vector<BlockSizes> block_sizes(const unsigned char* data, const FrameHeader& header,
                                    const Settings& settings) {
  const FrameHeader planar = array_header(header);
  std::vector<BlockSizes> sizes(std::size_t(blocks_of(planar.items, planar)));
  const std::size_t chunks = std::size_t(chunk_count(planar.items, planar.chunk_items));
  parallel_or_throw(chunks, settings.threads, [&](std::size_t chunk) {
    const Lease<Workshop> workshop;
    const std::size_t first = chunk * planar.chunk_items;
    const std::size_t n = chunk_symbols(planar.items, planar.chunk_items, chunk);
    const unsigned char* const symbols =
        planes_of(data + first * planar.planes, n, planar, workshop->planes);
    encode_chunk(symbols, n, planar.planes, settings, *workshop);
    for (std::size_t k = 0; k < planar.planes; ++k) {
      BlockSizes& block = sizes[chunk * planar.planes + k];
      block = workshop->blocks[k].sizes;
      predict_all(symbols + k * plane_stride(n), block);
    }
  });
  return sizes;
}

FrameWriter::FrameWriter(const FrameHeader& header, const Settings& settings)
    : header_(header), settings_(settings) {
  check_header(header);
}

std::size_t FrameWriter::header_bound() const noexcept { return header_size(header_); }

std::size_t FrameWriter::items_bound(std::uint64_t items) const {
  return std::size_t(blocks_of(items, header_) * kBlockHeaderSize + items * header_.planes);
}

std::size_t FrameWriter::finish_bound() const noexcept {
  return kBlockHeaderSize + index_.size() * kIndexEntrySize + kFooterSize;
}

void FrameWriter::choose_rotation(const unsigned char* data, std::uint64_t items) {
  if (!settings_.floats || settings_.coder == Coder::raw) return;
  header_.rotated = rotation_pays(data, items, header_.planes, header_.chunk_items);
}

std::size_t FrameWriter::write_header(unsigned char* out) {
  last_check_ = coding::write_header(header_, out);
  return header_size(header_);
}

std::size_t FrameWriter::write_items(const unsigned char* data, std::uint64_t items,
                                     unsigned char* out) {
  if (items == 0) return 0;
  if (items_ % header_.chunk_items != 0) {
    throw std::logic_error("the chunk before was not full: it was the last");
  }
  const std::size_t planes = header_.planes;
  const std::uint64_t blocks = blocks_of(items, header_);
  if (header_.indexed && (index_.size() + blocks) * kIndexEntrySize > 0xffffffffu) {
    throw std::length_error("too many blocks for one frame: larger blocks are needed");
  }
  Turnstile turnstile;
  std::vector<Entry> entries(static_cast<std::size_t>(blocks));
  const std::size_t chunks = std::size_t(chunk_count(items, header_.chunk_items));
  parallel_or_throw(chunks, settings_.threads, [&](std::size_t chunk) {
    const Lease<Workshop> workshop;
    const std::size_t first = chunk * header_.chunk_items;
    const std::size_t n = chunk_symbols(items, header_.chunk_items, chunk);
    std::size_t size = 0;
    try {
      const unsigned char* const symbols =
          planes_of(data + first * planes, n, header_, workshop->planes);
      size = encode_chunk(symbols, n, planes, settings_, *workshop);
    } catch (...) {
      turnstile.pass(chunk, 0);  // or the others would wait for ever
      throw;
    }
    unsigned char* to = out + turnstile.pass(chunk, size);
    for (std::size_t k = 0; k < planes; ++k) {
      const CodedBlock& block = workshop->blocks[k];
      entries[chunk * planes + k] = {std::uint32_t(block.size()), write_block(block, to)};
      to += block.size();
    }
  });

  unsigned char* block = out;
  for (Entry& entry : entries) {
    entry.check = last_check_ = chain(last_check_, entry.check);
    set_check(entry.check, block);
    block += entry.size;
  }
  if (header_.indexed) index_.insert(index_.end(), entries.begin(), entries.end());
  items_ += items;
  return turnstile.end();
}

std::size_t FrameWriter::finish(unsigned char* out) {
  if (header_.sized && items_ != header_.items) {
    throw std::logic_error("the frame was to have another number of items");
  }
  if (!header_.indexed) return 0;
  const std::size_t payload = index_.size() * kIndexEntrySize;
  write_block_header({Mode::index, 0, 0, 0, std::uint32_t(payload), 0}, out);
  unsigned char* entry_at = out + kBlockHeaderSize;
  for (const Entry& entry : index_) {
    store32(entry_at, entry.size);
    store32(entry_at + 4, entry.check);
    entry_at += kIndexEntrySize;
  }
  const std::uint32_t check = chain(last_check_, block_sum(out, payload));
  set_check(check, out);
  write_footer({items_, std::uint32_t(payload), 0}, check, entry_at);
  return kBlockHeaderSize + payload + kFooterSize;
}

}  // namespace pyinfo::coding
