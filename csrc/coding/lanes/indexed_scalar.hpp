// Plain C++: lane after lane, without branches that depend on the data.
#pragma once

#include "coding/lanes/indexed_rans.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/scalar_states.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

struct BitCounts {
  std::uint8_t of[256];
  constexpr BitCounts() : of() {
    for (unsigned i = 1; i < 256; ++i) of[i] = static_cast<std::uint8_t>(of[i / 2] + i % 2);
  }
};
constexpr BitCounts kOnes;

std::size_t find_intervals(const IndexedLookups& tables, const std::int16_t* symbols,
                           const std::uint8_t* indexes, std::size_t n, std::uint16_t* numbers,
                           std::uint16_t* escapes) noexcept {
  const IndexedLookups::ByTable& by = *tables.by_table;
  std::size_t escaped = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const unsigned k = indexes[i];
    const std::uint32_t beyond = (static_cast<std::uint32_t>(symbols[i]) - by.least[k]) & 0xffff;
    const std::uint32_t escape = by.escape[k];
    const std::uint32_t out = beyond >= escape ? 1 : 0;
    const std::uint32_t within = (beyond & (out - 1)) | (escape & (0 - out));
    numbers[i] = static_cast<std::uint16_t>(by.first[k] + within);
    escapes[escaped] = static_cast<std::uint16_t>(i);
    escaped += out;
  }
  return escaped;
}

void encode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  const std::uint16_t* numbers, std::size_t steps, unsigned char*& words) noexcept {
  const int precision = tables.precision;
  const std::uint32_t total = 1u << precision;
  const std::uint32_t* const intervals = tables.intervals;
  const std::uint64_t* const reciprocals = tables.reciprocals;
  std::uint32_t x[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) x[lane] = states[lane];
  // The words, counted from the lowest place that they could come to.
  std::size_t left = steps * lanes;
  unsigned char* const lowest = words - 2 * left;
  for (const std::uint16_t* step = numbers + steps * lanes; step != numbers;) {
    step -= lanes;
    PYINFO_UNROLL_4
    for (unsigned lane = lanes - 1; lane < lanes; --lane) {
      const std::uint32_t interval = intervals[step[lane]];
      const std::uint32_t frequency = interval >> 16;
      std::uint32_t y = x[lane];
      // The word is always written, and counted if it should be.
      unsigned char* const word = lowest + 2 * left - 2;
      word[0] = static_cast<unsigned char>(y);
      word[1] = static_cast<unsigned char>(y >> 8);
      flush(y, (frequency << (32 - precision)) - 1, left);
      const auto quotient =
          static_cast<std::uint32_t>((y * reciprocals[step[lane]]) >> (32 + precision));
      x[lane] = y + quotient * (total - frequency) + (interval & 0xffff);
    }
  }
  for (unsigned lane = 0; lane < lanes; ++lane) states[lane] = x[lane];
  words = lowest + 2 * left;
}

void decode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  IndexedCursor& cursor, const unsigned char* limit) noexcept {
  const int precision = tables.precision;
  const std::uint32_t mask = (1u << precision) - 1;
  const std::uint32_t* const intervals = tables.intervals;
  const std::uint32_t* const buckets = tables.buckets;
  const IndexedLookups::ByTable& by = *tables.by_table;
  IndexedCursor at = cursor;
  std::uint32_t x[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) x[lane] = states[lane];
  for (; at.steps > 0 && at.words <= limit; --at.steps) {
    std::size_t taken = 0;
    PYINFO_UNROLL_4
    for (unsigned lane = 0; lane < lanes; ++lane) {
      const std::uint32_t k = at.indexes[lane];
      const std::uint32_t y = x[lane];
      const std::uint32_t slot = y & mask;
      const std::uint32_t bucket = buckets[k << (precision - 4) | slot >> 4];
      const std::uint32_t begun = (bucket & 0xffff0000) << (15 - (slot & 15));
      const std::uint32_t number =
          (bucket + kOnes.of[begun >> 24] + kOnes.of[begun >> 16 & 0xff]) & 0xffff;
      const std::uint32_t interval = intervals[number];
      std::uint32_t z = (interval >> 16) * (y >> precision) + slot - (interval & 0xffff);
      const unsigned char* const word = at.words + 2 * taken;
      refill(z, z << 16 | word[0] | static_cast<std::uint32_t>(word[1]) << 8, taken);
      x[lane] = z;
      at.out[lane] = static_cast<std::int16_t>(number - by.delta[k]);
      *at.escapes = static_cast<std::uint16_t>(at.place + lane);
      at.escapes += number == by.last[k] ? 1 : 0;
    }
    at.words += 2 * taken;
    at.indexes += lanes;
    at.out += lanes;
    at.place += lanes;
  }
  for (unsigned lane = 0; lane < lanes; ++lane) states[lane] = x[lane];
  cursor = at;
}

}  // namespace
}  // namespace pyinfo::coding
