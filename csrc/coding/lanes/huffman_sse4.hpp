// SSE4.1: table look-ups one by one, everything else on eight 16-bit elements.
#pragma once

#include <immintrin.h>

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/lane_shuffles.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;
constexpr ExpandWords kExpand;

PYINFO_INLINE __m128i load(const void* p) noexcept {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}
PYINFO_INLINE void store(void* p, __m128i value) noexcept {
  _mm_storeu_si128(static_cast<__m128i*>(p), value);
}

template <class Index>
PYINFO_INLINE __m128i look_up(const std::uint16_t* table, const Index* index) noexcept {
  __m128i found = _mm_cvtsi32_si128(table[index[0]]);
  found = _mm_insert_epi16(found, table[index[1]], 1);
  found = _mm_insert_epi16(found, table[index[2]], 2);
  found = _mm_insert_epi16(found, table[index[3]], 3);
  found = _mm_insert_epi16(found, table[index[4]], 4);
  found = _mm_insert_epi16(found, table[index[5]], 5);
  found = _mm_insert_epi16(found, table[index[6]], 6);
  return _mm_insert_epi16(found, table[index[7]], 7);
}

// Shifts by as many bits as each element says are multiplications by these. An index is the
// exponent in the low byte and the exponent - 8 in the high one: others than 0..7 give 0.
PYINFO_INLINE __m128i power_of_two(__m128i exponents) noexcept {
  const __m128i powers = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  return _mm_shuffle_epi8(powers, exponents);
}
PYINFO_INLINE __m128i low_byte_twice(__m128i x) noexcept {
  return _mm_shuffle_epi8(x, _mm_setr_epi8(0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 10, 10, 12, 12, 14, 14));
}

// Takes a code off each of eight states; the looked-up slots.
PYINFO_INLINE __m128i pop(std::uint16_t* lows, std::uint16_t* highs, std::uint16_t* slots,
                          const unsigned char*& words, const std::uint16_t* table) noexcept {
  const __m128i found = look_up(table, slots);
  const __m128i factor =  // 2^(16 - length)
      power_of_two(_mm_sub_epi8(_mm_set1_epi16(0x0810), low_byte_twice(found)));
  const __m128i old_low = load(lows);
  const __m128i old_high = load(highs);
  const __m128i low =
      _mm_or_si128(_mm_mulhi_epu16(old_low, factor), _mm_mullo_epi16(old_high, factor));
  const __m128i high = _mm_mulhi_epu16(old_high, factor);
  const __m128i lacks = _mm_cmpeq_epi16(high, _mm_setzero_si128());
  const unsigned refill =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(lacks, lacks))) & 255;
  const __m128i filled = _mm_or_si128(_mm_andnot_si128(lacks, low),
                                      _mm_shuffle_epi8(load(words), load(kExpand.of[refill])));
  words += 2 * _mm_popcnt_u32(refill);
  store(highs, _mm_or_si128(high, _mm_and_si128(lacks, low)));
  store(lows, filled);
  store(slots, _mm_and_si128(filled, _mm_set1_epi16((1 << kHuffmanWindow) - 1)));
  return found;
}

PYINFO_INLINE __m128i symbols_of(__m128i first, __m128i second) noexcept {
  return _mm_packus_epi16(_mm_srli_epi16(first, 8), _mm_srli_epi16(second, 8));
}

// Puts a code on each of eight states.
PYINFO_INLINE void push(std::uint16_t* lows, std::uint16_t* highs, const std::uint8_t* symbols,
                        unsigned char*& words, const std::uint16_t* table) noexcept {
  const __m128i entries = look_up(table, symbols);
  const __m128i length = low_byte_twice(_mm_and_si128(entries, _mm_set1_epi16(15)));
  const __m128i factor = power_of_two(_mm_sub_epi8(length, _mm_set1_epi16(0x0800)));  // 2^length
  const __m128i old_low = load(lows);
  const __m128i old_high = load(highs);
  const __m128i fits = _mm_cmpeq_epi16(_mm_mulhi_epu16(old_high, factor), _mm_setzero_si128());
  const unsigned flush =
      ~static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(fits, fits))) & 255;
  store(words - 16, _mm_shuffle_epi8(old_low, load(kCompress.of[flush])));
  words -= 2 * _mm_popcnt_u32(flush);
  const __m128i low = _mm_blendv_epi8(old_high, old_low, fits);
  const __m128i high = _mm_and_si128(old_high, fits);
  store(highs, _mm_or_si128(_mm_mullo_epi16(high, factor), _mm_mulhi_epu16(low, factor)));
  store(lows, _mm_or_si128(_mm_mullo_epi16(low, factor), _mm_mulhi_epu16(entries, factor)));
}

}  // namespace
}  // namespace pyinfo::coding

// The kernels, in these terms.
#include "coding/lanes/huffman_vectors.hpp"
