#include "coding/frames/frame_reader.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "coding/frames/alphabet_block.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/planes/chunks.hpp"
#include "coding/planes/planes.hpp"
#include "memory/thread_scratch.hpp"
#include "simd/assert.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::coding {
namespace {

constexpr char kWrongCheck[] = "checksum does not match";

std::string place(std::uint64_t block, std::uint64_t offset) {
  const std::string what = block == Damage::kNoBlock ? "frame" : "block " + std::to_string(block);
  return what + " at byte " + std::to_string(offset) + ": ";
}

[[noreturn]] void throw_damage(const Damage& damage) {
  throw CorruptData(damage.message, damage.offset);
}

}  // namespace

// A block whose header is right as far as that can be seen without the payload.
struct FrameReader::Payload {
  BlockHeader header;
  const unsigned char* block;  // where its header begins
  const unsigned char* bytes;
};

// The planes of a chunk that are not used where they lie in the frame.
struct FrameReader::ChunkScratch {
  memory::ScratchBuffer planes;
  std::vector<const unsigned char*> pointers;

  void trim() {
    planes.trim();
    if (pointers.size() > 64) pointers = {};
  }
};

FrameReader::FrameReader(const unsigned char* data, std::size_t size, std::uint64_t max_size,
                         bool others_follow)
    : data_(data), data_size_(size), header_(read_header(data, size, header_check_)) {
  items_ = header_.items;
  if (!header_.indexed || others_follow || !use_index()) walk();
  if (this->size() > max_size) {
    throw OutputTooLarge("the frame decodes to " + std::to_string(this->size()) +
                         " bytes, more than the " + std::to_string(max_size) + " allowed");
  }
}

void FrameReader::note(std::uint64_t block, std::uint64_t offset, const std::string& what) {
  damages_.push_back({block, offset, place(block, offset) + what});
}

// Finds the blocks by the index. False if it is not intact: then nothing has been changed.
bool FrameReader::use_index() {
  FoundIndex index;
  if (!find_index(data_, std::size_t(data_size_), header_, header_check_, index)) return false;
  blocks_.reserve(index.entries.size());
  std::uint64_t offset = header_size(header_);
  for (const IndexEntry& entry : index.entries) {
    blocks_.push_back({offset, entry.size, entry.check});
    offset += entry.size;
  }
  items_ = index.items;
  end_ = data_size_;
  return true;
}

// Finds the blocks from header to header, then index and footer if there should be any.
void FrameReader::walk() {
  const std::uint64_t planes = header_.planes;
  const std::uint64_t expected =
      header_.sized ? chunk_count(items_, header_.chunk_items) * planes : 0;
  ExpectedIndex expected_index(header_, header_check_);
  std::uint64_t offset = header_size(header_);
  std::uint32_t chunk_symbols_found = header_.chunk_items;  // of the chunk that the block is in
  end_ = data_size_;
  for (std::uint64_t i = 0;; ++i) {
    if (header_.sized && i == expected) break;
    if (data_size_ - offset < kBlockHeaderSize) {
      return note(i, offset, "the data ends within the block or before it");
    }
    BlockHeader header;
    const char* what = read_block_header(data_ + offset, header);
    if (what == nullptr && header.mode == Mode::index) {
      if (header_.sized || i % planes != 0) return note(i, offset, "the index comes too early");
      break;
    }
    if (what == nullptr) {
      const bool first_of_chunk = i % planes == 0;
      const bool after_last = first_of_chunk && chunk_symbols_found != header_.chunk_items;
      if (header_.sized) {
        if (header.symbols != symbols_of(i)) what = "the number of symbols is not right";
      } else if (after_last || header.symbols > header_.chunk_items ||
                 (!first_of_chunk && header.symbols != chunk_symbols_found)) {
        what = "the number of symbols is not right";
      }
      chunk_symbols_found = header.symbols;
    }
    if (what != nullptr) {
      return note(i, offset, std::string(what) + ", and what follows cannot be found");
    }
    if (data_size_ - offset - kBlockHeaderSize < header.payload) {
      return note(i, offset, "the data ends within the block");
    }
    const IndexEntry entry{std::uint32_t(kBlockHeaderSize) + header.payload, header.check};
    expected_index.add(entry);
    blocks_.push_back({offset, entry.size, entry.check});
    offset += entry.size;
    if (!header_.sized) {
      const bool complete = i % planes == planes - 1;
      if (complete) items_ += header.symbols;
      cut_symbols_ = complete ? 0 : header.symbols;
    }
  }
  end_ = offset;
  if (header_.indexed && !index_follows(offset, expected_index)) end_ = data_size_;
}

