// AVX2: look-ups by scalar loads, everything else on 8 lanes (to decode) or 16 (to encode).
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/indexed_rans.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/lane_shuffles.hpp"
#include "coding/lanes/words_avx2.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr ExpandWordsWide<8> kExpand;

PYINFO_INLINE __m256i join(__m128i a, __m128i b) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
}
PYINFO_INLINE __m256i load_lanes(const std::uint32_t* p) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(p));
}
PYINFO_INLINE void store_lanes(std::uint32_t* p, __m256i v) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(p), v);
}

// How many of the bits 16 to 31 of every lane are set; the bits below are zero.
PYINFO_INLINE __m256i count_upper_bits(__m256i v) {
  const __m256i nibble = _mm256_set1_epi8(15);
  const __m256i counts =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
  const __m256i ones = _mm256_add_epi8(
      _mm256_shuffle_epi8(counts, _mm256_and_si256(v, nibble)),
      _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(v, 4), nibble)));
  return _mm256_srli_epi32(_mm256_maddubs_epi16(ones, _mm256_set1_epi8(1)), 16);
}

// States take a word where their high half is empty.
PYINFO_INLINE __m256i renormalise(__m256i z, const unsigned char*& words) {
  const __m256i empty = _mm256_cmpeq_epi16(z, _mm256_setzero_si256());
  const auto taken = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(empty)));
  const __m256i next =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  const __m256i moved = _mm256_shuffle_epi8(
      next, _mm256_load_si256(reinterpret_cast<const __m256i*>(kExpand.of[taken])));
  const __m256i refilled = _mm256_or_si256(moved, _mm256_slli_epi32(z, 16));
  words += 2 * _mm_popcnt_u32(taken);
  return _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(z), _mm256_castsi256_ps(refilled),
                                              _mm256_castsi256_ps(empty)));
}

void decode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  IndexedCursor& cursor, const unsigned char* limit) noexcept {
  const __m128i precision = _mm_cvtsi32_si128(tables.precision);
  const __m128i bucket_bits = _mm_cvtsi32_si128(tables.precision - 4);
  const __m256i low_mask = _mm256_set1_epi32((1 << tables.precision) - 1);
  const __m256i half = _mm256_set1_epi32(0xffff);
  const __m256i fifteen = _mm256_set1_epi32(15);
  alignas(64) std::uint32_t x[kMaxLanes];
  alignas(64) std::uint32_t places[kMaxLanes];
  alignas(64) std::uint32_t numbers[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) x[lane] = states[lane];
  IndexedCursor at = cursor;
  for (; at.steps > 0 && at.words <= limit; --at.steps) {
    for (unsigned lane = 0; lane < lanes; lane += 8) {
      const __m256i k = _mm256_cvtepu8_epi32(
          _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at.indexes + lane)));
      const __m256i slot = _mm256_and_si256(load_lanes(x + lane), low_mask);
      store_lanes(places + lane,
                  _mm256_or_si256(_mm256_sll_epi32(k, bucket_bits), _mm256_srli_epi32(slot, 4)));
    }
    for (unsigned lane = 0; lane < lanes; lane += 8) {
      const __m256i bucket = join(four_entries(tables.buckets, places + lane),
                                  four_entries(tables.buckets, places + lane + 4));
      // Begins behind the slot are shifted out.
      const __m256i begun = _mm256_sllv_epi32(_mm256_andnot_si256(half, bucket),
                                              _mm256_andnot_si256(load_lanes(x + lane), fifteen));
      const __m256i number = _mm256_add_epi32(bucket, count_upper_bits(begun));
      store_lanes(numbers + lane, _mm256_and_si256(number, half));
    }
    for (unsigned lane = 0; lane < lanes; lane += 8) {
      PYINFO_PREFETCH(at.words + kAhead);
      const std::uint32_t* const number = numbers + lane;
      const __m256 a = _mm256_castsi256_ps(
          join(two_entries(tables.decode, number), two_entries(tables.decode, number + 4)));
      const __m256 b = _mm256_castsi256_ps(
          join(two_entries(tables.decode, number + 2), two_entries(tables.decode, number + 6)));
      const __m256i interval = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0x88));
      const __m256i symbol = _mm256_castps_si256(_mm256_shuffle_ps(a, b, 0xdd));
      auto out = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(symbol)));
      const __m256i wide = _mm256_srai_epi32(_mm256_slli_epi32(symbol, 16), 16);
      _mm_storeu_si128(
          reinterpret_cast<__m128i*>(at.out + lane),
          _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1)));
      for (; out != 0; out &= out - 1) {
        *at.escapes++ =
            static_cast<std::uint16_t>(at.place + lane + static_cast<unsigned>(__builtin_ctz(out)));
      }
      const __m256i y = load_lanes(x + lane);
      const __m256i rest =
          _mm256_sub_epi32(_mm256_and_si256(y, low_mask), _mm256_and_si256(interval, half));
      const __m256i z = _mm256_add_epi32(
          _mm256_mullo_epi32(_mm256_srli_epi32(interval, 16), _mm256_srl_epi32(y, precision)),
          rest);
      store_lanes(x + lane, renormalise(z, at.words));
    }
    at.indexes += lanes;
    at.out += lanes;
    at.place += lanes;
  }
  for (unsigned lane = 0; lane < lanes; ++lane) states[lane] = x[lane];
  cursor = at;
}

}  // namespace
}  // namespace pyinfo::coding

// The encoder, in the terms of words_avx2.hpp.
#include "coding/lanes/indexed_vectors.hpp"
