// Plain C++: lane after lane, without branches that depend on the data.
#pragma once

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "simd/kernel_file.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PYINFO_X86_ASSEMBLY
#endif

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;

PYINFO_INLINE std::uint32_t load_word(const unsigned char* p) noexcept {
  return std::uint32_t{p[0]} | std::uint32_t{p[1]} << 8;
}
PYINFO_INLINE void store_word(unsigned char* p, std::uint32_t value) noexcept {
  p[0] = static_cast<unsigned char>(value);
  p[1] = static_cast<unsigned char>(value >> 8);
}
// x < 2^16: x = filled, one more word is used. Compilers make jumps of it, which cost much more.
PYINFO_INLINE void refill(std::uint32_t& x, std::uint32_t filled, std::size_t& used) noexcept {
#ifdef PYINFO_X86_ASSEMBLY
  __asm__("cmpl $65536, %0\n\tcmovb %2, %0\n\tadc $0, %1"
          : "+r"(x), "+r"(used)
          : "r"(filled)
          : "cc");
#else
  const std::uint32_t lacks = x < kLowestState;
  x ^= (x ^ filled) & (0u - lacks);
  used += lacks;
#endif
}

// x > limit: x = halved, one more word is left below.
PYINFO_INLINE void flush(std::uint32_t& x, std::uint32_t halved, const std::uint32_t& limit,
                         std::ptrdiff_t& below) noexcept {
#ifdef PYINFO_X86_ASSEMBLY
  __asm__("cmpl %0, %3\n\tcmovb %2, %0\n\tsbb $0, %1"
          : "+r"(x), "+r"(below)
          : "r"(halved), "m"(limit)
          : "cc");
#else
  const std::uint32_t overflows = x > limit;
  x ^= (x ^ halved) & (0u - overflows);
  below -= overflows;
#endif
}

template <unsigned kLanes>
void decode_steps(const HuffmanDecodeTable& table, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
  const unsigned char* words = cursor.words;
  unsigned char* out = cursor.out;
  std::size_t steps = cursor.steps;
  for (; steps > 0 && words <= limit; --steps, out += kLanes) {
    std::size_t used = 0;
    PYINFO_PREFETCH(words + kAhead);
#pragma GCC unroll 8
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      std::uint32_t x = states[lane];
      const std::uint32_t entry = table.slots[x & ((1u << kHuffmanWindow) - 1)];
      x >>= entry & 31;  // lengths have four bits, but five are what a shift takes anyway
      refill(x, x << 16 | load_word(words + 2 * used), used);
      states[lane] = x;
      out[lane] = static_cast<unsigned char>(entry >> 8);
    }
    words += 2 * used;
  }
  cursor = {words, out, steps};
}

// Entries in the form that takes the fewest operations.
struct WideEntries {
  std::uint32_t
      limits[kByteSymbols];  // the greatest state that takes the code without giving a word
  std::uint32_t entries[kByteSymbols];  // code << 8 | length

  PYINFO_INLINE explicit WideEntries(const HuffmanEncodeTable& table) noexcept {
    for (std::size_t s = 0; s < kByteSymbols; ++s) {
      const std::uint32_t length = table.entries[s] & 15u;
      limits[s] = ~0u >> length;
      entries[s] = std::uint32_t{table.entries[s]} >> (16 - length) << 8 | length;
    }
  }
};

template <unsigned kLanes>
void encode_steps(const HuffmanEncodeTable& plain, std::uint32_t* states,
                  const std::uint8_t* symbols, std::size_t steps, unsigned char*& end) noexcept {
  const WideEntries table(plain);
  unsigned char* words = end;
  for (const std::uint8_t* at = symbols + steps * kLanes; at != symbols;) {
    at -= kLanes;
    std::ptrdiff_t below = -1;
    PYINFO_PREFETCH(words - kBelow);
#pragma GCC unroll 8
    for (std::ptrdiff_t lane = kLanes - 1; lane >= 0; --lane) {
      std::uint32_t x = states[lane];
      const std::size_t symbol = at[lane];
      const std::uint32_t entry = table.entries[symbol];
      store_word(words + 2 * below, x);  // overwritten if it is not to stay
      flush(x, x >> 16, table.limits[symbol], below);
      states[lane] = x << (entry & 31) | entry >> 8;
    }
    words += 2 * (below + 1);
  }
  end = words;
}

}  // namespace
}  // namespace pyinfo::coding

#undef PYINFO_X86_ASSEMBLY
