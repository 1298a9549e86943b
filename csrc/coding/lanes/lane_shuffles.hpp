// For x86 kernels on vectors of 128 and 256 bits: look-ups one by one, and words that some of the
// lanes leave. Each kernel file has its own copy.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/word_moves.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

// The 16-bit elements of `low` whose bit is set to below `words`, in order.
PYINFO_INLINE void write_words(__m128i low, unsigned mask, unsigned char*& words) {
  const __m128i moves = _mm_load_si128(reinterpret_cast<const __m128i*>(kCompress.of[mask]));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(words - 16), _mm_shuffle_epi8(low, moves));
  words -= 2 * _mm_popcnt_u32(mask);
}

PYINFO_INLINE __m128i four_entries(const std::uint32_t* table, const std::uint32_t* index) {
  __m128i v = _mm_cvtsi32_si128(static_cast<int>(table[index[0]]));
  v = _mm_insert_epi32(v, static_cast<int>(table[index[1]]), 1);
  v = _mm_insert_epi32(v, static_cast<int>(table[index[2]]), 2);
  return _mm_insert_epi32(v, static_cast<int>(table[index[3]]), 3);
}

template <class Index>
PYINFO_INLINE __m128i two_entries(const std::uint64_t* table, const Index* symbols) {
  const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(table + symbols[0]));
  return _mm_castps_si128(
      _mm_loadh_pi(_mm_castsi128_ps(first), reinterpret_cast<const __m64*>(table + symbols[1])));
}

}  // namespace
}  // namespace pyinfo::coding
