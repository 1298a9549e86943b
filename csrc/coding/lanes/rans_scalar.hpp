// Plain C++: lane after lane, without branches that depend on the data.
#pragma once

#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;

// What compilers make of these depends on how they see the odds: they must not branch, a guess
// would fail for every third symbol. So where the processor is known they are told how.

// if (x < 2^16) { x = refilled; ++taken; }
PYINFO_INLINE void refill(std::uint32_t& x, std::uint32_t refilled, std::size_t& taken) {
#if defined(__GNUC__) && defined(__x86_64__)
  __asm__("cmpl $65536, %0\n\tcmovb %2, %0\n\tadcq $0, %1"
          : "+r"(x), "+r"(taken)
          : "r"(refilled)
          : "cc");
#else
  const std::uint32_t low = x < kLowestState ? 1 : 0;
  taken += low;
  x = (x & (low - 1)) | (refilled & (0 - low));
#endif
}

// if (x > limit) { x >>= 16; --left; }
PYINFO_INLINE void flush(std::uint32_t& x, std::uint32_t limit, std::size_t& left) {
#if defined(__GNUC__) && defined(__x86_64__)
  __asm__("cmpl %0, %3\n\tcmovb %2, %0\n\tsbbq $0, %1"
          : "+r"(x), "+r"(left)
          : "r"(x >> 16), "rm"(limit)
          : "cc");
#else
  const std::uint32_t full = x > limit ? 1 : 0;
  left -= full;
  x >>= 16 * full;
#endif
}

template <unsigned kLanes>
void encode_steps(const RansEncodeTable& table, std::uint32_t* states, const std::uint8_t* symbols,
                  std::size_t steps, unsigned char*& words) noexcept {
  std::uint32_t lanes[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) lanes[lane] = states[lane];
  // The words, counted from the lowest place that they could come to.
  std::size_t left = steps * kLanes;
  unsigned char* const lowest = words - 2 * left;
  for (const std::uint8_t* step = symbols + steps * kLanes; step != symbols;) {
    step -= kLanes;
    PYINFO_UNROLL_4
    for (unsigned lane = kLanes - 1; lane < kLanes; --lane) {
      const std::uint64_t entry = table.entries[step[lane]];
      const auto frequency = static_cast<std::uint32_t>(entry >> 16 & 0xffff);
      const auto start = static_cast<std::uint32_t>(entry & 0xffff);
      std::uint32_t x = lanes[lane];
      // The word is always written, and counted if it should be.
      unsigned char* const word = lowest + 2 * left - 2;
      word[0] = static_cast<unsigned char>(x);
      word[1] = static_cast<unsigned char>(x >> 8);
      flush(x, (frequency << 20) - 1, left);
      const auto quotient = static_cast<std::uint32_t>((x * table.reciprocals[step[lane]]) >> 44);
      lanes[lane] = x + quotient * (kRansTotal - frequency) + start;
    }
  }
  for (unsigned lane = 0; lane < kLanes; ++lane) states[lane] = lanes[lane];
  words = lowest + 2 * left;
}

template <unsigned kLanes>
void decode_steps(const RansDecodeTable& table, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
  std::uint32_t lanes[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) lanes[lane] = states[lane];
  const unsigned char* words = cursor.words;
  unsigned char* out = cursor.out;
  std::size_t steps = cursor.steps;
  for (; steps > 0 && words <= limit; --steps) {
    std::size_t taken = 0;
    PYINFO_UNROLL_8
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const std::uint32_t entry = table.slots[lanes[lane] & (kRansTotal - 1)];
      std::uint32_t x = (entry >> 20) * (lanes[lane] >> 12) + (entry >> 8 & (kRansTotal - 1));
      const unsigned char* const word = words + 2 * taken;
      refill(x, x << 16 | word[0] | static_cast<std::uint32_t>(word[1]) << 8, taken);
      lanes[lane] = x;
      out[lane] = static_cast<std::uint8_t>(entry);
    }
    words += 2 * taken;
    out += kLanes;
  }
  for (unsigned lane = 0; lane < kLanes; ++lane) states[lane] = lanes[lane];
  cursor = {words, out, steps};
}

}  // namespace
}  // namespace pyinfo::coding
