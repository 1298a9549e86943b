// What a block is to be coded with: the coder, its table, the number of lanes, and the size that
// these predict. Nothing is written here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/frames/frame_format.hpp"
#include "coding/models/code_tables.hpp"

namespace pyinfo::coding {

// What an encoder may choose from. With `huffman` and `rans`, blocks that this coder would not make
// smaller are stored; blocks of one value are always `constant`.
enum class Coder : std::uint8_t { automatic, huffman, rans, raw };
inline constexpr const char* kCoderNames[] = {"auto", "huffman", "rans", "raw"};

struct Settings {
  Coder coder = Coder::automatic;
  int effort = 2;       // 1: code tables made from an eighth of the bytes; 2: from all of them
  int threads = 1;      // 0: one per core. The result is the same for any number.
  bool floats = false;  // items are little-endian floats: to be rotated if that pays (rotation.hpp)
  bool fit_chunks = false;  // compress() may take larger chunks than the header says
};

// What an encoder decided about a block, and why. All sizes are bytes of payload.
struct BlockSizes {
  Mode mode;
  unsigned lanes;  // 0 unless huffman or rans
  std::uint32_t symbols;
  std::uint32_t huffman;    // predicted, table included; kNotPredicted if it was not needed for the
  std::uint32_t rans;       //   decision. 1 for a block of one value.
  std::uint32_t predicted;  // of the mode chosen; after predict_all(), where `huffman` is missing
  std::uint32_t coded;      // what it came to

  static constexpr std::uint32_t kNotPredicted = ~std::uint32_t{0};
};

// Symbols that occur at most once in so many places may be left out of an rANS model (patches.hpp).
inline constexpr std::size_t kPlacesPerPatch = std::size_t{1} << 16;

// A code for a block, and what the payload comes to with it.
struct CodePlan {
  std::uint8_t lengths[256];       // huffman
  std::uint32_t frequencies[256];  // rans
  unsigned char table[kTableBound];
  std::size_t table_size;
  unsigned lanes;
  std::uint32_t patches;  // rans: at most
  std::uint32_t predicted;
  std::uint32_t error;  // of `predicted`, at most; 0 where it is as exact as predictions are
};

struct BlockPlan {
  BlockSizes sizes;  // all but `coded`
  CodePlan huffman;  // where the mode is this one
  CodePlan rans;

  const CodePlan& code() const noexcept { return sizes.mode == Mode::huffman ? huffman : rans; }
};

// Whether all of so many symbols are counted, not a sample of them.
bool counts_exactly(std::size_t n, const Settings& settings) noexcept;

// Plans n symbols, 1 .. kMaxBlockSymbols; `sample` is memory for n / 8 bytes.
//
// Blocks of one value are `constant`. Else the coder decides; `automatic` takes the smallest of
// raw, huffman and rans by predicted size, the first of equal ones, and raw unless the others save
// 1/128. Blocks of 64 KiB and more are stored without further ado when an eighth of their bytes
// looks so even that no code would save that.
void plan_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                unsigned char* sample, BlockPlan& plan);

// The same for counts of all symbols, which have at least two values; nothing is looked for first.
void plan_counted_block(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts,
                        const Settings& settings, BlockPlan& plan);

// Fills in the predictions that plan_block did without, and makes that of the mode chosen exact.
void predict_all(const unsigned char* symbols, BlockSizes& sizes);

}  // namespace pyinfo::coding
