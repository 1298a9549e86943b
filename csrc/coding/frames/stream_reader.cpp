#include "coding/frames/stream_reader.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <mutex>
#include <string>

#include "coding/frames/alphabet_block.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/planes/chunks.hpp"
#include "coding/planes/planes.hpp"
#include "memory/thread_scratch.hpp"
#include "threads/interruption.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::coding {
namespace {

// Decoded bytes of whole chunks that are enough to give all threads work: for each of them, so that
// starting it costs little, and for any number, so that memory is bounded.
constexpr std::size_t kEnoughPerThread = std::size_t{2} << 20;
constexpr std::size_t kEnough = std::size_t{16} << 20;
constexpr std::size_t kEnoughBlocks = std::size_t{1} << 16;  // however small

}  // namespace

// What a thread puts the planes of a chunk into.
struct StreamReader::ChunkScratch {
  memory::ScratchBuffer planes;
  std::vector<const unsigned char*> pointers;

  void trim() {
    planes.trim();
    if (pointers.size() > 64) pointers = {};
  }
};

StreamReader::StreamReader(std::uint64_t max_size, int threads)
    : max_size_(max_size), threads_(threads::resolve(threads)), wanted_(kHeaderFixedSize) {}

std::size_t StreamReader::feed(const unsigned char* data, std::size_t size) {
  if (stage_ == Stage::failed) fail(offset_, "the frame is damaged, as an earlier call has said");
  if (ready_size() == 0) {
    out_.clear();
    out_used_ = 0;
  }
  std::size_t used = 0;
  while (ready_size() == 0 && stage_ != Stage::ended) {
    if (enough_waits()) break;
    const std::size_t now = std::min(size - used, wanted_ - part_size());
    memory_.insert(memory_.end(), data + used, data + used + now);
    used += now;
    if (part_size() < wanted_) {
      if (stage_ == Stage::header) peek_part();  // what cannot be a frame is told at once
      break;
    }
    try {
      part_complete();
    } catch (const CorruptData&) {
      decode_waiting();  // damage in a block before this one comes first
      throw;
    }
  }
  decode_waiting();
  return used;
}

StreamReader::Moved StreamReader::read(const unsigned char* data, std::size_t size, std::size_t max,
                                       const Grow& grow) {
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
    threads::require_uninterrupted();
  }
}

