#include "coding/deltas/packed_block.hpp"

#include <algorithm>

#include "coding/frames/block.hpp"
#include "coding/frames/nested_block.hpp"

namespace pyinfo::coding {
namespace {

void write_block(const CodedBlock& block, std::vector<unsigned char>& out) {
  unsigned char header[kNestedHeaderBound];
  const std::size_t size = write_nested_header(block, header);
  out.insert(out.end(), header, header + size);
  out.insert(out.end(), block.table, block.table + block.table_size);
  out.insert(out.end(), block.lanes, block.lanes + block.lanes_size);
}

const char* read_block(Cursor& cursor, unsigned char* out, std::size_t n) noexcept {
  NestedBlock block;
  if (const char* what = read_nested_block(cursor, n, false, block)) return what;
  return decode_block(block.mode, block.log2_lanes, block.patches, block.payload, block.size, out,
                      n);
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
