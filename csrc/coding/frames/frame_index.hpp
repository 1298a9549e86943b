// The index of a frame and its footer: the size and the check of every block, in their order. One
// account of them for the writer and both readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding/frames/frame_format.hpp"

namespace pyinfo::coding {

struct IndexEntry {
  std::uint32_t size;  // of the block with its header
  std::uint32_t check;
};

// What the index must say, from the blocks seen so far.
class IndexDigest {
 public:
  explicit IndexDigest(std::uint32_t header_check = 0) noexcept : last_check_(header_check) {}

  void add(const IndexEntry& entry) noexcept;

  std::uint64_t blocks() const noexcept { return blocks_; }
  std::uint64_t payload_size() const noexcept { return blocks_ * kIndexEntrySize; }
  // Of the last block; of the header if there is none.
  std::uint32_t last_check() const noexcept { return last_check_; }

  // Null if this header is that of an index with as many entries, else what is wrong.
  const char* check_header(const BlockHeader& header) const noexcept;
  // The same about all of the index, whose header has been found right.
  const char* check_index(const unsigned char* index, const BlockHeader& header) const noexcept;
  // The same about the footer of a frame of so many items; `index_check` is that of the index.
  const char* check_footer(const unsigned char* footer, std::uint32_t index_check,
                           std::uint64_t items) const noexcept;

 private:
  std::uint64_t blocks_ = 0;
  std::uint32_t last_check_;
  std::uint32_t sum_ = 0;  // CRC of the entries
};

// Bytes of an index of so many blocks, and the footer.
constexpr std::size_t index_size(std::uint64_t blocks) noexcept {
  return kBlockHeaderSize + kIndexEntrySize * std::size_t(blocks) + kFooterSize;
}

// Whether an index may have so many entries.
constexpr bool index_fits(std::uint64_t blocks) noexcept {
  return blocks <= 0xffffffffu / kIndexEntrySize;
}

// Writes index_size(entries.size()) bytes. `header_check` is that of the frame's header.
void write_index(const std::vector<IndexEntry>& entries, std::uint32_t header_check,
                 std::uint64_t items, unsigned char* out) noexcept;

// The blocks of a frame by the index and the footer that end `data`, the first one at
// `first_block`. False if these two are not intact, or not there, or do not agree with the header.
struct FoundIndex {
  std::vector<IndexEntry> entries;
  std::uint64_t items;
};
bool find_index(const unsigned char* data, std::size_t size, const FrameHeader& header,
                std::uint32_t header_check, FoundIndex& found);

}  // namespace pyinfo::coding
