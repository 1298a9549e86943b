#include "coding/frames/stream_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "coding/frames/block.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/planes/chunks.hpp"
#include "coding/planes/planes.hpp"

namespace pyinfo::coding {

StreamReader::StreamReader(std::uint64_t max_size)
    : max_size_(max_size), wanted_(kHeaderFixedSize) {}

std::size_t StreamReader::feed(const unsigned char* data, std::size_t size) {
  if (stage_ == Stage::failed) fail(offset_, "the frame is damaged, as an earlier call has said");
  if (ready_size() == 0) {
    out_.clear();
    out_used_ = 0;
  }
  std::size_t used = 0;
  while (ready_size() == 0 && stage_ != Stage::ended) {
    const std::size_t now = std::min(size - used, wanted_ - part_.size());
    part_.insert(part_.end(), data + used, data + used + now);
    used += now;
    if (part_.size() < wanted_) {
      if (stage_ == Stage::header) peek_part();  // what cannot be a frame is told at once
      break;
    }
    part_complete();
  }
  return used;
}

StreamReader::Moved StreamReader::read(const unsigned char* data, std::size_t size, std::size_t max,
                                       const Grow& grow, const KeepGoing& keep_going) {
  Moved moved{0, 0};
  std::size_t capacity = 0;
  unsigned char* out = nullptr;
  while (true) {
    const std::size_t now = std::min(max - moved.written, ready_size());
    if (now > 0) {
      if (moved.written + now > capacity) {
        capacity = std::max(2 * capacity, moved.written + now);
        out = grow(capacity);
      }
      std::memcpy(out + moved.written, ready(), now);
      take(now);
      moved.written += now;
    }
    if (ready_size() > 0 || moved.used == size || ended()) return moved;
    moved.used += feed(data + moved.used, size - moved.used);
    require_going(keep_going);
  }
}

void StreamReader::require_end() const {
  if (stage_ == Stage::ended) return;
  const std::uint64_t end = offset_ + part_.size();
  static constexpr const char* kParts[] = {"the frame header", "block ", "block ", "the footer",
                                           ""};
  std::string part = kParts[static_cast<std::size_t>(stage_)];
  if (stage_ == Stage::block_header || stage_ == Stage::payload)
    part += std::to_string(index_.blocks());
  throw CorruptData("the data ends at byte " + std::to_string(end) + ", within or before " + part,
                    end);
}

std::size_t StreamReader::peek_part() {
  try {
    return peek_header(part_.data(), part_.size());
  } catch (const CorruptData&) {
    stage_ = Stage::failed;
    throw;
  }
}

void StreamReader::part_complete() {
  switch (stage_) {
    case Stage::header:
      return header_complete();
    case Stage::block_header:
      return block_header_complete();
    case Stage::payload:
      return block_.mode == Mode::index ? index_complete() : payload_complete();
    default:
      return footer_complete();
  }
}

// The part that is complete is done with; what comes next has `size` bytes, as far as known.
void StreamReader::expect(Stage stage, std::size_t size) {
  offset_ += part_.size();
  part_.clear();
  stage_ = stage;
  wanted_ = size;
}

// What comes after a block, or after the header.
void StreamReader::expect_block() {
  const bool all = header_.sized && items_ == header_.items;
  if (all && !header_.indexed) return expect(Stage::ended, 0);
  expect(Stage::block_header, kBlockHeaderSize);
}

void StreamReader::header_complete() {
  const std::size_t whole = peek_part();
  if (whole > part_.size()) {
    wanted_ = whole;
    return;
  }
  try {
    header_ = read_header(part_.data(), part_.size(), header_check_);
    index_ = IndexDigest(header_check_);
  } catch (const CorruptData&) {
    stage_ = Stage::failed;
    throw;
  }
  limit_size(header_.items);
  expect_block();
}

void StreamReader::limit_size(std::uint64_t items) {
  if (items <= max_size_ / header_.planes) return;
  stage_ = Stage::failed;
  throw OutputTooLarge("the frame decodes to more than the " + std::to_string(max_size_) +
                       " bytes allowed");
}

void StreamReader::block_header_complete() {
  if (const char* what = read_block_header(part_.data(), block_)) fail_block(what);
  if (block_.mode == Mode::index) {
    if (!header_.indexed || plane_ != 0 || (header_.sized && items_ != header_.items)) {
      fail_block("the index comes too early");
    }
    if (const char* what = index_.check_header(block_)) fail_block(what);
  } else if (plane_ != 0) {
    if (block_.symbols != symbols_) fail_block("the number of symbols is not right");
  } else {
    if (last_chunk_ || (header_.sized && items_ == header_.items)) {
      fail_block("a block follows the last one");
    }
    const std::uint32_t limit = header_.sized
                                    ? chunk_symbols(header_.items - items_, header_.chunk_items, 0)
                                    : header_.chunk_items;
    if (block_.symbols > limit || (header_.sized && block_.symbols != limit)) {
      fail_block("the number of symbols is not right");
    }
    symbols_ = block_.symbols;
    last_chunk_ = symbols_ != header_.chunk_items;
    limit_size(items_ + symbols_);
  }
  stage_ = Stage::payload;
  wanted_ = kBlockHeaderSize + block_.payload;
}

void StreamReader::payload_complete() {
  const std::uint32_t sum = block_sum(part_.data(), block_.payload);
  if (chain(index_.last_check(), sum) != block_.check) fail_block("checksum does not match");
  // Planes are added as their blocks come: headers alone make no memory be taken.
  std::vector<unsigned char>& to = header_.planes == 1 ? out_ : chunk_;
  const std::size_t start = std::size_t{plane_} * symbols_;
  to.resize(start + symbols_);
  const char* what =
      decode_block(block_.mode, block_.log2_lanes, block_.patches, part_.data() + kBlockHeaderSize,
                   block_.payload, to.data() + start, symbols_);
  if (what != nullptr) fail_block(what);

  index_.add({std::uint32_t(part_.size()), block_.check});
  if (++plane_ == header_.planes) chunk_complete();
  expect_block();
}

void StreamReader::chunk_complete() {
  if (header_.planes > 1) {
    pointers_.resize(header_.planes);
    for (std::size_t k = 0; k < header_.planes; ++k) {
      pointers_[k] = chunk_.data() + k * symbols_;
    }
    out_.resize(std::size_t{symbols_} * header_.planes);
    join_planes(pointers_.data(), symbols_, header_.planes, header_.rotated, out_.data());
    chunk_.clear();
  }
  plane_ = 0;
  items_ += symbols_;
}

void StreamReader::index_complete() {
  if (const char* what = index_.check_index(part_.data(), block_)) fail_block(what);
  expect(Stage::footer, kFooterSize);
}

void StreamReader::footer_complete() {
  if (const char* what = index_.check_footer(part_.data(), block_.check, items_)) {
    fail(offset_, what);
  }
  expect(Stage::ended, 0);
}

void StreamReader::fail_block(const std::string& what) {
  fail(offset_, "block " + std::to_string(index_.blocks()) + " at byte " + std::to_string(offset_) +
                    ": " + what);
}

void StreamReader::fail(std::uint64_t offset, const std::string& what) {
  stage_ = Stage::failed;
  throw CorruptData(what, offset);
}

}  // namespace pyinfo::coding
