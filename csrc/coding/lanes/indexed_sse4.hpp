// SSE4.1: intervals are found lane by lane, with the processor's bit count; states are updated four
// at a time.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/indexed_rans.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/lane_shuffles.hpp"
#include "coding/lanes/words_sse4.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr ExpandWordsWide<4> kExpand;

void decode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  IndexedCursor& cursor, const unsigned char* limit) noexcept {
  const int precision = tables.precision;
  const std::uint32_t mask = (1u << precision) - 1;
  const __m128i shift = _mm_cvtsi32_si128(precision);
  const __m128i low_mask = _mm_set1_epi32(static_cast<int>(mask));
  const __m128i half = _mm_set1_epi32(0xffff);
  alignas(64) std::uint32_t x[kMaxLanes];
  alignas(64) std::uint32_t numbers[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) x[lane] = states[lane];
  IndexedCursor at = cursor;
  for (; at.steps > 0 && at.words <= limit; --at.steps) {
    PYINFO_UNROLL_4
    for (unsigned lane = 0; lane < lanes; ++lane) {
      const std::uint32_t slot = x[lane] & mask;
      const std::uint32_t bucket =
          tables.buckets[std::uint32_t{at.indexes[lane]} << (precision - 4) | slot >> 4];
      const std::uint32_t begun = (bucket & 0xffff0000) << (15 - (slot & 15));
      numbers[lane] = (bucket + static_cast<std::uint32_t>(_mm_popcnt_u32(begun))) & 0xffff;
    }
    for (unsigned lane = 0; lane < lanes; lane += 4) {
      PYINFO_PREFETCH(at.words + kAhead);
      const __m128 a = _mm_castsi128_ps(two_entries(tables.decode, numbers + lane));
      const __m128 b = _mm_castsi128_ps(two_entries(tables.decode, numbers + lane + 2));
      const __m128i interval = _mm_castps_si128(_mm_shuffle_ps(a, b, 0x88));
      const __m128i symbol = _mm_castps_si128(_mm_shuffle_ps(a, b, 0xdd));
      auto out = static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(symbol)));
      const __m128i wide = _mm_srai_epi32(_mm_slli_epi32(symbol, 16), 16);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(at.out + lane), _mm_packs_epi32(wide, wide));
      for (; out != 0; out &= out - 1) {
        *at.escapes++ =
            static_cast<std::uint16_t>(at.place + lane + static_cast<unsigned>(__builtin_ctz(out)));
      }
      const __m128i y = _mm_load_si128(reinterpret_cast<const __m128i*>(x + lane));
      __m128i z = _mm_mullo_epi32(_mm_srli_epi32(interval, 16), _mm_srl_epi32(y, shift));
      z = _mm_add_epi32(z,
                        _mm_sub_epi32(_mm_and_si128(y, low_mask), _mm_and_si128(interval, half)));
      // In 16-bit halves: the sign bit of a lane tells whether its high half is zero.
      const __m128i empty = _mm_cmpeq_epi16(z, _mm_setzero_si128());
      const auto taken = static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(empty)));
      const __m128i moved =
          _mm_shuffle_epi8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(at.words)),
                           _mm_load_si128(reinterpret_cast<const __m128i*>(kExpand.of[taken])));
      const __m128i refilled = _mm_or_si128(moved, _mm_slli_epi32(z, 16));
      z = _mm_castps_si128(
          _mm_blendv_ps(_mm_castsi128_ps(z), _mm_castsi128_ps(refilled), _mm_castsi128_ps(empty)));
      _mm_store_si128(reinterpret_cast<__m128i*>(x + lane), z);
      at.words += 2 * _mm_popcnt_u32(taken);
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

// The encoder, in the terms of words_sse4.hpp.
#include "coding/lanes/indexed_vectors.hpp"
