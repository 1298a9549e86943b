// The loops of SSE4.1 and NEON, in the terms that huffman_sse4.hpp and huffman_neon.hpp define:
// pop() and push() of eight lanes, and symbols_of() two looked-up vectors.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

// The halves of the states apart, and what decoders look up next.
template <unsigned kLanes>
struct Planes {
  alignas(16) std::uint16_t low[kLanes];
  alignas(16) std::uint16_t high[kLanes];
  alignas(16) std::uint16_t slot[kLanes];

  PYINFO_INLINE explicit Planes(const std::uint32_t* states) noexcept {
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      low[lane] = static_cast<std::uint16_t>(states[lane]);
      high[lane] = static_cast<std::uint16_t>(states[lane] >> 16);
      slot[lane] = low[lane] & ((1u << kHuffmanWindow) - 1);
    }
  }
  PYINFO_INLINE void join(std::uint32_t* states) const noexcept {
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      states[lane] = std::uint32_t{high[lane]} << 16 | low[lane];
    }
  }
};

template <unsigned kLanes>
void decode_steps(const HuffmanDecodeTable& table, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
  const unsigned char* words = cursor.words;
  unsigned char* out = cursor.out;
  std::size_t steps = cursor.steps;
  Planes<kLanes> planes(states);
  const auto next = [&](unsigned lane) {
    return pop(planes.low + lane, planes.high + lane, planes.slot + lane, words, table.slots);
  };
  for (; steps > 0 && words <= limit; --steps) {
    for (unsigned lane = 0; lane < kLanes; lane += 16, out += 16) {
      if (lane % 64 == 0) PYINFO_PREFETCH(words + kAhead);
      const auto first = next(lane);
      const auto second = next(lane + 8);
      store(out, symbols_of(first, second));
    }
  }
  planes.join(states);
  cursor = {words, out, steps};
}

template <unsigned kLanes>
void encode_steps(const HuffmanEncodeTable& table, std::uint32_t* states,
                  const std::uint8_t* symbols, std::size_t steps, unsigned char*& end) noexcept {
  unsigned char* words = end;
  Planes<kLanes> planes(states);
  for (const std::uint8_t* at = symbols + steps * kLanes; at != symbols;) {
    at -= kLanes;
    for (unsigned lane = kLanes; lane > 0;) {
      if (lane % 64 == 0 || kLanes == 32) PYINFO_PREFETCH(words - kBelow);
      for (unsigned half = 0; half < 2; ++half) {
        lane -= 8;
        push(planes.low + lane, planes.high + lane, at + lane, words, table.entries);
      }
    }
  }
  planes.join(states);
  end = words;
}

}  // namespace
}  // namespace pyinfo::coding
