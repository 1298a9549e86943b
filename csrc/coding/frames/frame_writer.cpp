#include "coding/frames/frame_writer.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "coding/alphabets/digits.hpp"
#include "coding/frames/alphabet_block.hpp"
#include "coding/planes/chunks.hpp"
#include "coding/planes/planes.hpp"
#include "coding/planes/rotation.hpp"
#include "memory/thread_scratch.hpp"
#include "simd/assert.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::coding {
namespace {

// What a thread works in: the planes of a chunk, and the coded symbols of its blocks.
struct ChunkScratch {
  memory::ScratchBuffer planes;
  memory::ScratchBuffer coded;
  std::vector<CodedBlock> blocks;

  void trim() {
    planes.trim();
    coded.trim();
    if (blocks.size() > 64) blocks = {};
  }
};

// The planes of n items: the items themselves if they have but one.
const unsigned char* planes_of(const unsigned char* items, std::size_t n, const FrameHeader& header,
                               memory::ScratchBuffer& memory) {
  const std::size_t planes = header.planes;
  if (planes == 1) return items;
  const std::size_t stride = plane_stride(n);
  const std::size_t pointers = planes * sizeof(unsigned char*);
  unsigned char* const start = memory.acquire(planes * stride + pointers);
  unsigned char** const to = reinterpret_cast<unsigned char**>(start + planes * stride);
  for (std::size_t k = 0; k < planes; ++k) to[k] = start + k * stride;
  split_planes(items, n, planes, header.rotated, to);
  return start;
}

// Codes the blocks of n items, given as planes; returns what they come to together. Coded symbols
// are stacked downwards: a block begins where the one before it ends.
std::size_t encode_chunk(const unsigned char* symbols, std::size_t n, std::size_t planes,
                         const Settings& settings, ChunkScratch& scratch) {
  const std::size_t capacity = (planes - 1) * n + encode_block_capacity(n);
  unsigned char* const memory = scratch.coded.acquire(capacity);
  unsigned char* end = memory + capacity;
  if (scratch.blocks.size() < planes) scratch.blocks.resize(planes);
  std::size_t size = 0;
  for (std::size_t k = 0; k < planes; ++k) {
    CodedBlock& block = scratch.blocks[k];
    encode_frame_block(symbols + k * plane_stride(n), n, settings, end, block);
    const Mode mode = block.sizes.mode;
    if (mode != Mode::raw && mode != Mode::constant) end = memory + (block.lanes - memory);
    size += block.size();
  }
  return size;
}

// Hands out places in the output, in the order of the chunks: each after those before it. Each
// thread that waits has a condition of its own, so that a chunk wakes the one whose turn it is and
// not all of them.
class OrderedPlaces {
 public:
  // For chunks 0 .. chunks - 1, which are begun in this order by at most `threads` threads.
  OrderedPlaces(std::size_t chunks, int threads)
      : turns_(std::max<std::size_t>(1, threads::useful_threads(chunks, threads))) {}

  std::size_t take(std::size_t chunk, std::size_t size) {
    std::unique_lock<std::mutex> lock(mutex_);
    // Chunks that wait are among the turns_.size() ones from next_ on: no two share a condition.
    turns_[chunk % turns_.size()].wait(lock, [&] { return chunk == next_; });
    const std::size_t place = place_;
    place_ += size;
    ++next_;
    turns_[next_ % turns_.size()].notify_one();
    return place;
  }

  std::size_t end() const noexcept { return place_; }

