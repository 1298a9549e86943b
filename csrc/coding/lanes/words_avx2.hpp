// AVX2: what encoder kernels of rANS do with lanes of 16 bits, 16 a vector.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/lane_shuffles.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

using Words = __m256i;

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
// By a number that is known when the program runs.
using Count = __m128i;
PYINFO_INLINE Count shift_count(int n) { return _mm_cvtsi32_si128(n); }
PYINFO_INLINE Words left(Words a, Count n) { return _mm256_sll_epi16(a, n); }
PYINFO_INLINE Words right(Words a, Count n) { return _mm256_srl_epi16(a, n); }
PYINFO_INLINE Words load_unaligned(const void* p) {
  return _mm256_loadu_si256(static_cast<const Words*>(p));
}
PYINFO_INLINE void store_unaligned(void* p, Words a) {
  _mm256_storeu_si256(static_cast<Words*>(p), a);
}
// A bit for each byte that has its highest bit set.
PYINFO_INLINE unsigned byte_mask(Words a) { return static_cast<unsigned>(_mm256_movemask_epi8(a)); }
PYINFO_INLINE Words smaller(Words a, Words b) { return _mm256_min_epu16(a, b); }  // unsigned
PYINFO_INLINE Words equal(Words a, Words b) { return _mm256_cmpeq_epi16(a, b); }

// The words of the lanes in `full`, last lane first.
PYINFO_INLINE void write_words(Words low, Words full, unsigned char*& words) {
  const __m128i bytes =
      _mm_packs_epi16(_mm256_castsi256_si128(full), _mm256_extracti128_si256(full, 1));
  const auto mask = static_cast<unsigned>(_mm_movemask_epi8(bytes));
  write_words(_mm256_extracti128_si256(low, 1), mask >> 8, words);
  write_words(_mm256_castsi256_si128(low), mask & 255, words);
}
// Two entries of every eight lanes.
template <class Index>
PYINFO_INLINE Words pair(const std::uint64_t* entries, const Index* symbols) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(two_entries(entries, symbols)),
                                 two_entries(entries, symbols + 8), 1);
}

}  // namespace
}  // namespace pyinfo::coding
