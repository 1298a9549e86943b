// AVX2: table look-ups one by one, everything else on eight states at once.
#pragma once

#include <immintrin.h>

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/lane_shuffles.hpp"
#include "coding/lanes/symbol_window_avx2.hpp"
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

// What is appended for a symbol, in bytes: the low ones of the codes, and length | upper bits of
// the code << 4. All of it twice, so that windows may pass over 255.
struct CodeBytes {
  alignas(32) std::uint8_t low[2 * kByteSymbols];
  alignas(32) std::uint8_t upper[2 * kByteSymbols];
  std::uint64_t present[kByteSymbols / 64];

  PYINFO_INLINE explicit CodeBytes(const HuffmanEncodeTable& table) noexcept {
    alignas(32) std::uint32_t bits[kByteSymbols / 32];
    for (std::size_t s = 0; s < kByteSymbols; s += 32) {
      __m256i low_bytes[2];
      __m256i upper_bytes[2];
      __m256i absent[2];
      for (unsigned half = 0; half < 2; ++half) {
        const __m256i entry = load(table.entries + s + 16 * half);
        const __m256i length = _mm256_and_si256(entry, _mm256_set1_epi16(15));
        const __m256i code = _mm256_mulhi_epu16(entry, power_of_two(length));
        low_bytes[half] = _mm256_and_si256(code, _mm256_set1_epi16(255));
        upper_bytes[half] = _mm256_or_si256(
            length, _mm256_and_si256(_mm256_srli_epi16(code, 4), _mm256_set1_epi16(0x70)));
        absent[half] = _mm256_cmpeq_epi16(entry, _mm256_setzero_si256());
      }
      const __m256i none = packed(_mm256_packs_epi16(absent[0], absent[1]));
      bits[s / 32] = ~static_cast<std::uint32_t>(_mm256_movemask_epi8(none));
      for (std::size_t twice = s; twice < 2 * kByteSymbols; twice += kByteSymbols) {
        store(low + twice, packed(_mm256_packus_epi16(low_bytes[0], low_bytes[1])));
        store(upper + twice, packed(_mm256_packus_epi16(upper_bytes[0], upper_bytes[1])));
      }
    }
    PYINFO_COPY(present, bits, sizeof present);
  }

 private:
  // 2^length, of 16-bit elements.
  static PYINFO_INLINE __m256i power_of_two(__m256i length) noexcept {
    const __m256i upper = _mm256_slli_epi16(length, 8);
    return _mm256_or_si256(
        _mm256_and_si256(_mm256_shuffle_epi8(powers(0), length), _mm256_set1_epi16(255)),
        _mm256_and_si256(_mm256_shuffle_epi8(powers(8), upper), _mm256_set1_epi16(-256)));
  }
  static PYINFO_INLINE __m256i packed(__m256i v) noexcept {
    return _mm256_permute4x64_epi64(v, 0xd8);
  }

 public:
  // A byte of 2^length by length, from bit `from` on.
  static PYINFO_INLINE __m256i powers(unsigned from) noexcept {
    alignas(16) std::uint8_t bytes[16];
    for (unsigned length = 0; length < 16; ++length) {
      bytes[length] = static_cast<std::uint8_t>((std::uint32_t{1} << length) >> from);
    }
    return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
  }
};

// Sixteen states, as their halves, get codes: shifts are products with 2^length. All bits of an
// element of `fits` if the state needs not leave a word first.
PYINFO_INLINE __m256i states_that_fit(const std::uint16_t* high, __m256i power) noexcept {
  return _mm256_cmpeq_epi16(_mm256_mulhi_epu16(load(high), power), _mm256_setzero_si256());
}
PYINFO_INLINE void append(std::uint16_t* lows, std::uint16_t* highs, __m256i fits, __m256i power,
                          __m256i code) noexcept {
  const __m256i old_high = load(highs);
  const __m256i low = _mm256_blendv_epi8(old_high, load(lows), fits);
  const __m256i high = _mm256_and_si256(old_high, fits);
  store(highs, _mm256_or_si256(_mm256_mullo_epi16(high, power), _mm256_mulhi_epu16(low, power)));
  store(lows, _mm256_or_si256(_mm256_mullo_epi16(low, power), code));
}

template <unsigned rows>
void encode_in_window(const CodeBytes& codes, unsigned first, unsigned lanes, std::uint32_t* states,
                      const std::uint8_t* symbols, std::size_t steps,
                      unsigned char*& end) noexcept {
  const WindowTable<rows> low_bytes(codes.low + first);
  const WindowTable<rows> upper_bytes(codes.upper + first);
  const __m256i power_low = CodeBytes::powers(0);
  const __m256i power_high = CodeBytes::powers(8);
  StateHalves halves(states, lanes);
  unsigned char* words = end;
  for (const std::uint8_t* at = symbols + steps * lanes; at != symbols;) {
    at -= lanes;
    for (unsigned lane = lanes; lane > 0;) {
      if (lane % 64 == 0 || lanes == 32) PYINFO_PREFETCH(words - kBelow);
      lane -= 32;
      std::uint16_t* const low = halves.low + lane;
      std::uint16_t* const high = halves.high + lane;
      const PlacesInWindow places(at + lane, first);
      const __m256i upper = upper_bytes.get(places);  // shuffles see but the length in it
      const __m256i of_low = _mm256_shuffle_epi8(power_low, upper);
      const __m256i of_high = _mm256_shuffle_epi8(power_high, upper);
      const __m256i power_a = _mm256_unpacklo_epi8(of_low, of_high);
      const __m256i power_b = _mm256_unpackhi_epi8(of_low, of_high);
      const __m256i fits_a = states_that_fit(high, power_a);
      const __m256i fits_b = states_that_fit(high + 16, power_b);
      const std::uint32_t full =
          ~static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_packs_epi16(fits_a, fits_b)));
      write_words_of(low, full, words);
      const __m256i code = low_bytes.get(places);
      const __m256i code_high = _mm256_and_si256(_mm256_srli_epi16(upper, 4), _mm256_set1_epi8(7));
      append(low, high, fits_a, power_a, _mm256_unpacklo_epi8(code, code_high));
      append(low + 16, high + 16, fits_b, power_b, _mm256_unpackhi_epi8(code, code_high));
    }
  }
  halves.join(states, lanes);
  end = words;
}

template <unsigned kLanes>
void encode_steps(const HuffmanEncodeTable& table, std::uint32_t* states,
                  const std::uint8_t* symbols, std::size_t steps, unsigned char*& end) noexcept {
  const CodeBytes codes(table);
  const SymbolWindow window = find_window(codes.present);
  const auto encode = window.rows == 2    ? encode_in_window<2>
                      : window.rows == 3  ? encode_in_window<3>
                      : window.rows == 4  ? encode_in_window<4>
                      : window.rows == 8  ? encode_in_window<8>
                      : window.rows == 12 ? encode_in_window<12>
                                          : encode_in_window<16>;
  encode(codes, window.first, kLanes, states, symbols, steps, end);
}

}  // namespace
}  // namespace pyinfo::coding
