// Arrays to frames, at once or piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding/frames/block.hpp"
#include "coding/frames/frame_format.hpp"
#include "coding/frames/frame_index.hpp"

namespace pyinfo::coding {

// Items of a chunk that a caller wants `wanted` of, 0 for the default. Items of many planes get
// shorter chunks, so that the memory for one stays small.
std::uint32_t choose_chunk_items(std::uint32_t planes, std::uint32_t wanted) noexcept;

// The most bytes that compress() writes for this header.items.
std::size_t compress_bound(const FrameHeader& header);

// Writes a frame of header.items items of header.planes bytes; header.sized and header.indexed are
// chosen here, and so is header.rotated for floats. Returns its size. `out` has memory for
// compress_bound(header) bytes. The result depends on the data, the header, the coder, the effort
// and `floats` alone. A small array that coding would not make smaller is stored as one plane.
std::size_t compress(const unsigned char* data, const FrameHeader& header, const Settings& settings,
                     unsigned char* out);

// What compress() decides for each block, in their order: chunk by chunk, plane by plane.
std::vector<BlockSizes> block_sizes(const unsigned char* data, const FrameHeader& header,
                                    const Settings& settings);

// A frame written piece by piece: write_header, write_items as often as needed, finish. The caller
// has memory for what each of them may write: see the bounds.
class FrameWriter {
 public:
  // Throws std::invalid_argument for a header out of range. An unsized frame must be indexed.
  FrameWriter(const FrameHeader& header, const Settings& settings);

  // A frame whose number of items is not known before its end.
  static FrameWriter streaming(FrameHeader header, const Settings& settings);

  std::size_t header_bound() const noexcept;
  std::size_t items_bound(std::uint64_t items) const;  // for one call of write_items
  std::size_t finish_bound() const noexcept;

  // Decides whether the items, if floats, are rotated, by the data that the frame begins with: all
  // of a sized frame, else at least the first chunk, which alone is looked at. Before write_header,
  // or not at all.
  void choose_rotation(const unsigned char* data, std::uint64_t items);
  std::size_t write_header(unsigned char* out);
  // Whole chunks: a number of items that is no multiple of chunk_items ends the frame.
  std::size_t write_items(const unsigned char* data, std::uint64_t items, unsigned char* out);
  // Index and footer, if any. Throws std::logic_error if a sized frame got another number of items.
  std::size_t finish(unsigned char* out);

  const FrameHeader& header() const noexcept { return header_; }
  std::uint64_t items() const noexcept { return items_; }

 private:
  FrameHeader header_;
  Settings settings_;
  std::uint32_t header_check_ = 0;
  std::uint32_t last_check_ = 0;
  std::uint64_t items_ = 0;
  std::vector<IndexEntry> index_;  // of an indexed frame
};

}  // namespace pyinfo::coding