// Whether the blocks found are followed by the index and the footer that belong to them.
bool FrameReader::index_follows(std::uint64_t offset, const ExpectedIndex& expected) {
  const unsigned char* const index = data_ + offset;
  if (data_size_ - offset < index_size(expected.blocks())) {
    note(Damage::kNoBlock, offset, "the index is cut off");
    return false;
  }
  BlockHeader header;
  const char* what = read_block_header(index, header);
  if (what == nullptr) what = expected.check_header(header);
  if (what == nullptr) what = expected.check_index(index, header);
  if (what != nullptr) {
    note(Damage::kNoBlock, offset, what);
    return false;
  }
  const std::uint64_t footer = offset + kBlockHeaderSize + header.payload;
  what = expected.check_footer(data_ + footer, header.check, items_);
  if (what != nullptr) {
    note(Damage::kNoBlock, footer, what);
    return false;
  }
  end_ = footer + kFooterSize;
  return true;
}

std::uint32_t FrameReader::symbols_of(std::uint64_t block) const noexcept {
  const std::uint64_t chunk = block / header_.planes;
  if (cut_symbols_ != 0 && chunk * header_.chunk_items == items_) return cut_symbols_;
  return chunk_symbols(items_, header_.chunk_items, chunk);
}

std::uint32_t FrameReader::previous_check(std::uint64_t block) const noexcept {
  return block == 0 ? header_check_ : blocks_[std::size_t(block - 1)].check;
}

BlockInfo FrameReader::block(std::uint64_t i) const noexcept {
  PYINFO_ASSERT(i < block_count());
  const Located& located = blocks_[std::size_t(i)];
  BlockHeader header;
  if (read_block_header(data_ + located.offset, header) != nullptr) {
    header.mode = Mode::raw;
    header.log2_lanes = 0;
  }
  return {header.mode,
          has_lanes(header.mode) ? 1u << header.log2_lanes : 0,
          std::uint32_t(i % header_.planes),
          i / header_.planes * header_.chunk_items,
          symbols_of(i),
          located.size,
          located.offset,
          located.check,
          previous_check(i)};
}

std::vector<BlockInfo> FrameReader::blocks() const {
  std::vector<BlockInfo> result;
  result.reserve(blocks_.size());
  for (std::size_t i = 0; i < blocks_.size(); ++i) result.push_back(block(i));
  return result;
}

void FrameReader::require_complete() const {
  if (!damages_.empty()) throw_damage(damages_.front());
  if (end_ != data_size_) {
    throw CorruptData(std::to_string(data_size_ - end_) + " bytes follow the frame at byte " +
                          std::to_string(end_),
                      end_);
  }
}

void FrameReader::require_known_items() const {
  if (!header_.sized && !damages_.empty()) throw_damage(damages_.front());
}

void FrameReader::require_found(std::uint64_t first, std::uint64_t last) const {
  if (first > last || last > items_) {
    throw std::out_of_range("items " + std::to_string(first) + " to " + std::to_string(last) +
                            " of " + std::to_string(items_));
  }
  if (first == last) return;
  const std::uint64_t last_block = ((last - 1) / header_.chunk_items + 1) * header_.planes - 1;
  if (last_block >= blocks_.size()) {
    // The walk has ended before that block, and has noted why.
    throw_damage(damages_.front());
  }
}

const char* FrameReader::find_payload(std::uint64_t block, Payload& payload) const noexcept {
  const Located& located = blocks_[std::size_t(block)];
  payload.block = data_ + located.offset;
  payload.bytes = payload.block + kBlockHeaderSize;
  if (const char* what = read_block_header(payload.block, payload.header)) return what;
  if (payload.header.mode == Mode::index || payload.header.symbols != symbols_of(block) ||
      payload.header.payload != located.size - kBlockHeaderSize) {
    return "header does not agree with the index";
  }
  return payload.header.check == located.check ? nullptr : kWrongCheck;
}

const char* FrameReader::check_only(const Payload& payload, std::uint64_t block) const noexcept {
  const std::uint32_t sum = block_sum(payload.block, payload.header.payload);
  return chain(previous_check(block), sum) == payload.header.check ? nullptr : kWrongCheck;
}