void StreamReader::require_end() const {
  if (stage_ == Stage::ended) return;
  const std::uint64_t end = offset_ + part_size();
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
    return peek_header(part(), part_size());
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
  offset_ += part_size();
  if (waiting_.empty()) {
    memory_.clear();
  } else if (stage_ != Stage::payload || block_.mode == Mode::index) {
    memory_.resize(part_begin_);  // only blocks wait
  }
  part_begin_ = memory_.size();
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
  if (whole > part_size()) {
    wanted_ = whole;
    return;
  }
  try {
    header_ = read_header(part(), part_size(), header_check_);
    index_ = ExpectedIndex(header_, header_check_);
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
  if (const char* what = read_block_header(part(), block_)) fail_block(what);
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
  const std::uint32_t previous = index_.last_check();
  if (threads_ == 1) {
    decode_part();
  } else {
    waiting_.push_back({part_begin_, block_, previous, index_.blocks(), offset_});
  }
  index_.add({std::uint32_t(part_size()), block_.check});
  if (++plane_ == header_.planes) {
    if (threads_ == 1) {
      join_chunk();
    } else {
      ++whole_chunks_;
    }
    plane_ = 0;
    items_ += symbols_;
  }
  expect_block();
}

// Decodes the block that is complete, to its plane of the chunk.
void StreamReader::decode_part() {
  const std::uint32_t sum = block_sum(part(), block_.payload);
  if (chain(index_.last_check(), sum) != block_.check) fail_block("checksum does not match");
  // Planes are added as their blocks come: headers alone make no memory be used.
  std::vector<unsigned char>& to = header_.planes == 1 ? out_ : chunk_;
  if (plane_ == 0) to.reserve(std::size_t{header_.planes} * symbols_);
  const std::size_t start = std::size_t{plane_} * symbols_;
  to.resize(start + symbols_);
  const char* what =
      decode_frame_block(block_.mode, block_.log2_lanes, block_.patches, part() + kBlockHeaderSize,
                         block_.payload, to.data() + start, symbols_);
  if (what != nullptr) fail_block(what);
}

void StreamReader::join_chunk() {
  if (header_.planes == 1) return;
  pointers_.resize(header_.planes);
  for (std::size_t k = 0; k < header_.planes; ++k) {
    pointers_[k] = chunk_.data() + k * symbols_;
  }
  out_.resize(std::size_t{symbols_} * header_.planes);
  join_planes(pointers_.data(), symbols_, header_.planes, header_.rotated, out_.data());
  chunk_.clear();
}

bool StreamReader::enough_waits() const noexcept {
  if (whole_chunks_ == 0) return false;
  const std::size_t bytes = whole_chunks_ * header_.chunk_items * std::size_t{header_.planes};
  return bytes >= std::min(kEnough, std::size_t(threads_) * kEnoughPerThread) ||
         waiting_.size() >= kEnoughBlocks;
}

// Decodes the whole chunks that wait, each on one thread.
void StreamReader::decode_waiting() {
  if (whole_chunks_ == 0) return;
  const std::size_t planes = header_.planes;
  const std::size_t blocks = whole_chunks_ * planes;
  const std::size_t stride =
      std::size_t{header_.chunk_items} * planes;  // all but the last are full
  out_.resize((whole_chunks_ - 1) * stride + waiting_[blocks - 1].header.symbols * planes);
  std::mutex mutex;
  std::size_t worst = blocks;
  std::string message;
  threads::parallel_or_throw(whole_chunks_, threads_, [&](std::size_t chunk) {
    std::size_t failed = 0;
    const char* what =
        decode_chunk(&waiting_[chunk * planes], out_.data() + chunk * stride, failed);
    if (what == nullptr) return;
    const std::lock_guard<std::mutex> lock(mutex);
    if (chunk * planes + failed < worst) {
      worst = chunk * planes + failed;
      message = what;
    }
  });
  if (worst < blocks) {
    out_.clear();
    fail_block(waiting_[worst].number, waiting_[worst].offset, message);
  }
  const std::size_t done = blocks < waiting_.size() ? waiting_[blocks].begin : part_begin_;
  memory_.erase(memory_.begin(), memory_.begin() + std::ptrdiff_t(done));
  part_begin_ -= done;
  waiting_.erase(waiting_.begin(), waiting_.begin() + std::ptrdiff_t(blocks));
  for (Waiting& block : waiting_) block.begin -= done;
  whole_chunks_ = 0;
}

// Returns null, or what is wrong with the block `failed` of the chunk.
const char* StreamReader::decode_chunk(const Waiting* blocks, unsigned char* out,
                                       std::size_t& failed) const {
  const std::size_t planes = header_.planes;
  const std::size_t n = blocks[0].header.symbols;
  const memory::ThreadScratch<ChunkScratch> scratch;
  const std::size_t stride = plane_stride(n);
  unsigned char* const memory = planes == 1 ? out : scratch->planes.acquire(planes * stride);
  scratch->pointers.resize(planes);
  for (std::size_t k = 0; k < planes; ++k) {
    failed = k;
    const BlockHeader& header = blocks[k].header;
    const unsigned char* const block = memory_.data() + blocks[k].begin;
    if (chain(blocks[k].previous_check, block_sum(block, header.payload)) != header.check) {
      return "checksum does not match";
    }
    const char* what =
        decode_frame_block(header.mode, header.log2_lanes, header.patches, block + kBlockHeaderSize,
                           header.payload, memory + k * stride, n);
    if (what != nullptr) return what;
    scratch->pointers[k] = memory + k * stride;
  }
  if (planes > 1) join_planes(scratch->pointers.data(), n, planes, header_.rotated, out);
  return nullptr;
}

void StreamReader::index_complete() {
  if (const char* what = index_.check_index(part(), block_)) fail_block(what);
  expect(Stage::footer, kFooterSize);
}

void StreamReader::footer_complete() {
  if (const char* what = index_.check_footer(part(), block_.check, items_)) {
    fail(offset_, what);
  }
  expect(Stage::ended, 0);
}

void StreamReader::fail_block(const std::string& what) {
  fail_block(index_.blocks(), offset_, what);
}

void StreamReader::fail_block(std::uint64_t number, std::uint64_t offset, const std::string& what) {
  fail(offset,
       "block " + std::to_string(number) + " at byte " + std::to_string(offset) + ": " + what);
}

void StreamReader::fail(std::uint64_t offset, const std::string& what) {
  stage_ = Stage::failed;
  throw CorruptData(what, offset);
}

}  // namespace pyinfo::coding
