#include "coding/frames/frame_reader.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "coding/corrupt_data.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/planes/planes.hpp"
#include "memory/work_memory.hpp"
#include "threads/tasks.hpp"

namespace pyinfo::coding {
namespace {

constexpr char kWrongCheck[] = "checksum does not match";
constexpr std::size_t kSmallestBlock = kBlockHeaderSize + 1;

std::string place(std::uint64_t block, std::uint64_t offset) {
  const std::string what = block == Damage::kNoBlock ? "frame" : "block " + std::to_string(block);
  return what + " at byte " + std::to_string(offset) + ": ";
}

[[noreturn]] void throw_damage(const Damage& damage) {
  throw CorruptData(damage.message, damage.offset);
}

}  // namespace

// A block whose header is right as far as that can be seen without the payload.
struct FrameReader::Opened {
  BlockHeader header;
  const unsigned char* start;
  const unsigned char* payload;
};

// The planes of a chunk that are not used where they lie in the frame.
struct FrameReader::Workshop {
  WorkMemory planes;
  std::vector<const unsigned char*> pointers;

  void trim() {
    planes.trim();
    if (pointers.size() > 64) pointers = {};
  }
};

FrameReader::FrameReader(const unsigned char* data, std::size_t size, std::uint64_t max_size)
    : data_(data), data_size_(size), header_(read_header(data, size, header_check_)) {
  const std::uint64_t first_block = header_size(header_);
  items_ = header_.items;
  if (!header_.indexed || !read_index(first_block)) walk(first_block);
  if (this->size() > max_size) {
    throw OutputTooLarge("the frame decodes to " + std::to_string(this->size()) +
                         " bytes, more than the " + std::to_string(max_size) + " allowed");
  }
}

void FrameReader::note(std::uint64_t block, std::uint64_t offset, const std::string& what) {
  damages_.push_back({block, offset, place(block, offset) + what});
}

// Finds the blocks by an index and a footer that end the data. False if they are not intact, or not
// there: then nothing has been changed.
bool FrameReader::read_index(std::uint64_t first_block) {
  if (data_size_ - first_block < kBlockHeaderSize + kFooterSize) return false;
  Footer footer;
  const unsigned char* const footer_at = data_ + data_size_ - kFooterSize;
  if (read_footer(footer_at, footer) != nullptr) return false;
  if (data_size_ - first_block - kBlockHeaderSize - kFooterSize < footer.index_payload) {
    return false;
  }
  const unsigned char* const index = footer_at - footer.index_payload - kBlockHeaderSize;
  BlockHeader header;
  if (read_block_header(index, header) != nullptr || header.mode != Mode::index ||
      header.payload != footer.index_payload) {
    return false;
  }
  const std::uint64_t count = header.payload / kIndexEntrySize;
  const unsigned char* const entries = index + kBlockHeaderSize;
  const std::uint32_t previous =
      count == 0 ? header_check_ : load32(entries + (count - 1) * kIndexEntrySize + 4);
  if (chain(previous, block_sum(index, header.payload)) != header.check ||
      footer_check(footer_at, header.check) != footer.check) {
    return false;
  }
  if (header_.sized && footer.items != header_.items) return false;
  if (footer.items / kMaxBlockSymbols > count ||
      chunk_count(footer.items, header_.chunk_items) * header_.planes != count) {
    return false;
  }
  std::vector<Located> found;
  found.reserve(std::size_t(count));
  std::uint64_t offset = first_block;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint32_t size = load32(entries + i * kIndexEntrySize);
    if (size < kSmallestBlock) return false;
    found.push_back({offset, size, load32(entries + i * kIndexEntrySize + 4)});
    offset += size;  // no overflow: at most 2^29 entries
  }
  if (offset != std::uint64_t(index - data_)) return false;
  blocks_ = std::move(found);
  items_ = footer.items;
  end_ = data_size_;
  return true;
}

// Finds the blocks from header to header, then index and footer if there should be any.
void FrameReader::walk(std::uint64_t first_block) {
  const std::uint64_t planes = header_.planes;
  const std::uint64_t expected =
      header_.sized ? chunk_count(items_, header_.chunk_items) * planes : 0;
  std::uint64_t offset = first_block;
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
    blocks_.push_back({offset, std::uint32_t(kBlockHeaderSize) + header.payload, header.check});
    offset += kBlockHeaderSize + header.payload;
    if (!header_.sized && i % planes == planes - 1) items_ += header.symbols;
  }
  end_ = offset;
  if (header_.indexed && !index_follows(offset)) end_ = data_size_;
}

