// SSE4.1: 4 lanes a vector to decode, 8 to encode.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/lane_shuffles.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

using Vector = __m128i;  // of 32-bit lanes
using Words = __m128i;   // of 16-bit lanes

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;
constexpr ExpandWordsWide<4> kExpand;

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

// The words of the lanes in `full`, last lane first.
PYINFO_INLINE void write_words(Words low, Words full, unsigned char*& words) {
  const __m128i bytes = _mm_packs_epi16(full, _mm_setzero_si128());
  write_words(low, static_cast<unsigned>(_mm_movemask_epi8(bytes)), words);
}
// Two entries of every eight lanes.
PYINFO_INLINE Words pair(const std::uint64_t* entries, const std::uint8_t* symbols) {
  return two_entries(entries, symbols);
}

}  // namespace
}  // namespace pyinfo::coding

// The kernels, in these terms.
#include "coding/lanes/rans_vectors.hpp"
