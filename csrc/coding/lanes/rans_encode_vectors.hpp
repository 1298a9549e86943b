// Part of rans_kernels.cpp: encoding with AVX2 (16 lanes at once) or SSE4.1 (8 lanes).
//
// The states are kept as two arrays of 16-bit halves, all arithmetic is in 16 bits. The quotient
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

#include <immintrin.h>

#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/rans_unroll.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

#if defined(__AVX2__)

using Words = __m256i;  // 16-bit
PYINFO_INLINE Words load(const void* p) { return _mm256_load_si256(static_cast<const Words*>(p)); }
PYINFO_INLINE void store(void* p, Words a) { _mm256_store_si256(static_cast<Words*>(p), a); }
PYINFO_INLINE Words all(int value) { return _mm256_set1_epi16(static_cast<short>(value)); }
PYINFO_INLINE Words add(Words a, Words b) { return _mm256_add_epi16(a, b); }
PYINFO_INLINE Words subtract(Words a, Words b) { return _mm256_sub_epi16(a, b); }
PYINFO_INLINE Words low_product(Words a, Words b) { return _mm256_mullo_epi16(a, b); }
PYINFO_INLINE Words high_product(Words a, Words b) { return _mm256_mulhi_epu16(a, b); }
PYINFO_INLINE Words both(Words a, Words b) { return _mm256_and_si256(a, b); }
PYINFO_INLINE Words either(Words a, Words b) { return _mm256_or_si256(a, b); }
PYINFO_INLINE Words greater(Words a, Words b) { return _mm256_cmpgt_epi16(a, b); }  // signed
PYINFO_INLINE Words at_least(Words a, Words b) {                                    // unsigned
  return _mm256_cmpeq_epi16(_mm256_max_epu16(a, b), a);
}
PYINFO_INLINE Words choose(Words where, Words yes, Words no) {
  return _mm256_blendv_epi8(no, yes, where);
}
template <int n>
PYINFO_INLINE Words left(Words a) {
  return _mm256_slli_epi16(a, n);
}
template <int n>
PYINFO_INLINE Words right(Words a) {
  return _mm256_srli_epi16(a, n);
}
PYINFO_INLINE Words interleave_low(Words a, Words b) { return _mm256_unpacklo_epi16(a, b); }
PYINFO_INLINE Words interleave_high(Words a, Words b) { return _mm256_unpackhi_epi16(a, b); }
PYINFO_INLINE Words join_low(Words a, Words b) { return _mm256_unpacklo_epi64(a, b); }
PYINFO_INLINE Words join_high(Words a, Words b) { return _mm256_unpackhi_epi64(a, b); }

#else

using Words = __m128i;  // 16-bit
PYINFO_INLINE Words load(const void* p) { return _mm_load_si128(static_cast<const Words*>(p)); }
PYINFO_INLINE void store(void* p, Words a) { _mm_store_si128(static_cast<Words*>(p), a); }
PYINFO_INLINE Words all(int value) { return _mm_set1_epi16(static_cast<short>(value)); }
PYINFO_INLINE Words add(Words a, Words b) { return _mm_add_epi16(a, b); }
PYINFO_INLINE Words subtract(Words a, Words b) { return _mm_sub_epi16(a, b); }
PYINFO_INLINE Words low_product(Words a, Words b) { return _mm_mullo_epi16(a, b); }
PYINFO_INLINE Words high_product(Words a, Words b) { return _mm_mulhi_epu16(a, b); }
PYINFO_INLINE Words both(Words a, Words b) { return _mm_and_si128(a, b); }
PYINFO_INLINE Words either(Words a, Words b) { return _mm_or_si128(a, b); }
PYINFO_INLINE Words greater(Words a, Words b) { return _mm_cmpgt_epi16(a, b); }  // signed
PYINFO_INLINE Words at_least(Words a, Words b) {                                 // unsigned
  return _mm_cmpeq_epi16(_mm_max_epu16(a, b), a);
}
PYINFO_INLINE Words choose(Words where, Words yes, Words no) {
  return _mm_blendv_epi8(no, yes, where);
}
template <int n>
PYINFO_INLINE Words left(Words a) {
  return _mm_slli_epi16(a, n);
}
template <int n>
PYINFO_INLINE Words right(Words a) {
  return _mm_srli_epi16(a, n);
}
PYINFO_INLINE Words interleave_low(Words a, Words b) { return _mm_unpacklo_epi16(a, b); }
PYINFO_INLINE Words interleave_high(Words a, Words b) { return _mm_unpackhi_epi16(a, b); }
PYINFO_INLINE Words join_low(Words a, Words b) { return _mm_unpacklo_epi64(a, b); }
PYINFO_INLINE Words join_high(Words a, Words b) { return _mm_unpackhi_epi64(a, b); }

#endif

constexpr unsigned kAtOnce = sizeof(Words) / 2;

