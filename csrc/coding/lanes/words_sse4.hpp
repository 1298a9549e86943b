// SSE4.1: what encoder kernels of rANS do with lanes of 16 bits, 8 a vector.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/lane_shuffles.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

using Words = __m128i;

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
// By a number that is known when the program runs.
using Count = __m128i;
PYINFO_INLINE Count shift_count(int n) { return _mm_cvtsi32_si128(n); }
PYINFO_INLINE Words left(Words a, Count n) { return _mm_sll_epi16(a, n); }
PYINFO_INLINE Words right(Words a, Count n) { return _mm_srl_epi16(a, n); }
PYINFO_INLINE Words load_unaligned(const void* p) {
  return _mm_loadu_si128(static_cast<const Words*>(p));
}
PYINFO_INLINE void store_unaligned(void* p, Words a) {
  _mm_storeu_si128(static_cast<Words*>(p), a);
}
// A bit for each byte that has its highest bit set.
PYINFO_INLINE unsigned byte_mask(Words a) { return static_cast<unsigned>(_mm_movemask_epi8(a)); }
PYINFO_INLINE Words smaller(Words a, Words b) { return _mm_min_epu16(a, b); }  // unsigned
PYINFO_INLINE Words equal(Words a, Words b) { return _mm_cmpeq_epi16(a, b); }

// The words of the lanes in `full`, last lane first.
PYINFO_INLINE void write_words(Words low, Words full, unsigned char*& words) {
  const __m128i bytes = _mm_packs_epi16(full, _mm_setzero_si128());
  write_words(low, static_cast<unsigned>(_mm_movemask_epi8(bytes)), words);
}
// Two entries of every eight lanes.
template <class Index>
PYINFO_INLINE Words pair(const std::uint64_t* entries, const Index* symbols) {
  return two_entries(entries, symbols);
}

}  // namespace
}  // namespace pyinfo::coding
