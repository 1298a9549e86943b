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

// What the index must say, from the blocks seen so far. Its entries are kept and compared, 8 bytes
// a block: a checksum of them would not do, since an entry has the check of a block in it, which
// makes all entries of equal blocks contribute alike.
class ExpectedIndex {
 public:
  ExpectedIndex() = default;
  // Of the frame with this header; entries are kept if it has an index.
  ExpectedIndex(const FrameHeader& header, std::uint32_t header_check) noexcept
      : indexed_(header.indexed), last_check_(header_check) {}

  void add(const IndexEntry& entry);

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
  bool indexed_ = false;
  std::uint64_t blocks_ = 0;
  std::uint32_t last_check_ = 0;
  std::vector<IndexEntry> entries_;  // of an indexed frame
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
