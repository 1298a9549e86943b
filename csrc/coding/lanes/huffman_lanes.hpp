// Huffman codes of bytes on lanes: Encoder and Decoder as lanes.hpp describes them. push() and
// pop() define what a lane does; kernels do whole steps of 32 and more lanes, with the same result
// bit for bit.
//
// A symbol goes onto a state as x = x << length | reversed code, so that the code's first bit is
// the lowest one of x, where a decoder looks. Any complete code with lengths 1..11 will do.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/lanes.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::coding {

inline constexpr unsigned kHuffmanWindow = 11;  // bits a decoder looks at: the longest code
inline constexpr unsigned kBucketBits = 7;      // of these, the ones that index `bucket_lengths`
inline constexpr std::size_t kByteSymbols = 256;

struct HuffmanEncodeTable {
  // The length in the low four bits, the reversed code in the uppermost `length` bits: so a double
  // shift (x:entry) << length appends the code. Symbols without a code: 0.
  alignas(64) std::uint16_t entries[kByteSymbols];
};

// Two forms of the same code. The compact one lives in registers; the slots are for look-ups in
// memory, and only filled where they are needed.
struct HuffmanDecodeTable {
  // By the low 7 bits of a state: the length of its code, or 8 if it is longer than 7.
  alignas(64) std::uint8_t bucket_lengths[1u << kBucketBits];
  // Symbols in the order of their codes. The code is the number of the first `length` bits of a
  // state, and its place here is code + offsets[length] (modulo 256).
  alignas(64) std::uint8_t symbols[kByteSymbols];
  alignas(64) std::uint16_t offsets[32];
  // The greatest 16 bits, first bit uppermost, that begin with a code of at most 8, 9, 10 bits.
  std::uint16_t limits[3];
  bool has_slots;
  // By the low 11 bits of a state: symbol << 8 | length. One more, as look-ups may load two.
  alignas(64) std::uint16_t slots[(1u << kHuffmanWindow) + 1];
};

using HuffmanKernels = LaneKernels<HuffmanEncodeTable, HuffmanDecodeTable>;

const HuffmanKernels& huffman_kernels(simd::Isa isa) noexcept;
const HuffmanKernels& huffman_kernels();  // of simd::coder_isa()

void build(const std::uint8_t lengths[kByteSymbols], HuffmanEncodeTable& table) noexcept;
// What `kernels` need for so many lanes; null: symbol by symbol.
void build(const std::uint8_t lengths[kByteSymbols], unsigned lanes, const HuffmanKernels* kernels,
           HuffmanDecodeTable& table) noexcept;

// The index of the first symbol that has no code, n if all have one.
std::size_t find_uncodable(const std::uint8_t lengths[kByteSymbols], const std::uint8_t* symbols,
                           std::size_t n) noexcept;

class HuffmanEncoder {
 public:
  using Symbol = std::uint8_t;

  explicit HuffmanEncoder(const std::uint8_t lengths[kByteSymbols])
      : HuffmanEncoder(lengths, &huffman_kernels()) {}
  // With these kernels; null: symbol by symbol, as the format is defined.
  HuffmanEncoder(const std::uint8_t lengths[kByteSymbols], const HuffmanKernels* kernels) noexcept
      : kernels_(kernels) {
    build(lengths, table_);
  }

  void push(std::uint32_t& state, Symbol symbol, unsigned char*& words) const noexcept {
    const std::uint32_t entry = table_.entries[symbol];
    const std::uint32_t length = entry & 15;
    std::uint32_t x = state;
    if (std::uint64_t{x} << length >> 32 != 0) {
      store16(words -= 2, x & 0xffff);
      x >>= 16;
    }
    state = x << length | entry >> (16 - length);
  }

  void steps(unsigned lanes, std::uint32_t* states, const Symbol* symbols, std::size_t steps,
             unsigned char*& words) const noexcept;

 private:
  const HuffmanKernels* kernels_;
  HuffmanEncodeTable table_;
};

class HuffmanDecoder {
 public:
  using Symbol = std::uint8_t;

  // For payloads of so many lanes; tables that serve any number take somewhat longer to build.
  explicit HuffmanDecoder(const std::uint8_t lengths[kByteSymbols], unsigned lanes = kAnyLanes)
      : HuffmanDecoder(lengths, lanes, &huffman_kernels()) {}
  // With these kernels; null: symbol by symbol, as the format is defined.
  HuffmanDecoder(const std::uint8_t lengths[kByteSymbols], unsigned lanes,
                 const HuffmanKernels* kernels) noexcept
      : kernels_(kernels) {
    build(lengths, lanes, kernels, table_);
  }

  // False: no word left where one is needed.
  bool pop(std::uint32_t& state, Symbol& symbol, const unsigned char*& words,
           const unsigned char* end) const noexcept {
    const std::uint32_t entry =
        table_.has_slots ? table_.slots[state & ((1u << kHuffmanWindow) - 1)] : look_up(state);
    symbol = static_cast<Symbol>(entry >> 8);
    std::uint32_t x = state >> (entry & 15);
    if (x < kLowestState) {
      if (end - words < 2) return false;
      x = x << 16 | load16(words);
      words += 2;
    }
    state = x;
    return true;
  }

  void steps(unsigned lanes, std::uint32_t* states, DecodeCursor& cursor,
             const unsigned char* limit) const noexcept;

 private:
  // What the slot of this state holds, from the compact form.
  std::uint32_t look_up(std::uint32_t state) const noexcept;

  const HuffmanKernels* kernels_;
  HuffmanDecodeTable table_;
};

}  // namespace pyinfo::coding