 private:
  std::mutex mutex_;
  std::vector<std::condition_variable> turns_;
  std::size_t next_ = 0;
  std::size_t place_ = 0;
};

std::uint64_t blocks_of(std::uint64_t items, const FrameHeader& header) {
  return chunk_count(items, header.chunk_items) * header.planes;
}

// Whether a few pieces have at most 16 values together: of what has more, a piece can have as few.
bool looks_few(const unsigned char* symbols, std::uint64_t n) noexcept {
  constexpr std::uint64_t kPieces = 16;
  constexpr std::size_t kPiece = 4096;
  bool is_known[256] = {};
  unsigned known = 0;
  for (std::uint64_t i = 0; i < kPieces; ++i) {
    const unsigned char* const piece = symbols + i * ((n - kPiece) / (kPieces - 1));
    Alphabet alphabet;
    if (std::memcmp(piece, piece + 1, kPiece - 1) == 0) {
      alphabet.size = 1;
      alphabet.symbols[0] = *piece;
    } else if (!find_alphabet(piece, kPiece, alphabet)) {
      return false;
    }
    for (unsigned k = 0; k < alphabet.size; ++k) {
      bool& is_old = is_known[alphabet.symbols[k]];
      known += !is_old;
      is_old = true;
    }
  }
  return known <= kMostDigits;
}

// Symbols of few values become a half to an eighth of their number before they are coded. From
// blocks of four times the usual size there is enough left for many lanes.
constexpr std::uint64_t kFewSymbolsFrom = std::uint64_t{4} * kMaxBlockSymbols;

FrameHeader array_header(const unsigned char* data, const FrameHeader& header,
                         const Settings& settings) {
  FrameHeader result = header;
  if (settings.fit_chunks && settings.coder == Coder::automatic && header.planes == 1 &&
      header.items >= kFewSymbolsFrom && looks_few(data, header.items)) {
    result.chunk_items = kMaxBlockSymbols;
  }
  result.sized = true;
  result.indexed = header.items > result.chunk_items;
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

constexpr std::uint32_t kManyPlanes = 16;
constexpr std::uint32_t kManyPlanesChunkBytes = std::uint32_t{4} << 20;

}  // namespace

std::uint32_t choose_chunk_items(std::uint32_t planes, std::uint32_t wanted) noexcept {
  const std::uint32_t items = wanted == 0 ? kDefaultChunkItems : wanted;
  if (planes <= kManyPlanes || planes > kMaxPlanes) return items;
  return std::min(items, kManyPlanesChunkBytes / planes);
}

std::size_t compress_bound(const FrameHeader& header) {
  FrameHeader sized = header;
  sized.sized = true;
  const FrameWriter writer(sized, Settings{});
  return writer.header_bound() + writer.items_bound(header.items) +
         index_size(blocks_of(header.items, header));
}

std::size_t compress(const unsigned char* data, const FrameHeader& header, const Settings& settings,
                     unsigned char* out) {
  const FrameHeader planar = array_header(data, header, settings);
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
  const FrameHeader planar = array_header(data, header, settings);
  std::vector<BlockSizes> sizes(std::size_t(blocks_of(planar.items, planar)));
  const std::size_t chunks = std::size_t(chunk_count(planar.items, planar.chunk_items));
  threads::parallel_or_throw(chunks, settings.threads, [&](std::size_t chunk) {
    const memory::ThreadScratch<ChunkScratch> scratch;
    const std::size_t first = chunk * planar.chunk_items;
    const std::size_t n = chunk_symbols(planar.items, planar.chunk_items, chunk);
    const unsigned char* const symbols =
        planes_of(data + first * planar.planes, n, planar, scratch->planes);
    encode_chunk(symbols, n, planar.planes, settings, *scratch);
    for (std::size_t k = 0; k < planar.planes; ++k) {
      BlockSizes& block = sizes[chunk * planar.planes + k];
      block = scratch->blocks[k].sizes;
      predict_all(symbols + k * plane_stride(n), block);
    }
  });
  return sizes;
}

FrameWriter::FrameWriter(const FrameHeader& header, const Settings& settings)
    : header_(header), settings_(settings) {
  check_header(header);
}

FrameWriter FrameWriter::streaming(FrameHeader header, const Settings& settings) {
  header.sized = false;
  header.indexed = true;
  return FrameWriter(header, settings);
}

std::size_t FrameWriter::header_bound() const noexcept { return header_size(header_); }

std::size_t FrameWriter::items_bound(std::uint64_t items) const {
  return std::size_t(blocks_of(items, header_) * kBlockHeaderSize + items * header_.planes);
}

std::size_t FrameWriter::finish_bound() const noexcept { return index_size(index_.size()); }

void FrameWriter::choose_rotation(const unsigned char* data, std::uint64_t items) {
  PYINFO_ASSERT(header_check_ == 0 && items_ == 0);
  PYINFO_ASSERT(items >= (header_.sized ? header_.items : 0));
  if (!settings_.floats || settings_.coder == Coder::raw) return;
  if (!header_.sized) items = std::min<std::uint64_t>(items, header_.chunk_items);
  header_.rotated = rotation_pays(data, items, header_.planes, header_.chunk_items);
}

std::size_t FrameWriter::write_header(unsigned char* out) {
  header_check_ = last_check_ = coding::write_header(header_, out);
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
  if (header_.indexed && !index_fits(index_.size() + blocks)) {
    throw std::length_error("too many blocks for one frame: larger blocks are needed");
  }
  std::vector<IndexEntry> entries(static_cast<std::size_t>(blocks));
  const std::size_t chunks = std::size_t(chunk_count(items, header_.chunk_items));
  OrderedPlaces places(chunks, settings_.threads);
  threads::parallel_or_throw(chunks, settings_.threads, [&](std::size_t chunk) {
    const memory::ThreadScratch<ChunkScratch> scratch;
    const std::size_t first = chunk * header_.chunk_items;
    const std::size_t n = chunk_symbols(items, header_.chunk_items, chunk);
    std::size_t size = 0;
    try {
      const unsigned char* const symbols =
          planes_of(data + first * planes, n, header_, scratch->planes);
      size = encode_chunk(symbols, n, planes, settings_, *scratch);
    } catch (...) {
      places.take(chunk, 0);  // or the others would wait for ever
      throw;
    }
    unsigned char* to = out + places.take(chunk, size);
    for (std::size_t k = 0; k < planes; ++k) {
      const CodedBlock& block = scratch->blocks[k];
      entries[chunk * planes + k] = {std::uint32_t(block.size()), write_block(block, to)};
      to += block.size();
    }
  });

  unsigned char* block = out;
  for (IndexEntry& entry : entries) {
    entry.check = last_check_ = chain(last_check_, entry.check);
    set_check(entry.check, block);
    block += entry.size;
  }
  if (header_.indexed) index_.insert(index_.end(), entries.begin(), entries.end());
  items_ += items;
  return places.end();
}

std::size_t FrameWriter::finish(unsigned char* out) {
  if (header_.sized && items_ != header_.items) {
    throw std::logic_error("the frame was to have another number of items");
  }
  if (!header_.indexed) return 0;
  write_index(index_, header_check_, items_, out);
  return index_size(index_.size());
}

}  // namespace pyinfo::coding