// Whether the blocks found are followed by the index and the footer that belong to them.
bool FrameReader::index_follows(std::uint64_t offset) {
  const unsigned char* const index = data_ + offset;
  const std::uint64_t payload = blocks_.size() * kIndexEntrySize;
  if (data_size_ - offset < kBlockHeaderSize + payload + kFooterSize) {
    note(Damage::kNoBlock, offset, "the index is cut off");
    return false;
  }
  BlockHeader header;
  const char* what = read_block_header(index, header);
  if (what == nullptr && (header.mode != Mode::index || header.payload != payload)) {
    what = "the index does not belong to the blocks";
  }
  const std::uint32_t previous = previous_check(blocks_.size());
  if (what == nullptr && chain(previous, block_sum(index, std::size_t(payload))) != header.check) {
    what = "the index's checksum does not match";
  }
  for (std::size_t i = 0; i < blocks_.size() && what == nullptr; ++i) {
    const unsigned char* const entry = index + kBlockHeaderSize + i * kIndexEntrySize;
    if (load32(entry) != blocks_[i].size || load32(entry + 4) != blocks_[i].check) {
      what = "the index does not belong to the blocks";
    }
  }
  if (what != nullptr) {
    note(Damage::kNoBlock, offset, what);
    return false;
  }
  const std::uint64_t footer_offset = offset + kBlockHeaderSize + payload;
  const unsigned char* const footer_at = data_ + footer_offset;
  Footer footer;
  what = read_footer(footer_at, footer);
  if (what == nullptr && footer_check(footer_at, header.check) != footer.check) {
    what = "the footer's checksum does not match";
  }
  if (what == nullptr && (footer.items != items_ || footer.index_payload != payload)) {
    what = "the footer does not belong to the blocks";
  }
  if (what != nullptr) {
    note(Damage::kNoBlock, footer_offset, what);
    return false;
  }
  end_ = footer_offset + kFooterSize;
  return true;
}

std::uint32_t FrameReader::symbols_of(std::uint64_t block) const noexcept {
  return chunk_symbols(items_, header_.chunk_items, block / header_.planes);
}

std::uint32_t FrameReader::previous_check(std::uint64_t block) const noexcept {
  return block == 0 ? header_check_ : blocks_[std::size_t(block - 1)].check;
}

BlockInfo FrameReader::block(std::uint64_t i) const noexcept {
  const Located& located = blocks_[std::size_t(i)];
  BlockHeader header;
  if (read_block_header(data_ + located.offset, header) != nullptr) {
    header.mode = Mode::raw;
    header.log2_lanes = 0;
  }
  const bool has_lanes = header.mode == Mode::huffman || header.mode == Mode::rans;
  return {header.mode,
          has_lanes ? 1u << header.log2_lanes : 0,
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

const char* FrameReader::open(std::uint64_t block, Opened& opened) const noexcept {
  const Located& located = blocks_[std::size_t(block)];
  opened.start = data_ + located.offset;
  opened.payload = opened.start + kBlockHeaderSize;
  if (const char* what = read_block_header(opened.start, opened.header)) return what;
  if (opened.header.mode == Mode::index || opened.header.symbols != symbols_of(block) ||
      opened.header.payload != located.size - kBlockHeaderSize) {
    return "header does not agree with the index";
  }
  return opened.header.check == located.check ? nullptr : kWrongCheck;
}

const char* FrameReader::check_only(const Opened& opened, std::uint64_t block) const noexcept {
  const std::uint32_t sum = block_sum(opened.start, opened.header.payload);
  return chain(previous_check(block), sum) == opened.header.check ? nullptr : kWrongCheck;
}

// Checks a block and decodes all of it to `out`.
const char* FrameReader::decode_to(std::uint64_t block, unsigned char* out) const noexcept {
  Opened opened;
  if (const char* what = open(block, opened)) return what;
  const BlockHeader& header = opened.header;
  if (header.mode == Mode::raw) {  // sum and copy in one go
    const std::uint32_t start = crc32c(0, opened.start, kBlockHeaderSize - 4);
    const std::uint32_t sum = crc32c_copy(start, opened.payload, header.payload, out);
    return chain(previous_check(block), sum) == header.check ? nullptr : kWrongCheck;
  }
  if (const char* what = check_only(opened, block)) return what;
  return decode_block(header.mode, header.log2_lanes, header.patches, opened.payload,
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
  const Lease<Workshop> workshop;
  const std::size_t stride = (n + 63) / 64 * 64 + 64;  // see planes_of in frame_writer.cpp
  unsigned char* const memory = workshop->planes.take(planes * stride);
  workshop->pointers.resize(planes);
  for (std::size_t k = 0; k < planes; ++k) {
    Opened opened;
    const char* what = open(first_block + k, opened);
    const unsigned char* plane = memory + k * stride;
    if (what == nullptr && opened.header.mode == Mode::raw) {
      what = check_only(opened, first_block + k);
      plane = opened.payload;
    } else if (what == nullptr) {
      what = decode_to(first_block + k, memory + k * stride);
    }
    if (what != nullptr) return fail(first_block + k, what);
    workshop->pointers[k] = plane + first;
  }
  join_planes(workshop->pointers.data(), last - first, planes, header_.rotated, out);
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
  parallel_or_throw(std::size_t(chunks), threads, [&](std::size_t i) {
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
  parallel_or_throw(blocks_.size(), threads, [&](std::size_t i) {
    Opened opened;
    const char* what = open(i, opened);
    if (what == nullptr && opened.header.mode == Mode::raw) {
      what = check_only(opened, i);
    } else if (what == nullptr) {
      const Lease<Workshop> workshop;
      what = decode_to(i, workshop->planes.take(opened.header.symbols));
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
