// AVX2: bytes by symbol without loads from memory. Symbols whose values lie close together are
// looked up in registers, 16 values each, 32 symbols at once.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "coding/lanes/lane_shuffles.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

// 16 * rows values from `first` on, modulo 256.
struct SymbolWindow {
  unsigned first;
  unsigned rows;  // 2, 3, 4, 8, 12 or 16
};

// The smaller one of two windows for the symbols whose bits are set, some of 256: one that does not
// pass over 255, and one that does not pass over 127, as signed bytes have it.
PYINFO_INLINE SymbolWindow find_window(const std::uint64_t* present) {
  SymbolWindow best = {0, 16};
  unsigned fewest = 257;
  for (unsigned start = 0; start < 4; start += 2) {
    unsigned first = 0;
    unsigned last = 0;
    for (unsigned i = 4; i-- > 0;) {
      const std::uint64_t bits = present[(start + i) % 4];
      if (bits != 0) first = 64 * i + static_cast<unsigned>(_tzcnt_u64(bits));
    }
    for (unsigned i = 0; i < 4; ++i) {
      const std::uint64_t bits = present[(start + i) % 4];
      if (bits != 0) last = 64 * i + 63 - static_cast<unsigned>(_lzcnt_u64(bits));
    }
    const unsigned values = last - first + 1;
    if (values >= fewest) continue;
    fewest = values;
    best.first = (first + 64 * start) % 256;
  }
  constexpr unsigned kRows[] = {12, 8, 4, 3, 2};
  for (const unsigned rows : kRows) {
    if (fewest <= 16 * rows) best.rows = rows;
  }
  return best;
}

// Where 32 symbols are in a window.
struct PlacesInWindow {
  __m256i row;         // place in a row; the highest bit is 0
  __m256i upper_bits;  // bits 4 to 7 of the place

  PYINFO_INLINE PlacesInWindow(const std::uint8_t* symbols, unsigned first)
      : upper_bits(_mm256_sub_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(symbols)),
                                   _mm256_set1_epi8(static_cast<char>(first)))) {
    row = _mm256_and_si256(upper_bits, _mm256_set1_epi8(15));
  }
  // `yes` where this bit of the place, 4 to 7, is set.
  template <int bit>
  PYINFO_INLINE __m256i choose(__m256i no, __m256i yes) const {
    return _mm256_blendv_epi8(no, yes, _mm256_slli_epi16(upper_bits, 7 - bit));
  }
};

// One byte for each symbol of a window.
template <unsigned rows>
struct WindowTable {
  __m256i row[rows];

  // From the bytes of the symbols, in order.
  PYINFO_INLINE explicit WindowTable(const std::uint8_t* bytes) {
    for (unsigned i = 0; i < rows; ++i) {
      row[i] = _mm256_broadcastsi128_si256(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i)));
    }
  }
  PYINFO_INLINE __m256i get(const PlacesInWindow& places) const {
    return get_among<0, rows>(places);
  }

 private:
  template <unsigned from, unsigned n>
  PYINFO_INLINE __m256i get_among(const PlacesInWindow& places) const {
    if constexpr (n == 1) {
      return _mm256_shuffle_epi8(row[from], places.row);
    } else {
      constexpr unsigned half = n <= 2 ? 1 : n <= 4 ? 2 : n <= 8 ? 4 : 8;
      constexpr int bit = half == 1 ? 4 : half == 2 ? 5 : half == 4 ? 6 : 7;
      return places.choose<bit>(get_among<from, half>(places),
                                get_among<from + half, n - half>(places));
    }
  }
};

// The halves of the states of up to 256 lanes. Each 32 lanes are two registers of halves, A and B:
// A has lanes 0 to 7 and 16 to 23, B the others, as interleaving bytes within lanes of 128 bits
// leaves them.
struct StateHalves {
  alignas(32) std::uint16_t low[256];
  alignas(32) std::uint16_t high[256];

  PYINFO_INLINE StateHalves(const std::uint32_t* states, unsigned lanes) {
    for (unsigned lane = 0; lane < lanes; ++lane) {
      low[place(lane)] = static_cast<std::uint16_t>(states[lane]);
      high[place(lane)] = static_cast<std::uint16_t>(states[lane] >> 16);
    }
  }
  PYINFO_INLINE void join(std::uint32_t* states, unsigned lanes) const {
    for (unsigned lane = 0; lane < lanes; ++lane) {
      states[lane] = std::uint32_t{high[place(lane)]} << 16 | low[place(lane)];
    }
  }

 private:
  static PYINFO_INLINE unsigned place(unsigned lane) {
    return (lane & ~24u) | (lane & 8) << 1 | (lane & 16) >> 1;
  }
};

// The low halves of those of 32 lanes whose bit is set, last lane first.
PYINFO_INLINE void write_words_of(const std::uint16_t* low, std::uint32_t full,
                                  unsigned char*& words) {
  const auto eight = [&](unsigned from) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(low + from));
  };
  write_words(eight(24), full >> 24, words);
  write_words(eight(8), full >> 16 & 255, words);
  write_words(eight(16), full >> 8 & 255, words);
  write_words(eight(0), full & 255, words);
}

}  // namespace
}  // namespace pyinfo::coding