// By the mask of eight lanes that give a word: byte indices that move these words to the end.
struct CollectTable {
  alignas(64) std::uint8_t moves[256][16];
};
constexpr CollectTable make_collect_table() {
  CollectTable table{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    unsigned place = 8;
    for (unsigned lane = 8; lane-- > 0;) {
      if ((mask >> lane & 1) == 0) continue;
      --place;
      table.moves[mask][2 * place] = static_cast<std::uint8_t>(2 * lane);
      table.moves[mask][2 * place + 1] = static_cast<std::uint8_t>(2 * lane + 1);
    }
  }
  return table;
}
constexpr CollectTable kCollect = make_collect_table();

PYINFO_INLINE void write_words(__m128i low, unsigned mask, unsigned char*& words) {
  const __m128i moves = _mm_load_si128(reinterpret_cast<const __m128i*>(kCollect.moves[mask]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words - 16), _mm_shuffle_epi8(low, moves));
  words -= 2 * _mm_popcnt_u32(mask);
}

PYINFO_INLINE __m128i two_entries(const std::uint64_t* entries, const std::uint8_t* symbols) {
  const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(entries + symbols[0]));
  return _mm_castps_si128(
      _mm_loadh_pi(_mm_castsi128_ps(first), reinterpret_cast<const __m64*>(entries + symbols[1])));
}

// The words of the lanes in `full`, last lane first; two entries of every eight lanes.
#if defined(__AVX2__)
PYINFO_INLINE void write_words(Words low, Words full, unsigned char*& words) {
  const __m128i bytes =
      _mm_packs_epi16(_mm256_castsi256_si128(full), _mm256_extracti128_si256(full, 1));
  const auto mask = static_cast<unsigned>(_mm_movemask_epi8(bytes));
  write_words(_mm256_extracti128_si256(low, 1), mask >> 8, words);
  write_words(_mm256_castsi256_si128(low), mask & 255, words);
}
PYINFO_INLINE Words pair(const std::uint64_t* entries, const std::uint8_t* symbols) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(two_entries(entries, symbols)),
                                 two_entries(entries, symbols + 8), 1);
}
#else
PYINFO_INLINE void write_words(Words low, Words full, unsigned char*& words) {
  const __m128i bytes = _mm_packs_epi16(full, _mm_setzero_si128());
  write_words(low, static_cast<unsigned>(_mm_movemask_epi8(bytes)), words);
}
PYINFO_INLINE Words pair(const std::uint64_t* entries, const std::uint8_t* symbols) {
  return two_entries(entries, symbols);
}
#endif

PYINFO_INLINE void push(const std::uint64_t* entries, const std::uint8_t* symbols,
                        std::uint16_t* lows, std::uint16_t* highs, unsigned char*& words) {
  // The entries' four fields, each lane's in its place.
  const Words e0 = pair(entries, symbols);
  const Words e2 = pair(entries, symbols + 2);
  const Words e4 = pair(entries, symbols + 4);
  const Words e6 = pair(entries, symbols + 6);
  const Words even0 = interleave_low(e0, e2);
  const Words odd0 = interleave_high(e0, e2);
  const Words even4 = interleave_low(e4, e6);
  const Words odd4 = interleave_high(e4, e6);
  const Words interval0 = interleave_low(even0, odd0);
  const Words inverse0 = interleave_high(even0, odd0);
  const Words interval4 = interleave_low(even4, odd4);
  const Words inverse4 = interleave_high(even4, odd4);
  const Words start = join_low(interval0, interval4);
  const Words frequency = join_high(interval0, interval4);
  const Words inverse_low = join_low(inverse0, inverse4);
  const Words inverse_high = join_high(inverse0, inverse4);

  Words low = load(lows);
  Words high = load(highs);
  const Words full = at_least(high, left<4>(frequency));
  write_words(low, full, words);
  low = choose(full, high, low);
  high = subtract(high, both(full, high));

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

template <unsigned Lanes>
struct Encode {
  static void run(const RansEncodeTable& table, std::uint32_t* states, const std::uint8_t* symbols,
                  std::size_t steps, unsigned char*& words) noexcept {
    alignas(64) std::uint16_t lows[Lanes];
    alignas(64) std::uint16_t highs[Lanes];
    for (unsigned lane = 0; lane < Lanes; ++lane) {
      lows[lane] = static_cast<std::uint16_t>(states[lane]);
      highs[lane] = static_cast<std::uint16_t>(states[lane] >> 16);
    }
    unsigned char* position = words;
    for (const std::uint8_t* step = symbols + steps * Lanes; step != symbols;) {
      step -= Lanes;
      for (unsigned lane = Lanes; lane > 0;) {
        lane -= kAtOnce;
        if (lane % 32 == 0) PYINFO_PREFETCH_OUTPUT(position);
        push(table.entries, step + lane, lows + lane, highs + lane, position);
      }
    }
    for (unsigned lane = 0; lane < Lanes; ++lane) {
      states[lane] = std::uint32_t{highs[lane]} << 16 | lows[lane];
    }
    words = position;
  }
};

}  // namespace
}  // namespace pyinfo::coding
