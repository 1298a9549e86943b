// A frame that arrives in pieces, decoded chunk by chunk in bounded memory; with several threads
// several chunks at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "coding/frames/frame_format.hpp"
#include "coding/frames/frame_index.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {

class StreamReader {
 public:
  // `threads` 0: one per core.
  explicit StreamReader(std::uint64_t max_size = kNoLimit, int threads = 1);

  // Takes bytes of the frame and returns how many: all of them, unless decoded bytes are ready
  // (take them first) or the frame ends. Throws CorruptData, or OutputTooLarge when the frame says,
  // or turns out, to hold more than max_size bytes; after that it takes nothing more.
  std::size_t feed(const unsigned char* data, std::size_t size);

  // Feeds data as long as that is possible and moves up to `max` decoded bytes to memory that
  // `grow` gives: grow(n) returns n bytes, which begin with what has been written so far.
  using Grow = std::function<unsigned char*(std::size_t)>;
  struct Moved {
    std::size_t used;     // of the data
    std::size_t written;  // to the memory
  };
  Moved read(const unsigned char* data, std::size_t size, std::size_t max, const Grow& grow);

  // Decoded bytes that are ready, whole items in memory order: take from the front.
  const unsigned char* ready() const noexcept { return out_.data() + out_used_; }
  std::size_t ready_size() const noexcept { return out_.size() - out_used_; }
  void take(std::size_t size) noexcept {
    PYINFO_ASSERT(size <= ready_size());
    out_used_ += size;
  }

  bool header_known() const noexcept { return stage_ != Stage::header; }
  const FrameHeader& header() const noexcept { return header_; }
  // Of the frame, if it is sized or has ended.
  std::uint64_t items() const noexcept { return header_.sized ? header_.items : items_; }
  // The frame is complete and intact; bytes may still be ready.
  bool ended() const noexcept { return stage_ == Stage::ended; }
  // Throws CorruptData that says where the frame breaks off, unless it has ended.
  void require_end() const;

 private:
  enum class Stage : std::uint8_t { header, block_header, payload, footer, ended, failed };

  // A block that waits until there are enough of them for all threads.
  struct Waiting {
    std::size_t begin;  // in memory_
    BlockHeader header;
    std::uint32_t previous_check;
    std::uint64_t number;
    std::uint64_t offset;  // in the frame
  };
  struct ChunkScratch;

  const unsigned char* part() const noexcept { return memory_.data() + part_begin_; }
  std::size_t part_size() const noexcept { return memory_.size() - part_begin_; }
  std::size_t peek_part();
  void part_complete();
  void expect(Stage stage, std::size_t size);
  void expect_block();
  void header_complete();
  void limit_size(std::uint64_t items);
  void block_header_complete();
  void payload_complete();
  void decode_part();
  void join_chunk();
  bool enough_waits() const noexcept;
  void decode_waiting();
  const char* decode_chunk(const Waiting* blocks, unsigned char* out, std::size_t& failed) const;
  void index_complete();
  void footer_complete();
  [[noreturn]] void fail_block(const std::string& what);
  [[noreturn]] void fail_block(std::uint64_t number, std::uint64_t offset, const std::string& what);
  [[noreturn]] void fail(std::uint64_t offset, const std::string& what);

  std::uint64_t max_size_;
  int threads_;
  Stage stage_ = Stage::header;
  std::vector<unsigned char>
      memory_;                  // blocks that wait, and the bytes so far of the part that comes
  std::size_t part_begin_ = 0;  // of that part
  std::size_t wanted_ = 0;      // its size, as far as known
  std::uint64_t offset_ = 0;    // of the part in the frame
  std::vector<Waiting> waiting_;
  std::size_t whole_chunks_ = 0;  // among them

  FrameHeader header_;
  BlockHeader block_{};
  std::uint64_t items_ = 0;    // in the chunks that have come
  std::uint32_t plane_ = 0;    // of the block that comes
  std::uint32_t symbols_ = 0;  // of the chunk that comes
  bool last_chunk_ = false;
  std::uint32_t header_check_ = 0;
  ExpectedIndex index_;
  std::vector<unsigned char> chunk_;  // planes, one after another
  std::vector<const unsigned char*> pointers_;
  std::vector<unsigned char> out_;
  std::size_t out_used_ = 0;
};

}  // namespace pyinfo::coding
