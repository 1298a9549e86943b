// One block of bytes that are stored or go through a coder: up to 2^20 of them, written as planned
// (block_plan.hpp), and read. Blocks of few symbols are made of such blocks (alphabet_block.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/frames/block_plan.hpp"
#include "coding/frames/patches.hpp"
#include "coding/lanes/lanes.hpp"

namespace pyinfo::coding {

inline constexpr std::size_t kAlphabetBound = 32;  // bytes before the table of a block of digits

// A coded block before it is written. It points into the memory that it was coded in or, if it is
// stored, into the symbols: valid until they change.
struct CodedBlock {
  unsigned char header[kBlockHeaderSize];  // its check is still 0
  unsigned char table[kAlphabetBound + kTableBound];
  std::size_t table_size;
  std::uint32_t patches;
  const unsigned char* lanes;  // after the patches, if there are any; or the stored symbols
  std::size_t lanes_size;
  BlockSizes sizes;

  std::size_t payload_size() const noexcept { return table_size + lanes_size; }
  std::size_t size() const noexcept { return kBlockHeaderSize + payload_size(); }
};

// The memory that encode_block needs: for the lanes, the patches, and the symbols as patched.
constexpr std::size_t encode_block_capacity(std::size_t n) {
  return encode_capacity(n, kMaxLanes) + 256 * kPatchBound * (n / kPlacesPerPatch) + n;
}

// Codes n symbols, 1 .. kMaxBlockSymbols, as plan_block() plans, or stores them if that would not
// make them smaller. The coded symbols end at `end`, before which there are
// encode_block_capacity(n) bytes of memory.
void encode_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                  unsigned char* end, CodedBlock& block);

// The same as planned already; effort and coder have no say any more.
void code_block(const unsigned char* symbols, std::size_t n, const BlockPlan& plan,
                unsigned char* end, CodedBlock& block);

// Fills in the header of a block whose sizes, patches and parts are known, and its size.
void complete(CodedBlock& block) noexcept;

// Writes block.size() bytes. The check is left open (set_check fills it in); returns the sum
// that it is made of: the CRC of the header and the payload.
std::uint32_t write_block(const CodedBlock& block, unsigned char* out) noexcept;

// Decodes a block whose check has been found right, or has not been looked at: nothing outside
// `payload` is read and nothing outside `out` written, whatever it holds. Returns null, or what is
// wrong. `out` has memory for n symbols, 1 .. kMaxBlockSymbols.
const char* decode_block(Mode mode, unsigned log_lanes, unsigned patches,
                         const unsigned char* payload, std::size_t size, unsigned char* out,
                         std::size_t n) noexcept;

}  // namespace pyinfo::coding
