// AVX2: 8 lanes a vector to decode, 16 to encode.
#pragma once

#include <immintrin.h>

#include <cstdint>

#include "coding/lanes/lane_shuffles.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/symbol_window_avx2.hpp"
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

namespace pyinfo::coding {
namespace {

// The entries of the symbols in a window, byte by byte.
template <unsigned rows>
struct WindowOfEntries {
  alignas(32) std::uint8_t start_low[16 * rows];
  alignas(32) std::uint8_t frequency_low[16 * rows];
  alignas(32) std::uint8_t upper[16 * rows];  // of the start, and of the frequency << 4
  alignas(32) std::uint8_t inverse[4][16 * rows];

  PYINFO_INLINE WindowOfEntries(const std::uint64_t* entries, unsigned first) {
    for (unsigned i = 0; i < 16 * rows; ++i) {
      const std::uint64_t entry = entries[(first + i) % 256];
      start_low[i] = static_cast<std::uint8_t>(entry);
      frequency_low[i] = static_cast<std::uint8_t>(entry >> 16);
      upper[i] = static_cast<std::uint8_t>(entry >> 8 | entry >> 24 << 4);
      for (unsigned k = 0; k < 4; ++k) {
        inverse[k][i] = static_cast<std::uint8_t>(entry >> (32 + 8 * k));
      }
    }
  }
};

template <unsigned rows>
void encode_in_window(const RansEncodeTable& table, unsigned first, unsigned lanes,
                      std::uint32_t* states, const std::uint8_t* symbols, std::size_t steps,
                      unsigned char*& end) noexcept {
  const WindowOfEntries<rows> entries(table.entries, first);
  const WindowTable<rows> start_low(entries.start_low);
  const WindowTable<rows> frequency_low(entries.frequency_low);
  const WindowTable<rows> upper_bytes(entries.upper);
  const WindowTable<rows> inverse_0(entries.inverse[0]);
  const WindowTable<rows> inverse_1(entries.inverse[1]);
  const WindowTable<rows> inverse_2(entries.inverse[2]);
  const WindowTable<rows> inverse_3(entries.inverse[3]);
  const Vector nibble = _mm256_set1_epi8(15);
  StateHalves halves(states, lanes);
  unsigned char* words = end;
  for (const std::uint8_t* at = symbols + steps * lanes; at != symbols;) {
    at -= lanes;
    for (unsigned lane = lanes; lane > 0;) {
      PYINFO_PREFETCH_OUTPUT(words - kAhead);
      lane -= 32;
      std::uint16_t* const low = halves.low + lane;
      std::uint16_t* const high = halves.high + lane;
      const PlacesInWindow places(at + lane, first);
      const Vector upper = upper_bytes.get(places);
      const Vector f0 = frequency_low.get(places);
      const Vector f1 = _mm256_and_si256(_mm256_srli_epi16(upper, 4), nibble);
      const Words frequency_a = _mm256_unpacklo_epi8(f0, f1);
      const Words frequency_b = _mm256_unpackhi_epi8(f0, f1);
      const Words full_a = full_states(high, frequency_a);
      const Words full_b = full_states(high + 16, frequency_b);
      write_words_of(low, byte_mask(_mm256_packs_epi16(full_a, full_b)), words);
      const Vector s0 = start_low.get(places);
      const Vector s1 = _mm256_and_si256(upper, nibble);
      const Vector i0 = inverse_0.get(places);
      const Vector i1 = inverse_1.get(places);
      const Vector i2 = inverse_2.get(places);
      const Vector i3 = inverse_3.get(places);
      divide(low, high, full_a, _mm256_unpacklo_epi8(s0, s1), frequency_a,
             _mm256_unpacklo_epi8(i0, i1), _mm256_unpacklo_epi8(i2, i3));
      divide(low + 16, high + 16, full_b, _mm256_unpackhi_epi8(s0, s1), frequency_b,
             _mm256_unpackhi_epi8(i0, i1), _mm256_unpackhi_epi8(i2, i3));
    }
  }
  halves.join(states, lanes);
  end = words;
}

// A bit for each of four symbols that has a frequency.
PYINFO_INLINE std::uint64_t present_of(const std::uint64_t* entries) {
  const Vector absent =
      _mm256_cmpeq_epi64(load(entries), _mm256_set1_epi64x(static_cast<long long>(kAbsentEntry)));
  return 15u & ~static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(absent)));
}

// Windows of more rows take as many operations as loads of entries, and fewer symbols do not pay
// for the tables.
constexpr unsigned kMostRows = 4;
constexpr std::size_t kWorthTables = 1024;

template <unsigned kLanes>
void encode_steps(const RansEncodeTable& table, std::uint32_t* states, const std::uint8_t* symbols,
                  std::size_t steps, unsigned char*& words) noexcept {
  SymbolWindow window = {0, 16};
  if (steps * kLanes >= kWorthTables) {
    std::uint64_t present[4] = {};
    for (unsigned s = 0; s < 256; s += 4)
      present[s / 64] |= present_of(table.entries + s) << s % 64;
    window = find_window(present);
  }
  if (window.rows > kMostRows) {
    encode_by_entries<kLanes>(table, states, symbols, steps, words);
    return;
  }
  const auto encode = window.rows == 2   ? encode_in_window<2>
                      : window.rows == 3 ? encode_in_window<3>
                                         : encode_in_window<4>;
  encode(table, window.first, kLanes, states, symbols, steps, words);
}

}  // namespace
}  // namespace pyinfo::coding
