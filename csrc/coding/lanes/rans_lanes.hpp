// rANS of bytes with 12-bit frequencies on lanes: Encoder and Decoder as lanes.hpp describes them.
// push() and pop() define what a lane does; kernels do whole steps of 32 and more lanes, with the
// same result bit for bit.
//
// Symbols own intervals of [0, 4096), by falling frequency (rans_ranking). The division of push()
// is a multiplication by a reciprocal (Giesen 2014).
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/lanes.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::coding {

inline constexpr std::uint32_t kRansTotal = 4096;

// The entry of a symbol that has no frequency: 1 from 0 on.
inline constexpr std::uint64_t kAbsentEntry = std::uint64_t{0xffffffff} << 32 | 1u << 16;

struct RansEncodeTable {
  // From the lowest bits: 16 bits start of the interval, 16 bits frequency, 32 bits inverse =
  // (2^32 - 1) / frequency. Encoding a symbol that has no frequency makes a stream
  // that says something else, but does no harm.
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
  alignas(64) std::uint32_t slots[kRansTotal];  // frequency << 20 | (slot - start) << 8 | symbol
  RansRankTable ranks;
  bool has_slots;
  bool has_ranks;
};

using RansKernels = LaneKernels<RansEncodeTable, RansDecodeTable>;

const RansKernels& rans_kernels(simd::Isa isa) noexcept;
const RansKernels& rans_kernels();  // of simd::coder_isa()

// `frequencies` are those of 2 to 256 symbols, their sum is 4096.
void build(const std::uint32_t frequencies[256], RansEncodeTable& table) noexcept;
// What `kernels` need for so many lanes; null: symbol by symbol.
void build(const std::uint32_t frequencies[256], unsigned lanes, const RansKernels* kernels,
           RansDecodeTable& table) noexcept;

class RansEncoder {
 public:
  using Symbol = std::uint8_t;

  explicit RansEncoder(const std::uint32_t frequencies[256])
      : RansEncoder(frequencies, &rans_kernels()) {}
  // With these kernels; null: symbol by symbol, as the format is defined.
  RansEncoder(const std::uint32_t frequencies[256], const RansKernels* kernels) noexcept
      : kernels_(kernels) {
    build(frequencies, table_);
  }

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
  const RansKernels* kernels_;
  RansEncodeTable table_;
};

class RansDecoder {
 public:
  using Symbol = std::uint8_t;

  // For payloads of so many lanes; tables that serve any number take somewhat longer to build.
  explicit RansDecoder(const std::uint32_t frequencies[256], unsigned lanes = kAnyLanes)
      : RansDecoder(frequencies, lanes, &rans_kernels()) {}
  // With these kernels; null: symbol by symbol, as the format is defined.
  RansDecoder(const std::uint32_t frequencies[256], unsigned lanes,
              const RansKernels* kernels) noexcept
      : kernels_(kernels) {
    build(frequencies, lanes, kernels, table_);
  }

  // Which of its two forms the table has.
  bool has_ranks() const noexcept { return table_.has_ranks; }
  bool has_slots() const noexcept { return table_.has_slots; }

  // False: no word left where one is needed.
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

  const RansKernels* kernels_;
  RansDecodeTable table_;
};

}  // namespace pyinfo::coding
