// The kernels of AVX2, SSE4.1 and NEON, in the terms that rans_avx2.hpp and its like define.
//
// Decoding: slots are looked up by scalar loads, everything else is done in vectors. The loads take
// their indices from memory, which was written when the lanes were last updated: that is long ago.
//
// Encoding: the states are two arrays of 16-bit halves, all arithmetic is in 16 bits. The quotient
// q = x / frequency, of up to 20 bits, comes from inverse = (2^32 - 1) / frequency. With the halves
// of x and of the inverse,
//   q >= high * inverse_high + (high * inverse_low >> 16) + (low * inverse_high >> 16) >= q - 3,
// as each thing left out (fractions of two products, a third product, the inverse's fraction) makes
// less than 1. Of this sum and of the remainder low - q * frequency, which is then below
// 4 * frequency < 2^14, the low 16 bits suffice to make q exact. The bits above them start as those
// of high * inverse_high; everything that was added to it is below 2^16, so there is at most one
// carry, to be seen from the sum being smaller than that product's low half. (Frequency 1 alone
// breaks that bound: there these bits are `high` itself.)
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/entry_fields.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr unsigned kDecodeWidth = sizeof(Vector) / 4;  // lanes
constexpr unsigned kEncodeWidth = sizeof(Words) / 2;

template <unsigned kLanes>
void decode_steps(const RansDecodeTable& table, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
  constexpr unsigned group = 4 * kDecodeWidth;  // lanes whose symbols fill a vector
  alignas(64) std::uint32_t lanes[kLanes];
  alignas(64) std::uint32_t index[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    lanes[lane] = states[lane];
    index[lane] = states[lane] & (kRansTotal - 1);
  }
  const unsigned char* words = cursor.words;
  unsigned char* out = cursor.out;
  std::size_t steps = cursor.steps;
  for (; steps > 0 && words <= limit; --steps) {
    for (unsigned lane = 0; lane < kLanes; lane += group) {
      PYINFO_PREFETCH(words + kAhead);
      Vector symbols[4];
      PYINFO_UNROLL_4
      for (unsigned k = 0; k < 4; ++k) {
        const unsigned first = lane + k * kDecodeWidth;
        symbols[k] = pop(table.slots, lanes + first, index + first, words);
      }
      store_symbols(out, symbols);
      out += group;
    }
  }
  for (unsigned lane = 0; lane < kLanes; ++lane) states[lane] = lanes[lane];
  cursor = {words, out, steps};
}

// The states that leave a word before a symbol of this frequency.
PYINFO_INLINE Words full_states(const std::uint16_t* highs, Words frequency) {
  return at_least(load(highs), left<4>(frequency));
}

// Puts symbols on states, of which those in `full` have left a word.
PYINFO_INLINE void divide(std::uint16_t* lows, std::uint16_t* highs, Words full, Words start,
                          Words frequency, Words inverse_low, Words inverse_high) {
  const Words old_high = load(highs);
  const Words low = choose(full, old_high, load(lows));
  const Words high = subtract(old_high, both(full, old_high));
  const Words product = low_product(high, inverse_high);
  Words q = add(product, high_product(high, inverse_low));
  q = add(q, high_product(low, inverse_high));
  Words remainder = subtract(low, low_product(q, frequency));
  const Words minus_one = all(-1);
  const Words twice = add(frequency, frequency);
  const Words two = greater(remainder, add(twice, minus_one));
  remainder = subtract(remainder, both(two, twice));
  q = subtract(q, add(two, two));
  const Words one = greater(remainder, add(frequency, minus_one));
  remainder = subtract(remainder, both(one, frequency));
  q = subtract(q, one);
  const Words no_carry = at_least(q, product);
  Words above = add(subtract(high_product(high, inverse_high), minus_one), no_carry);
  above = choose(greater(all(2), frequency), high, above);

  store(lows, add(add(left<12>(q), remainder), start));
  store(highs, either(right<4>(q), left<12>(above)));
}

PYINFO_INLINE void push(const std::uint64_t* entries, const std::uint8_t* symbols,
                        std::uint16_t* lows, std::uint16_t* highs, unsigned char*& words) {
  const Fields fields = look_up(entries, symbols);
  const auto& [start, frequency, inverse_low, inverse_high] = fields.of;
  const Words full = full_states(highs, frequency);
  write_words(load(lows), full, words);
  divide(lows, highs, full, start, frequency, inverse_low, inverse_high);
}

template <unsigned kLanes>
void encode_by_entries(const RansEncodeTable& table, std::uint32_t* states,
                       const std::uint8_t* symbols, std::size_t steps,
                       unsigned char*& words) noexcept {
  alignas(64) std::uint16_t lows[kLanes];
  alignas(64) std::uint16_t highs[kLanes];
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    lows[lane] = static_cast<std::uint16_t>(states[lane]);
    highs[lane] = static_cast<std::uint16_t>(states[lane] >> 16);
  }
  unsigned char* position = words;
  for (const std::uint8_t* step = symbols + steps * kLanes; step != symbols;) {
    step -= kLanes;
    for (unsigned lane = kLanes; lane > 0;) {
      lane -= kEncodeWidth;
      if (lane % 32 == 0) PYINFO_PREFETCH_OUTPUT(position - kAhead);
      push(table.entries, step + lane, lows + lane, highs + lane, position);
    }
  }
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    states[lane] = std::uint32_t{highs[lane]} << 16 | lows[lane];
  }
  words = position;
}

}  // namespace
}  // namespace pyinfo::coding
