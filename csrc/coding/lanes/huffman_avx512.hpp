// AVX-512 with VBMI, VBMI2 and GFNI: 32 lanes a register pair, the tables in registers.
#pragma once

#include <immintrin.h>

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = false;
constexpr unsigned kFewestLanes = 32;
constexpr unsigned kGroup = 32;  // lanes of one register pair

// The halves of 32 states: all arithmetic is on 16-bit elements.
struct States {
  __m512i low;
  __m512i high;
};

// Bytes 0..63 plus `first`, times `factor`: the indices of permutations.
struct Indices {
  alignas(64) std::uint8_t of[64];
  constexpr Indices(unsigned factor, unsigned flip) : of() {
    for (unsigned i = 0; i < 64; ++i) of[i] = static_cast<std::uint8_t>((i * factor) ^ flip);
  }
};
constexpr Indices kEvenBytes(2, 0);  // of two registers
constexpr Indices kSwapBytes(1, 1);

// 0..31 twice: the 32 numbers from k on rotate a register by k elements.
struct Rotations {
  alignas(64) std::uint16_t from[64];
  constexpr Rotations() : from() {
    for (unsigned i = 0; i < 64; ++i) from[i] = static_cast<std::uint16_t>(i % 32);
  }
};
constexpr Rotations kRotations;

PYINFO_INLINE __m512i load(const void* p) noexcept { return _mm512_loadu_si512(p); }

PYINFO_INLINE States load_states(const std::uint32_t* states) noexcept {
  const __m512i first = load(states);
  const __m512i second = load(states + 16);
  const auto join = [](__m512i a, __m512i b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(_mm512_cvtepi32_epi16(a)),
                              _mm512_cvtepi32_epi16(b), 1);
  };
  return {join(first, second), join(_mm512_srli_epi32(first, 16), _mm512_srli_epi32(second, 16))};
}

PYINFO_INLINE void store_states(const States& from, std::uint32_t* states) noexcept {
  const auto widen = [&](__m256i low, __m256i high) {
    return _mm512_or_si512(_mm512_cvtepu16_epi32(low),
                           _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16));
  };
  _mm512_storeu_si512(states,
                      widen(_mm512_castsi512_si256(from.low), _mm512_castsi512_si256(from.high)));
  _mm512_storeu_si512(states + 16, widen(_mm512_extracti64x4_epi64(from.low, 1),
                                         _mm512_extracti64x4_epi64(from.high, 1)));
}

// 256 bytes in four registers; the upper bit of an index chooses the pair.
struct ByteTable {
  __m512i part[4];

  PYINFO_INLINE __m512i operator[](__m512i index) const noexcept {
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(index),
                                  _mm512_permutex2var_epi8(part[0], index, part[1]),
                                  _mm512_permutex2var_epi8(part[2], index, part[3]));
  }
};

struct DecodeRegisters {
  __m512i bucket_lengths[2];
  __m512i limits[3];
  __m512i offsets;
  ByteTable symbols;

  PYINFO_INLINE explicit DecodeRegisters(const HuffmanDecodeTable& table) noexcept {
    for (int i = 0; i < 2; ++i) bucket_lengths[i] = load(table.bucket_lengths + 64 * i);
    for (int i = 0; i < 3; ++i) limits[i] = _mm512_set1_epi16(static_cast<short>(table.limits[i]));
    for (int i = 0; i < 4; ++i) symbols.part[i] = load(table.symbols + 64 * i);
    offsets = load(table.offsets);
  }
};

// Takes a code off each state; its place in the order of codes is the low byte of each element.
PYINFO_INLINE __m512i pop(States& states, const unsigned char*& words,
                          const DecodeRegisters& table) noexcept {
  const __m512i one = _mm512_set1_epi16(1);
  // The low half first bit uppermost: bits reversed within bytes, bytes swapped.
  const __m512i window = _mm512_gf2p8affine_epi64_epi8(
      _mm512_shuffle_epi8(states.low, load(kSwapBytes.of)),
      _mm512_set1_epi64(static_cast<long long>(0x8040201008040201u)), 0);
  __m512i length = _mm512_maskz_permutex2var_epi8(0x5555555555555555u, table.bucket_lengths[0],
                                                  states.low, table.bucket_lengths[1]);
  for (int i = 0; i < 3; ++i) {
    length = _mm512_mask_add_epi16(length, _mm512_cmpgt_epu16_mask(window, table.limits[i]), length,
                                   one);
  }
  const __m512i code = _mm512_srlv_epi16(window, _mm512_sub_epi16(_mm512_set1_epi16(16), length));
  const __m512i place = _mm512_add_epi16(code, _mm512_permutexvar_epi16(length, table.offsets));

  const __m512i low = _mm512_shrdv_epi16(states.low, states.high, length);
  const __m512i high = _mm512_srlv_epi16(states.high, length);
  const __mmask32 refill = _mm512_testn_epi16_mask(high, high);
  states.high = _mm512_mask_mov_epi16(high, refill, low);
  states.low = _mm512_mask_expand_epi16(low, refill, load(words));
  words += 2 * _mm_popcnt_u32(refill);
  return place;
}