// Checks a block and decodes all of it to `out`.
const char* FrameReader::decode_to(std::uint64_t block, unsigned char* out) const {
  Payload payload;
  if (const char* what = find_payload(block, payload)) return what;
  const BlockHeader& header = payload.header;
  if (header.mode == Mode::raw) {  // summed and copied in one pass
    const std::uint32_t start = crc32c(0, payload.block, kBlockCheckAt);
    const std::uint32_t sum = crc32c_copy(start, payload.bytes, header.payload, out);
    return chain(previous_check(block), sum) == header.check ? nullptr : kWrongCheck;
  }
  if (const char* what = check_only(payload, block)) return what;
  return decode_frame_block(header.mode, header.log2_lanes, header.patches, payload.bytes,
                            header.payload, out, header.symbols);
}

// Items first .. last - 1 of a chunk. False: `damage` says what is wrong.
bool FrameReader::decode_chunk(std::uint64_t chunk, std::uint32_t first, std::uint32_t last,
                               unsigned char* out, Damage& damage) const {
  const std::size_t planes = header_.planes;
  const std::uint64_t first_block = chunk * planes;
  const std::size_t n = symbols_of(first_block);
  const auto fail = [&](std::uint64_t block, const char* what) {
    const std::uint64_t offset = blocks_[std::size_t(block)].offset;
    damage = {block, offset, place(block, offset) + what};
    return false;
  };
  if (planes == 1 && first == 0 && last == n) {
    const char* what = decode_to(first_block, out);
    return what == nullptr || fail(first_block, what);
  }
  const memory::ThreadScratch<ChunkScratch> scratch;
  const std::size_t stride = plane_stride(n);
  unsigned char* const memory = scratch->planes.acquire(planes * stride);
  scratch->pointers.resize(planes);
  for (std::size_t k = 0; k < planes; ++k) {
    Payload payload;
    const char* what = find_payload(first_block + k, payload);
    const unsigned char* plane = memory + k * stride;
    if (what == nullptr && payload.header.mode == Mode::raw) {
      what = check_only(payload, first_block + k);
      plane = payload.bytes;
    } else if (what == nullptr) {
      what = decode_to(first_block + k, memory + k * stride);
    }
    if (what != nullptr) return fail(first_block + k, what);
    scratch->pointers[k] = plane + first;
  }
  join_planes(scratch->pointers.data(), last - first, planes, header_.rotated, out);
  return true;
}

void FrameReader::decode(std::uint64_t first, std::uint64_t last, unsigned char* out,
                         int threads) const {
  require_found(first, last);
  if (first == last) return;
  const std::uint64_t chunk_items = header_.chunk_items;
  const std::uint64_t first_chunk = first / chunk_items;
  const std::uint64_t chunks = (last - 1) / chunk_items + 1 - first_chunk;
  std::mutex mutex;
  Damage worst{Damage::kNoBlock, 0, {}};
  threads::parallel_or_throw(std::size_t(chunks), threads, [&](std::size_t i) {
    const std::uint64_t chunk = first_chunk + i;
    const std::uint64_t start = chunk * chunk_items;
    const std::uint64_t from = std::max(first, start);
    const std::uint64_t to = std::min(last, start + chunk_items);
    Damage damage;
    if (!decode_chunk(chunk, std::uint32_t(from - start), std::uint32_t(to - start),
                      out + (from - first) * header_.planes, damage)) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (damage.block < worst.block) worst = damage;
    }
  });
  if (worst.block != Damage::kNoBlock) throw_damage(worst);
}

std::vector<Damage> FrameReader::verify(int threads) const {
  std::vector<Damage> found = damages_;
  std::mutex mutex;
  threads::parallel_or_throw(blocks_.size(), threads, [&](std::size_t i) {
    Payload payload;
    const char* what = find_payload(i, payload);
    if (what == nullptr && payload.header.mode == Mode::raw) {
      what = check_only(payload, i);
    } else if (what == nullptr) {
      const memory::ThreadScratch<ChunkScratch> scratch;
      what = decode_to(i, scratch->planes.acquire(payload.header.symbols));
    }
    if (what == nullptr) return;
    const std::uint64_t offset = blocks_[i].offset;
    const std::lock_guard<std::mutex> lock(mutex);
    found.push_back({i, offset, place(i, offset) + what});
  });
  if (damages_.empty() && end_ != data_size_) {
    found.push_back({Damage::kNoBlock, end_,
                     place(Damage::kNoBlock, end_) + std::to_string(data_size_ - end_) +
                         " bytes follow the end"});
  }
  std::sort(found.begin(), found.end(),
            [](const Damage& a, const Damage& b) { return a.offset < b.offset; });
  return found;
}

}  // namespace pyinfo::coding
