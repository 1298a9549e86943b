// A block within other data: its header takes one to seven bytes and has no check. So streams of
// patches and the parts of blocks of few symbols are written (docs/format.md).
//
//   u8      mode | log2(lanes) << 4
//   varint  patches, of an rANS block
//   varint  payload size, of a block that is neither raw nor constant
#pragma once

#include <cstddef>

#include "coding/frames/block.hpp"
#include "coding/frames/frame_format.hpp"

namespace pyinfo::coding {

// Where a reader stands in memory that somebody else may write to: nothing outside is read.
struct Cursor {
  const unsigned char* at;
  const unsigned char* end;
  std::size_t left() const noexcept { return std::size_t(end - at); }
};

struct NestedBlock {
  Mode mode;
  unsigned log2_lanes;
  unsigned patches;
  const unsigned char* payload;
  std::size_t size;
};

inline constexpr std::size_t kNestedHeaderBound = 7;  // blocks have at most 2^20 symbols

// Returns the bytes written. The block must be one that frames hold, but no bitmap.
std::size_t write_nested_header(const CodedBlock& block, unsigned char* out) noexcept;

// The bytes of a header for a payload of so many bytes.
std::size_t nested_header_size(Mode mode, unsigned patches, std::size_t payload) noexcept;

// Reads the header of a block of n symbols, whose mode is raw, constant, huffman, rans, or digits
// if these are allowed, and finds its payload, after which the cursor stands. Returns null, or what
// is wrong.
const char* read_nested_block(Cursor& cursor, std::size_t n, bool digits_allowed,
                              NestedBlock& block) noexcept;

}  // namespace pyinfo::coding
