// Plain C++: lane after lane, without branches that depend on the data.
#pragma once

#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/scalar_states.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;

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
