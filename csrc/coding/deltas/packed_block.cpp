#include "coding/deltas/packed_block.hpp"

#include <algorithm>

#include "coding/frames/block.hpp"
#include "coding/frames/varint.hpp"

namespace pyinfo::coding {
namespace {

// u8      mode | log2(lanes) << 4
// varint  patches, of an rANS block
// varint  payload size, of a Huffman or rANS block
void write_block(const CodedBlock& block, std::vector<unsigned char>& out) {
  const Mode mode = block.sizes.mode;
  unsigned char header[1 + 2 * kVarintBound];
  std::size_t size = 1;
  header[0] = static_cast<unsigned char>(mode);
  if (has_lanes(mode)) {
    header[0] = static_cast<unsigned char>(unsigned(mode) | log2_lanes(block.sizes.lanes) << 4);
    if (mode == Mode::rans) size += write_varint(block.patches, header + size);
    size += write_varint(block.payload_size(), header + size);
  }
  out.insert(out.end(), header, header + size);
  out.insert(out.end(), block.table, block.table + block.table_size);
  out.insert(out.end(), block.lanes, block.lanes + block.lanes_size);
}

bool read_number(Cursor& cursor, std::uint64_t most, std::uint64_t& number) noexcept {
  const std::size_t size = read_varint(cursor.at, cursor.left(), number);
  cursor.at += size;
  return size > 0 && number <= most;
}

const char* read_block(Cursor& cursor, unsigned char* out, std::size_t n) noexcept {
  if (cursor.left() == 0) return "a block is cut off";
  const unsigned first = *cursor.at++;
  const unsigned number = first & 15;
  if (number > unsigned(Mode::rans)) return "a block's mode is none that holds symbols";
  const Mode mode = static_cast<Mode>(number);
  std::uint64_t patches = 0;
  std::uint64_t size = mode == Mode::raw ? n : 1;
  if (has_lanes(mode)) {
    if (mode == Mode::rans && !read_number(cursor, 0xffff, patches)) {
      return "a block's number of patches is not valid";
    }
    if (!read_number(cursor, n, size)) return "the size of a block is not valid";
  } else if (first >> 4 != 0) {
    return "a block without lanes has a number of them";
  }
  if (size > cursor.left()) return "a block is cut off";
  const unsigned char* const payload = cursor.at;
  cursor.at += size;
  return decode_block(mode, first >> 4, unsigned(patches), payload, std::size_t(size), out, n);
}

}  // namespace

void write_stream(const unsigned char* symbols, std::size_t n, const Settings& settings,
                  memory::ScratchBuffer& scratch, std::vector<unsigned char>& out) {
  while (n > 0) {
    const std::size_t part = std::min<std::size_t>(n, kMaxBlockSymbols);
    const std::size_t capacity = encode_block_capacity(part);
    CodedBlock block;
    encode_block(symbols, part, settings, scratch.acquire(capacity) + capacity, block);
    write_block(block, out);
    symbols += part;
    n -= part;
  }
}

const char* read_stream(Cursor& cursor, unsigned char* out, std::size_t n) noexcept {
  while (n > 0) {
    const std::size_t part = std::min<std::size_t>(n, kMaxBlockSymbols);
    const char* const what = read_block(cursor, out, part);
    if (what != nullptr) return what;
    out += part;
    n -= part;
  }
  return nullptr;
}

}  // namespace pyinfo::coding
