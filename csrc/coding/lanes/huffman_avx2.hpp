// AVX2: table look-ups one by one, everything else on eight states at once.
#pragma once

#include <immintrin.h>

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/lane_shuffles.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;
constexpr ExpandWordsWide<8> kExpand;

PYINFO_INLINE __m256i load(const void* p) noexcept {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
PYINFO_INLINE void store(void* p, __m256i value) noexcept {
  _mm256_storeu_si256(static_cast<__m256i*>(p), value);
}

// Insertions beat the gather instructions of every processor so far.
template <class Entry, class Index>
PYINFO_INLINE __m256i look_up(const Entry* table, const Index* index) noexcept {
  const auto entry = [&](unsigned i) {
    int found;
    PYINFO_COPY(&found, table + index[i], sizeof found);
    return found;
  };
  const auto four = [&](unsigned i) {
    __m128i found = _mm_cvtsi32_si128(entry(i));
    found = _mm_insert_epi32(found, entry(i + 1), 1);
    found = _mm_insert_epi32(found, entry(i + 2), 2);
    return _mm_insert_epi32(found, entry(i + 3), 3);
  };
  return _mm256_inserti128_si256(_mm256_castsi128_si256(four(0)), four(4), 1);
}

PYINFO_INLINE __m256i slots_of(__m256i states) noexcept {
  return _mm256_and_si256(states, _mm256_set1_epi32((1 << kHuffmanWindow) - 1));
}

// Takes a code off each of eight states; the looked-up slots in the low halves.
PYINFO_INLINE __m256i pop(std::uint32_t* states, std::uint32_t* slots, const unsigned char*& words,
                          const std::uint16_t* table) noexcept {
  const __m256i found = look_up(table, slots);
  const __m256i x = _mm256_srlv_epi32(load(states), _mm256_and_si256(found, _mm256_set1_epi32(15)));
  // States whose high half is 0: their sign bits tell, as blends and masks look at those.
  const __m256 lacks = _mm256_castsi256_ps(_mm256_cmpeq_epi16(x, _mm256_setzero_si256()));
  const unsigned refill = static_cast<unsigned>(_mm256_movemask_ps(lacks));
  const __m256i next =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(words)));
  const __m256i filled = _mm256_or_si256(_mm256_slli_epi32(x, 16),
                                         _mm256_shuffle_epi8(next, load(kExpand.of[refill])));
  words += 2 * _mm_popcnt_u32(refill);
  const __m256i result = _mm256_castps_si256(
      _mm256_blendv_ps(_mm256_castsi256_ps(x), _mm256_castsi256_ps(filled), lacks));
  store(states, result);
  store(slots, slots_of(result));
  return found;
}

// The symbols of four times eight slots, in order.
PYINFO_INLINE __m256i symbols_of(const __m256i* slots) noexcept {
  const auto join = [](__m256i a, __m256i b) {
    return _mm256_srli_epi16(_mm256_blend_epi16(a, _mm256_slli_epi32(b, 16), 0xaa), 8);
  };
  const __m256i mixed = _mm256_packus_epi16(join(slots[0], slots[1]), join(slots[2], slots[3]));
  const __m256i by_vector = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15));
  return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(mixed, by_vector),
                                     _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}

template <unsigned kLanes>
void decode_steps(const HuffmanDecodeTable& table, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
  const unsigned char* words = cursor.words;
  unsigned char* out = cursor.out;
  std::size_t steps = cursor.steps;
  alignas(32) std::uint32_t state[kLanes];
  alignas(32) std::uint32_t slot[kLanes];  // of the next look-ups
  for (unsigned lane = 0; lane < kLanes; lane += 8) {
    store(state + lane, load(states + lane));
    store(slot + lane, slots_of(load(states + lane)));
  }
  for (; steps > 0 && words <= limit; --steps) {
    for (unsigned lane = 0; lane < kLanes; lane += 32, out += 32) {
      if (lane % 64 == 0) PYINFO_PREFETCH(words + kAhead);
      __m256i found[4];
#pragma GCC unroll 4
      for (unsigned i = 0; i < 4; ++i) {
        found[i] = pop(state + lane + 8 * i, slot + lane + 8 * i, words, table.slots);
      }
      store(out, symbols_of(found));
    }
  }
  for (unsigned lane = 0; lane < kLanes; lane += 8) store(states + lane, load(state + lane));
  cursor = {words, out, steps};
}

// Entries in the form that takes the fewest operations: code << 8 | length.
struct WideEntries {
  alignas(32) std::uint32_t of[kByteSymbols];

  PYINFO_INLINE explicit WideEntries(const HuffmanEncodeTable& table) noexcept {
    for (std::size_t s = 0; s < kByteSymbols; s += 8) {
      const __m256i entry = _mm256_cvtepu16_epi32(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.entries + s)));
      const __m256i length = _mm256_and_si256(entry, _mm256_set1_epi32(15));
      const __m256i code =
          _mm256_srlv_epi32(entry, _mm256_sub_epi32(_mm256_set1_epi32(16), length));
      store(of + s, _mm256_or_si256(_mm256_slli_epi32(code, 8), length));
    }
  }
};

// Puts a code on each of eight states.
PYINFO_INLINE void push(std::uint32_t* states, const std::uint8_t* symbols, unsigned char*& words,
                        const std::uint32_t* table) noexcept {
  const __m256i entries = look_up(table, symbols);
  const __m256i length = _mm256_and_si256(entries, _mm256_set1_epi32(15));
  const __m256i x = load(states);
  const __m256i overflow = _mm256_srlv_epi32(x, _mm256_sub_epi32(_mm256_set1_epi32(32), length));
  const __m256i fits = _mm256_cmpeq_epi32(overflow, _mm256_setzero_si256());
  const unsigned flush =
      ~static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(fits))) & 255;
  const __m256i low = _mm256_blend_epi16(x, _mm256_setzero_si256(), 0xaa);
  const __m128i low_halves =
      _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
  write_words(low_halves, flush, words);
  const __m256i left = _mm256_blendv_epi8(_mm256_srli_epi32(x, 16), x, fits);
  store(states, _mm256_or_si256(_mm256_sllv_epi32(left, length), _mm256_srli_epi32(entries, 8)));
}

template <unsigned kLanes>
void encode_steps(const HuffmanEncodeTable& plain, std::uint32_t* states,
                  const std::uint8_t* symbols, std::size_t steps, unsigned char*& end) noexcept {
  const WideEntries table(plain);
  unsigned char* words = end;
  alignas(32) std::uint32_t state[kLanes];
  for (unsigned lane = 0; lane < kLanes; lane += 8) store(state + lane, load(states + lane));
  for (const std::uint8_t* at = symbols + steps * kLanes; at != symbols;) {
    at -= kLanes;
    for (unsigned lane = kLanes; lane > 0; lane -= 32) {
      if (lane % 64 == 0 || kLanes == 32) PYINFO_PREFETCH(words - kBelow);
#pragma GCC unroll 4
      for (unsigned i = 8; i <= 32; i += 8) {
        push(state + lane - i, at + lane - i, words, table.of);
      }
    }
  }
  for (unsigned lane = 0; lane < kLanes; lane += 8) store(states + lane, load(state + lane));
  end = words;
}

}  // namespace
}  // namespace pyinfo::coding
