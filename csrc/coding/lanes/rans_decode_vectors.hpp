// Part of rans_kernels.cpp: decoding with AVX2 (8 lanes a vector) or SSE4.1 (4 lanes).
//
// Slots are looked up by scalar loads, everything else is done in vectors. The loads take their
// indices from memory, which was written when the lanes were last updated: that is long ago.
#pragma once

#include <immintrin.h>

#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/rans_unroll.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

#if defined(__AVX2__)
using Vector = __m256i;
#else
using Vector = __m128i;
#endif
constexpr unsigned kWidth = sizeof(Vector) / 4;

// By the mask of the lanes that take a word: byte indices that move the next words there, as the
// low halves of the lanes.
struct RefillTable {
  alignas(64) std::uint8_t moves[1u << kWidth][4 * kWidth];
};
constexpr RefillTable make_refill_table() {
  RefillTable table{};
  for (unsigned mask = 0; mask < 1u << kWidth; ++mask) {
    unsigned byte = 0;
    for (unsigned lane = 0; lane < kWidth; ++lane) {
      const bool taken = (mask >> lane & 1) != 0;
      for (unsigned k = 0; k < 4; ++k) {
        table.moves[mask][4 * lane + k] = taken && k < 2 ? static_cast<std::uint8_t>(byte++) : 0x80;
      }
    }
  }
  return table;
}
constexpr RefillTable kRefill = make_refill_table();

PYINFO_INLINE __m128i four_slots(const std::uint32_t* slots, const std::uint32_t* index) {
  __m128i v = _mm_cvtsi32_si128(static_cast<int>(slots[index[0]]));
  v = _mm_insert_epi32(v, static_cast<int>(slots[index[1]]), 1);
  v = _mm_insert_epi32(v, static_cast<int>(slots[index[2]]), 2);
  return _mm_insert_epi32(v, static_cast<int>(slots[index[3]]), 3);
}

// A vector of lanes gives a symbol each (in the low byte of the lane) and takes the words it needs.
#if defined(__AVX2__)

PYINFO_INLINE Vector low_bits(Vector x, int mask) {
  return _mm256_and_si256(x, _mm256_set1_epi32(mask));
}

PYINFO_INLINE Vector pop(const std::uint32_t* slots, std::uint32_t* states, std::uint32_t* index,
                         const unsigned char*& words) {
  const Vector entry = _mm256_inserti128_si256(_mm256_castsi128_si256(four_slots(slots, index)),
                                               four_slots(slots, index + 4), 1);
  Vector x = _mm256_load_si256(reinterpret_cast<const Vector*>(states));
  x = _mm256_add_epi32(_mm256_mullo_epi32(_mm256_srli_epi32(entry, 20), _mm256_srli_epi32(x, 12)),
                       low_bits(_mm256_srli_epi32(entry, 8), kRansTotal - 1));
  // In 16-bit halves: the sign bit of a lane tells whether its high half is zero.
  const Vector empty = _mm256_cmpeq_epi16(x, _mm256_setzero_si256());
  const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(empty)));
  const Vector next =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  const Vector moved = _mm256_shuffle_epi8(
      next, _mm256_load_si256(reinterpret_cast<const Vector*>(kRefill.moves[mask])));
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

#else

PYINFO_INLINE Vector low_bits(Vector x, int mask) { return _mm_and_si128(x, _mm_set1_epi32(mask)); }

PYINFO_INLINE Vector pop(const std::uint32_t* slots, std::uint32_t* states, std::uint32_t* index,
                         const unsigned char*& words) {
  const Vector entry = four_slots(slots, index);
  Vector x = _mm_load_si128(reinterpret_cast<const Vector*>(states));
  x = _mm_add_epi32(_mm_mullo_epi32(_mm_srli_epi32(entry, 20), _mm_srli_epi32(x, 12)),
                    low_bits(_mm_srli_epi32(entry, 8), kRansTotal - 1));
  // In 16-bit halves: the sign bit of a lane tells whether its high half is zero.
  const Vector empty = _mm_cmpeq_epi16(x, _mm_setzero_si128());
  const auto mask = static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(empty)));
  const Vector moved =
      _mm_shuffle_epi8(_mm_loadl_epi64(reinterpret_cast<const Vector*>(words)),
                       _mm_load_si128(reinterpret_cast<const Vector*>(kRefill.moves[mask])));
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

#endif

template <unsigned Lanes>
struct DecodeSlots {
  static void run(const std::uint32_t* slots, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
    constexpr unsigned group = 4 * kWidth;  // lanes whose symbols fill a vector
    alignas(64) std::uint32_t lanes[Lanes];
    alignas(64) std::uint32_t index[Lanes];
    for (unsigned lane = 0; lane < Lanes; ++lane) {
      lanes[lane] = states[lane];
      index[lane] = states[lane] & (kRansTotal - 1);
    }
    const unsigned char* words = cursor.words;
    unsigned char* out = cursor.out;
    std::size_t steps = cursor.steps;
    for (; steps > 0 && words <= limit; --steps) {
      for (unsigned lane = 0; lane < Lanes; lane += group) {
        _mm_prefetch(reinterpret_cast<const char*>(words) + kPrefetchDistance, _MM_HINT_T0);
        Vector symbols[4];
        PYINFO_UNROLL_4
        for (unsigned k = 0; k < 4; ++k) {
          const unsigned first = lane + k * kWidth;
          symbols[k] = pop(slots, lanes + first, index + first, words);
        }
        store_symbols(out, symbols);
        out += group;
      }
    }
    for (unsigned lane = 0; lane < Lanes; ++lane) states[lane] = lanes[lane];
    cursor = {words, out, steps};
  }
};

}  // namespace
}  // namespace pyinfo::coding
