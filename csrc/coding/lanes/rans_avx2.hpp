// AVX2: 8 lanes a vector to decode, 16 to encode.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/lane_shuffles.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/words_avx2.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

using Vector = __m256i;  // of 32-bit lanes

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;
constexpr ExpandWordsWide<8> kExpand;

PYINFO_INLINE Vector low_bits(Vector x, int mask) {
  return _mm256_and_si256(x, _mm256_set1_epi32(mask));
}

// A vector of lanes gives a symbol each (in the low byte of the lane) and takes the words it needs.
PYINFO_INLINE Vector pop(const std::uint32_t* slots, std::uint32_t* states, std::uint32_t* index,
                         const unsigned char*& words) {
  const Vector entry = _mm256_inserti128_si256(_mm256_castsi128_si256(four_entries(slots, index)),
                                               four_entries(slots, index + 4), 1);
  Vector x = _mm256_load_si256(reinterpret_cast<const Vector*>(states));
  x = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_srli_epi32(entry, 20), _mm256_srli_epi32(x, 12)),
                       low_bits(_mm256_srli_epi32(entry, 8), kRansTotal - 1));
  // In 16-bit halves: the sign bit of a lane tells whether its high half is zero.
  const Vector empty = _mm256_cmpeq_epi16(x, _mm256_setzero_si256());
  const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(empty)));
  const Vector next =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  const Vector moved = _mm256_shuffle_epi8(
      next, _mm256_load_si256(reinterpret_cast<const Vector*>(kExpand.of[mask])));
  const Vector refilled = _mm256_or_si256(moved, _mm256_slli_epi32(x, 16));
  x = _mm256_castps_si256(_mm256_blendv_ps(_mm256_castsi256_ps(x), _mm256_castsi256_ps(refilled),
                                           _mm256_castsi256_ps(empty)));
  words += 2 * _mm_popcnt_u32(mask);
  _mm256_store_si256(reinterpret_cast<Vector*>(states), x);
  _mm256_store_si256(reinterpret_cast<Vector*>(index), low_bits(x, kRansTotal - 1));
  return low_bits(entry, 0xff);
}

PYINFO_INLINE void store_symbols(unsigned char* out, const Vector* symbols) {
  const Vector packed = _mm256_packus_epi16(_mm256_packus_epi32(symbols[0], symbols[1]),
                                            _mm256_packus_epi32(symbols[2], symbols[3]));
  const Vector order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  _mm256_storeu_si256(reinterpret_cast<Vector*>(out), _mm256_permutevar8x32_epi32(packed, order));
}

}  // namespace
}  // namespace pyinfo::coding

// The kernels, in these terms.
#include "coding/lanes/rans_vectors.hpp"
