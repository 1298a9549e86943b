#include "coding/frames/nested_block.hpp"

#include "coding/frames/varint.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool has_size(Mode mode) noexcept { return mode != Mode::raw && mode != Mode::constant; }

bool read_number(Cursor& cursor, std::uint64_t most, std::uint64_t& number) noexcept {
  const std::size_t size = read_varint(cursor.at, cursor.left(), number);
  cursor.at += size;
  return size > 0 && number <= most;
}

}  // namespace

std::size_t write_nested_header(const CodedBlock& block, unsigned char* out) noexcept {
  const Mode mode = block.sizes.mode;
  PYINFO_ASSERT(mode <= Mode::rans || mode == Mode::digits);
  const unsigned log_lanes = has_lanes(mode) ? log2_lanes(block.sizes.lanes) : 0;
  std::size_t size = 1;
  out[0] = static_cast<unsigned char>(unsigned(mode) | log_lanes << 4);
  if (mode == Mode::rans) size += write_varint(block.patches, out + size);
  if (has_size(mode)) size += write_varint(block.payload_size(), out + size);
  return size;
}

std::size_t nested_header_size(Mode mode, unsigned patches, std::size_t payload) noexcept {
  unsigned char number[kVarintBound];
  std::size_t size = 1;
  if (mode == Mode::rans) size += write_varint(patches, number);
  if (has_size(mode)) size += write_varint(payload, number);
  return size;
}

const char* read_nested_block(Cursor& cursor, std::size_t n, bool digits_allowed,
                              NestedBlock& block) noexcept {
  if (cursor.left() == 0) return "a block is cut off";
  const unsigned first = *cursor.at++;
  block.mode = static_cast<Mode>(first & 15);
  if (block.mode > Mode::rans && !(digits_allowed && block.mode == Mode::digits)) {
    return "a block's mode is none that holds symbols";
  }
  block.log2_lanes = first >> 4;
  if (block.log2_lanes != 0 && !has_lanes(block.mode)) {
    return "a block without lanes has a number of them";
  }
  std::uint64_t patches = 0;
  std::uint64_t size = block.mode == Mode::raw ? n : 1;
  if (block.mode == Mode::rans && !read_number(cursor, 0xffff, patches)) {
    return "a block's number of patches is not valid";
  }
  if (has_size(block.mode) && !read_number(cursor, n, size)) {
    return "the size of a block is not valid";
  }
  if (size > cursor.left()) return "a block is cut off";
  block.patches = unsigned(patches);
  block.payload = cursor.at;
  block.size = std::size_t(size);
  cursor.at += block.size;
  return nullptr;
}

}  // namespace pyinfo::coding
