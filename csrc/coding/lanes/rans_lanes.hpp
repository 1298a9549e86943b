// rANS over byte symbols with 12-bit frequencies, as coders for lanes.hpp.
//
// Symbols own intervals of [0, 4096), by falling frequency (rans_ranking). push() and pop() define
// what a lane does; kernels do whole steps of 32 and more lanes, with the same result bit for bit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/lanes.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::coding {

inline constexpr std::uint32_t kRansTotal = 4096;

struct RansEncodeTable {
  // From the lowest bits: 16 bits start of the interval, 16 bits frequency, 32 bits inverse =
  // (2^32 - 1) / frequency. Symbols that have no frequency get frequency 1, start 0: encoding one
  // makes a stream that says something else, but does no harm.
  alignas(64) std::uint64_t entries[256];
  // 2^44 / frequency, rounded up: (x * reciprocal) >> 44 is x / frequency for every
  // x < frequency << 20, and the product stays below 2^64.
  alignas(64) std::uint64_t reciprocals[256];
};

// How a slot finds its interval without 4096 entries. Slots come in 256 buckets of 16. The rank of
// a slot's symbol, slot = 16 * bucket + r, is rank[bucket], plus one if r >= divider, plus the
// increment of pattern[bucket] at r: buckets in which more than one interval begins share a few
// patterns, all others have pattern 0, which is all zeros.
struct RansRankTable {
  alignas(64) std::uint8_t rank[256];
  alignas(64) std::uint8_t form[256];  // pattern << 4 | divider (0: always plus one)
  alignas(64) std::uint8_t increments[128];
  // By rank.
  alignas(64) std::uint8_t symbols[256];
  alignas(64) std::uint16_t frequencies[256];
  alignas(64) std::uint16_t starts[256];
  std::size_t present;
};

struct RansDecodeTable {
  bool has_slots;
  bool has_ranks;
  RansRankTable ranks;
  alignas(64) std::uint32_t slots[kRansTotal];  // frequency << 20 | (slot - start) << 8 | symbol
};

struct RansKernels {
  // As Encoder::steps and Decoder::steps in lanes.hpp, for 32, 64, 128 and 256 lanes.
  using Encode = void (*)(const RansEncodeTable&, unsigned lanes, std::uint32_t* states,
                          const std::uint8_t* symbols, std::size_t steps,
                          unsigned char*& words) noexcept;
  using Decode = void (*)(const RansDecodeTable&, unsigned lanes, std::uint32_t* states,
                          DecodeCursor&, const unsigned char* limit) noexcept;
  Encode encode;
  unsigned encode_from;  // fewer lanes are left to the kernels of AVX2
  Decode decode_slots;   // null: left to AVX2
  Decode decode_ranks;   // null: there is none
  unsigned ranks_from;   // fewer lanes are decoded by slots
};

const RansKernels& rans_kernels(simd::Isa isa) noexcept;
const RansKernels& rans_kernels();  // of simd::coder_isa()

// `frequencies` are those of 2 to 256 symbols, their sum is 4096.
void build_rans_table(const std::uint32_t frequencies[256], RansEncodeTable& table) noexcept;

// Builds what `kernels` need for so many lanes (0: for any number).
void build_rans_table(const std::uint32_t frequencies[256], unsigned lanes,
                      const RansKernels& kernels, RansDecodeTable& table) noexcept;
void build_rans_table(const std::uint32_t frequencies[256], unsigned lanes, RansDecodeTable& table);

// Encoder and decoder keep references: the table must outlive them.
class RansEncoder {
 public:
  using Symbol = std::uint8_t;

  explicit RansEncoder(const RansEncodeTable& table) : RansEncoder(table, rans_kernels()) {}
  RansEncoder(const RansEncodeTable& table, const RansKernels& kernels) noexcept
      : table_(table), kernels_(kernels) {}

  void push(std::uint32_t& state, Symbol symbol, unsigned char*& words) const noexcept {
    const auto interval = static_cast<std::uint32_t>(table_.entries[symbol]);
    const std::uint32_t frequency = interval >> 16;
    const std::uint32_t start = interval & 0xffff;
    std::uint32_t x = state;
    if (x >= std::uint64_t{frequency} << 20) {
      store16(words -= 2, x);
      x >>= 16;
    }
    const auto quotient = static_cast<std::uint32_t>((x * table_.reciprocals[symbol]) >> 44);
    state = x + quotient * (kRansTotal - frequency) + start;  // quotient << 12 | start + remainder
  }

  void steps(unsigned lanes, std::uint32_t* states, const Symbol* symbols, std::size_t steps,
             unsigned char*& words) const noexcept;

 private:
  const RansEncodeTable& table_;
  const RansKernels& kernels_;
};

class RansDecoder {
 public:
  using Symbol = std::uint8_t;

  explicit RansDecoder(const RansDecodeTable& table) : RansDecoder(table, rans_kernels()) {}
  RansDecoder(const RansDecodeTable& table, const RansKernels& kernels) noexcept
      : table_(table), kernels_(kernels) {}

  bool pop(std::uint32_t& state, Symbol& symbol, const unsigned char*& words,
           const unsigned char* end) const noexcept {
    std::uint32_t x = table_.has_slots ? pop_by_slot(state, symbol) : pop_by_rank(state, symbol);
    if (x < kLowestState) {
      if (words == end) return false;
      x = x << 16 | load16(words);
      words += 2;
    }
    state = x;
    return true;
  }

  void steps(unsigned lanes, std::uint32_t* states, DecodeCursor& cursor,
             const unsigned char* limit) const noexcept;

 private:
  std::uint32_t pop_by_slot(std::uint32_t x, Symbol& symbol) const noexcept {
    const std::uint32_t entry = table_.slots[x & (kRansTotal - 1)];
    symbol = static_cast<Symbol>(entry);
    return (entry >> 20) * (x >> 12) + (entry >> 8 & (kRansTotal - 1));
  }
  std::uint32_t pop_by_rank(std::uint32_t x, Symbol& symbol) const noexcept;

  const RansDecodeTable& table_;
  const RansKernels& kernels_;
};

}  // namespace pyinfo::coding
