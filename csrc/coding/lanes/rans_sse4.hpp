// SSE4.1: 4 lanes a vector to decode, 8 to encode.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/lane_shuffles.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/words_sse4.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

using Vector = __m128i;  // of 32-bit lanes

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;
constexpr ExpandWordsWide<4> kExpand;

PYINFO_INLINE Vector low_bits(Vector x, int mask) { return _mm_and_si128(x, _mm_set1_epi32(mask)); }

// A vector of lanes gives a symbol each (in the low byte of the lane) and takes the words it needs.
PYINFO_INLINE Vector pop(const std::uint32_t* slots, std::uint32_t* states, std::uint32_t* index,
                         const unsigned char*& words) {
  const Vector entry = four_entries(slots, index);
  Vector x = _mm_load_si128(reinterpret_cast<const Vector*>(states));
  x = _mm_add_epi32(_mm_mullo_epi32(_mm_srli_epi32(entry, 20), _mm_srli_epi32(x, 12)),
                    low_bits(_mm_srli_epi32(entry, 8), kRansTotal - 1));
  // In 16-bit halves: the sign bit of a lane tells whether its high half is zero.
  const Vector empty = _mm_cmpeq_epi16(x, _mm_setzero_si128());
  const auto mask = static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(empty)));
  const Vector moved =
      _mm_shuffle_epi8(_mm_loadl_epi64(reinterpret_cast<const Vector*>(words)),
                       _mm_load_si128(reinterpret_cast<const Vector*>(kExpand.of[mask])));
  const Vector refilled = _mm_or_si128(moved, _mm_slli_epi32(x, 16));
  x = _mm_castps_si128(
      _mm_blendv_ps(_mm_castsi128_ps(x), _mm_castsi128_ps(refilled), _mm_castsi128_ps(empty)));
  words += 2 * _mm_popcnt_u32(mask);
  _mm_store_si128(reinterpret_cast<Vector*>(states), x);
  _mm_store_si128(reinterpret_cast<Vector*>(index), low_bits(x, kRansTotal - 1));
  return low_bits(entry, 0xff);
}

PYINFO_INLINE void store_symbols(unsigned char* out, const Vector* symbols) {
  const Vector packed = _mm_packus_epi16(_mm_packus_epi32(symbols[0], symbols[1]),
                                         _mm_packus_epi32(symbols[2], symbols[3]));
  _mm_storeu_si128(reinterpret_cast<Vector*>(out), packed);
}

}  // namespace
}  // namespace pyinfo::coding

// The kernels, in these terms.
#include "coding/lanes/rans_vectors.hpp"

namespace pyinfo::coding {
namespace {

template <unsigned kLanes>
constexpr RansKernels::Encode encode_steps = encode_by_entries<kLanes>;

}  // namespace
}  // namespace pyinfo::coding