template <unsigned kLanes>
void decode_steps(const HuffmanDecodeTable& plain, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
  constexpr unsigned kGroups = kLanes / kGroup;
  const DecodeRegisters table(plain);
  const __m512i even_bytes = load(kEvenBytes.of);
  const unsigned char* words = cursor.words;
  unsigned char* out = cursor.out;
  std::size_t steps = cursor.steps;
  States group[kGroups];
  for (unsigned g = 0; g < kGroups; ++g) group[g] = load_states(states + kGroup * g);
  for (; steps > 0 && words <= limit; --steps, out += kLanes) {
    if constexpr (kGroups == 1) {
      PYINFO_PREFETCH(words + kAhead);
      const __m512i place = pop(group[0], words, table);
      const __m512i bytes = _mm512_permutexvar_epi8(even_bytes, place);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                          _mm512_castsi512_si256(table.symbols[bytes]));
    } else {
#pragma GCC unroll 4
      for (unsigned g = 0; g < kGroups; g += 2) {
        PYINFO_PREFETCH(words + kAhead);
        const __m512i first = pop(group[g], words, table);
        const __m512i second = pop(group[g + 1], words, table);
        const __m512i places = _mm512_permutex2var_epi8(first, even_bytes, second);
        _mm512_storeu_si512(out + kGroup * g, table.symbols[places]);
      }
    }
  }
  for (unsigned g = 0; g < kGroups; ++g) store_states(group[g], states + kGroup * g);
  cursor = {words, out, steps};
}

// Puts a code on each state: of every entry, the uppermost bits are the code and the low four, all
// that these shifts look at, its length.
PYINFO_INLINE void push(States& states, unsigned char*& words, __m512i entries) noexcept {
  const __m512i overflow = _mm512_shldv_epi16(_mm512_setzero_si512(), states.high, entries);
  const __mmask32 flush = _mm512_test_epi16_mask(overflow, overflow);
  // The words of the lanes that overflow, at the upper end of a vector.
  const unsigned count = static_cast<unsigned>(_mm_popcnt_u32(flush));
  const __m512i packed = _mm512_maskz_compress_epi16(flush, states.low);
  _mm512_storeu_si512(words - 64, _mm512_permutexvar_epi16(load(kRotations.from + count), packed));
  words -= 2 * count;
  const __m512i low = _mm512_mask_mov_epi16(states.low, flush, states.high);
  const __m512i high = _mm512_maskz_mov_epi16(static_cast<__mmask32>(~flush), states.high);
  states.high = _mm512_shldv_epi16(high, low, entries);
  states.low = _mm512_shldv_epi16(low, entries, entries);
}

// The entries' low and high bytes.
struct EncodeRegisters {
  ByteTable low;
  ByteTable high;

  PYINFO_INLINE explicit EncodeRegisters(const HuffmanEncodeTable& table) noexcept {
    const __m512i even = load(kEvenBytes.of);
    const __m512i odd = _mm512_add_epi8(even, _mm512_set1_epi8(1));
    for (int i = 0; i < 4; ++i) {
      const __m512i first = load(table.entries + 64 * i);
      const __m512i second = load(table.entries + 64 * i + 32);
      low.part[i] = _mm512_permutex2var_epi8(first, even, second);
      high.part[i] = _mm512_permutex2var_epi8(first, odd, second);
    }
  }
};

template <unsigned kLanes>
void encode_steps(const HuffmanEncodeTable& plain, std::uint32_t* states,
                  const std::uint8_t* symbols, std::size_t steps, unsigned char*& end) noexcept {
  constexpr unsigned kGroups = kLanes / kGroup;
  const EncodeRegisters table(plain);
  // Quarters in an order that unpacking bytes brings back.
  const __m512i quarters = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
  unsigned char* words = end;
  States group[kGroups];
  for (unsigned g = 0; g < kGroups; ++g) group[g] = load_states(states + kGroup * g);
  for (const std::uint8_t* at = symbols + steps * kLanes; at != symbols;) {
    at -= kLanes;
    if constexpr (kGroups == 1) {
      const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
      const __m512i index = _mm512_permutexvar_epi64(quarters, _mm512_castsi256_si512(half));
      push(group[0], words, _mm512_unpacklo_epi8(table.low[index], table.high[index]));
    } else {
#pragma GCC unroll 4
      for (int g = int(kGroups) - 2; g >= 0; g -= 2) {
        PYINFO_PREFETCH(at + kGroup * g - kAhead);
        PYINFO_PREFETCH_OUTPUT(words - kBelow);
        const __m512i index = _mm512_permutexvar_epi64(quarters, load(at + kGroup * g));
        const __m512i low = table.low[index];
        const __m512i high = table.high[index];
        push(group[g + 1], words, _mm512_unpackhi_epi8(low, high));
        push(group[g], words, _mm512_unpacklo_epi8(low, high));
      }
    }
  }
  for (unsigned g = 0; g < kGroups; ++g) store_states(group[g], states + kGroup * g);
  end = words;
}

}  // namespace
}  // namespace pyinfo::coding
