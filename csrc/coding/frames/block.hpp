// One block: up to 2^20 bytes, coded in the way that makes them smallest.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/frames/patches.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/models/code_tables.hpp"

namespace pyinfo::coding {

inline constexpr std::uint32_t kMaxBlockSymbols = std::uint32_t{1} << 20;
inline constexpr std::size_t kBlockHeaderSize = 16;

// How a block's payload is to be read. The values are the format's.
enum class Mode : std::uint8_t { raw = 0, constant = 1, huffman = 2, rans = 3, index = 4 };
const char* name(Mode mode) noexcept;

// What an encoder may choose from. With `huffman` and `rans`, blocks that this coder would not make
// smaller are stored; blocks of one value are always `constant`.
enum class Coder : std::uint8_t { automatic, huffman, rans, raw };

struct Settings {
  Coder coder = Coder::automatic;
  int effort = 2;       // 1: code tables made from an eighth of the bytes; 2: from all of them
  int threads = 1;      // 0: one per core. The result is the same for any number.
  bool floats = false;  // items are little-endian floats: to be rotated if that pays (rotation.hpp)
};

// What an encoder decided about a block, and why. All sizes are bytes of payload.
struct BlockSizes {
  Mode mode;
  unsigned lanes;  // 0 unless huffman or rans
  std::uint32_t symbols;
  std::uint32_t huffman;    // predicted, table included; kNotPredicted if it was not needed for the
  std::uint32_t rans;       //   decision. 1 for a block of one value.
  std::uint32_t predicted;  // of the mode chosen
  std::uint32_t coded;      // what it came to

  static constexpr std::uint32_t kNotPredicted = ~std::uint32_t{0};
};

// A coded block before it is written. It points into the memory that it was coded in or, if it is
// stored, into the symbols: valid until they change.
struct CodedBlock {
  unsigned char header[12];  // all of the block's header but the check
  unsigned char table[kTableBound];
  std::size_t table_size;
  std::uint32_t patches;
  const unsigned char* lanes;  // after the patches, if there are any; or the stored symbols
  std::size_t lanes_size;
  BlockSizes sizes;

  std::size_t payload_size() const noexcept { return table_size + lanes_size; }
  std::size_t size() const noexcept { return kBlockHeaderSize + payload_size(); }
};

// Symbols that occur at most once in so many places may be left out of an rANS model (patches.hpp).
inline constexpr std::size_t kPlacesPerPatch = std::size_t{1} << 16;

// The memory that encode_block needs: for the lanes, the patches, and the symbols as patched.
constexpr std::size_t encode_block_room(std::size_t n) {
  return encode_capacity(n, kMaxLanes) + 256 * kPatchBound * (n / kPlacesPerPatch) + n;
}

// Codes n symbols, 1 .. kMaxBlockSymbols. The coded symbols end at `end`, before which there are
// encode_block_room(n) bytes of memory.
//
// Blocks of one value are `constant`. Else the coder decides; `automatic` takes the smallest of
// raw, huffman and rans by predicted size, the first of equal ones. Blocks of 64 KiB and more are
// stored without further ado when an eighth of their bytes looks so even that no code would pay for
// its table and lanes.
void encode_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                  unsigned char* end, CodedBlock& block);

// Fills in the predictions that encode_block did without.
void predict_all(const unsigned char* symbols, BlockSizes& sizes);

// Writes block.size() bytes. The check is left open (finish_check fills it in); returns the sum
// that it is made of: the CRC of the header and the payload.
std::uint32_t write_block(const CodedBlock& block, unsigned char* out) noexcept;

// The check of a part whose CRC is `sum` and that follows a part with check `previous`: parts
// cannot be moved, dropped or taken from another frame unnoticed.
std::uint32_t chain(std::uint32_t previous, std::uint32_t sum) noexcept;

// Decodes a block whose check has been found right, or has not been looked at: nothing outside
// `payload` is read and nothing outside `out` written, whatever it holds. Returns null, or what is
// wrong. `out` has room for n symbols, 1 .. kMaxBlockSymbols.
const char* decode_block(Mode mode, unsigned log2_lanes, unsigned patches,
                         const unsigned char* payload, std::size_t size, unsigned char* out,
                         std::size_t n) noexcept;

}  // namespace pyinfo::coding
