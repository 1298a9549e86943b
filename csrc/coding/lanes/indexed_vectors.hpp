// The encoder kernels of AVX2, SSE4.1 and NEON for indexed rANS, in the terms that words_avx2.hpp
// and its like define. Tables are looked up by scalar loads; a step is done in passes over all
// lanes, so that neighbouring groups of lanes do not wait for each other.
//
// The quotient is that of rans_vectors.hpp: its low 16 bits from three of four partial products, at
// most 3 too small, so that the remainder is below 4 * frequency < 2^16 and corrected by two
// comparisons without a sign. The bits above are those of high * inverse_high and a carry.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/entry_fields.hpp"
#include "coding/lanes/indexed_rans.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr unsigned kEncodeWidth = sizeof(Words) / 2;

std::size_t find_intervals(const IndexedLookups& tables, const std::int16_t* symbols,
                           const std::uint8_t* indexes, std::size_t n, std::uint16_t* numbers,
                           std::uint16_t* escapes) noexcept {
  std::size_t escaped = 0;
  std::size_t i = 0;
  for (; n - i >= kEncodeWidth; i += kEncodeWidth) {
    const Fields fields = look_up(tables.search, indexes + i);
    const Words most = fields.of[1];
    const Words within = smaller(subtract(load_unaligned(symbols + i), fields.of[0]), most);
    store_unaligned(numbers + i, add(within, fields.of[2]));
    unsigned out = byte_mask(equal(within, most));
    for (; out != 0; out &= out - 1, out &= out - 1) {
      escapes[escaped++] =
          static_cast<std::uint16_t>(i + static_cast<unsigned>(__builtin_ctz(out)) / 2);
    }
  }
  for (; i < n; ++i) {
    const std::uint64_t row = tables.search[indexes[i]];
    const auto beyond =
        static_cast<std::uint16_t>(static_cast<std::uint32_t>(symbols[i]) - (row & 0xffff));
    const auto escape = static_cast<std::uint16_t>(row >> 16);
    const bool out = beyond >= escape;
    numbers[i] = static_cast<std::uint16_t>((row >> 32) + (out ? escape : beyond));
    if (out) escapes[escaped++] = static_cast<std::uint16_t>(i);
  }
  return escaped;
}

void encode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  const std::uint16_t* numbers, std::size_t steps, unsigned char*& words) noexcept {
  const Count precision = shift_count(tables.precision);
  const Count rest_bits = shift_count(16 - tables.precision);
  const Words one = all(1);
  alignas(64) std::uint16_t lows[kMaxLanes];
  alignas(64) std::uint16_t highs[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) {
    lows[lane] = static_cast<std::uint16_t>(states[lane]);
    highs[lane] = static_cast<std::uint16_t>(states[lane] >> 16);
  }
  unsigned char* position = words;
  for (const std::uint16_t* step = numbers + steps * lanes; step != numbers;) {
    step -= lanes;
    for (unsigned lane = lanes; lane > 0;) {
      lane -= kEncodeWidth;
      PYINFO_PREFETCH_OUTPUT(position - kAhead);
      const Fields fields = look_up(tables.encode, step + lane);
      const Words start = fields.of[0];
      const Words frequency = fields.of[1];
      const Words inverse_low = fields.of[2];
      const Words inverse_high = fields.of[3];
      Words low = load(lows + lane);
      Words high = load(highs + lane);
      const Words full = at_least(high, left(frequency, rest_bits));
      write_words(low, full, position);
      low = choose(full, high, low);
      high = subtract(high, both(full, high));

      const Words product = low_product(high, inverse_high);
      Words q = add(product, high_product(high, inverse_low));
      q = add(q, high_product(low, inverse_high));
      Words remainder = subtract(low, low_product(q, frequency));
      const Words twice = add(frequency, frequency);
      const Words two_more = at_least(remainder, twice);
      remainder = subtract(remainder, both(two_more, twice));
      q = subtract(q, add(two_more, two_more));
      const Words one_more = at_least(remainder, frequency);
      remainder = subtract(remainder, both(one_more, frequency));
      q = subtract(q, one_more);
      const Words no_carry = at_least(q, product);
      Words above = add(add(high_product(high, inverse_high), one), no_carry);
      above = choose(equal(frequency, one), high, above);

      store(lows + lane, add(add(left(q, precision), remainder), start));
      store(highs + lane, either(right(q, rest_bits), left(above, precision)));
    }
  }
  for (unsigned lane = 0; lane < lanes; ++lane) {
    states[lane] = std::uint32_t{highs[lane]} << 16 | lows[lane];
  }
  words = position;
}

}  // namespace
}  // namespace pyinfo::coding
