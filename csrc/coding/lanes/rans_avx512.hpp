// AVX-512 with VBMI and VBMI2.
//
// 32 lanes are two registers, the low and the high halves of their states; all arithmetic is in 16
// bits. Tables live in registers: a byte is looked up among 128 by one permutation, among 256 by
// two. So symbols are looked up for 64 lanes at once. The bytes of a register of 64 lookups are
// in such an order that interleaving two of them (low and high bytes) gives the words of the first
// 32 lanes from the low halves of the 128-bit parts, those of the others from the high halves.
#pragma once

#include <immintrin.h>

#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = false;     // slots are found by rank: see RansRankTable
constexpr unsigned kFewestLanes = 64;  // two register pairs: a register of symbols

using Vector = __m512i;

PYINFO_INLINE Vector load(const void* p) { return _mm512_loadu_si512(p); }

// The states of `kLanes` lanes.
template <unsigned kLanes>
struct States {
  static constexpr unsigned kGroups = kLanes / 32;
  Vector low[kGroups];
  Vector high[kGroups];

  PYINFO_INLINE explicit States(const std::uint32_t* states) {
    for (unsigned g = 0; g < kGroups; ++g) {
      const Vector first = load(states + 32 * g);
      const Vector second = load(states + 32 * g + 16);
      low[g] = join(_mm512_cvtepi32_epi16(first), _mm512_cvtepi32_epi16(second));
      high[g] = join(_mm512_cvtepi32_epi16(_mm512_srli_epi32(first, 16)),
                     _mm512_cvtepi32_epi16(_mm512_srli_epi32(second, 16)));
    }
  }
  PYINFO_INLINE void store(std::uint32_t* states) const {
    for (unsigned g = 0; g < kGroups; ++g) {
      for (unsigned half = 0; half < 2; ++half) {
        const Vector l = _mm512_cvtepu16_epi32(part(low[g], half));
        const Vector h = _mm512_cvtepu16_epi32(part(high[g], half));
        _mm512_storeu_si512(states + 32 * g + 16 * half,
                            _mm512_or_si512(l, _mm512_slli_epi32(h, 16)));
      }
    }
  }

 private:
  static PYINFO_INLINE Vector join(__m256i a, __m256i b) {
    return _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1);
  }
  static PYINFO_INLINE __m256i part(Vector v, unsigned half) {
    return half == 0 ? _mm512_castsi512_si256(v) : _mm512_extracti64x4_epi64(v, 1);
  }
};

// Bytes by a byte index below Size (128 or 256).
template <unsigned Size>
struct ByteTable {
  Vector rows[Size / 64];

  PYINFO_INLINE explicit ByteTable(const std::uint8_t* bytes) {
    for (unsigned i = 0; i < Size / 64; ++i) rows[i] = load(bytes + 64 * i);
  }
  // `upper` has the top bits of the indices: many lookups share it.
  PYINFO_INLINE Vector get(Vector index, __mmask64 upper) const {
    const Vector below = _mm512_permutex2var_epi8(rows[0], index, rows[1]);
    if constexpr (Size == 128) {
      return below;
    } else {
      return _mm512_mask_blend_epi8(upper, below,
                                    _mm512_permutex2var_epi8(rows[2], index, rows[3]));
    }
  }
};

// -- Encoding -------------------------------------------------------------------------------------

// Byte k of every entry.
PYINFO_INLINE void split_entries(const std::uint64_t* entries, std::uint8_t (*planes)[256]) {
  for (unsigned i = 0; i < 256; i += 8) {
    const Vector eight = load(entries + i);
    for (unsigned k = 0; k < 8; ++k) {
      const __m128i bytes = _mm512_cvtepi64_epi8(_mm512_srli_epi64(eight, 8 * k));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(planes[k] + i), bytes);
    }
  }
}

PYINFO_INLINE void write_words(Vector low, __mmask32 full, unsigned char*& words) {
  const auto count = static_cast<unsigned>(_mm_popcnt_u32(full));
  const Vector collected = _mm512_maskz_compress_epi16(full, low);
  words -= 2 * count;
  _mm512_mask_storeu_epi16(words, _bzhi_u32(~0u, count), collected);
}

// One symbol on each of 32 lanes; rans_vectors.hpp explains the division.
PYINFO_INLINE void push(Vector& low, Vector& high, Vector start, Vector frequency,
                        Vector inverse_low, Vector inverse_high, unsigned char*& words) {
  const __mmask32 full = _mm512_cmpge_epu16_mask(high, _mm512_slli_epi16(frequency, 4));
  write_words(low, full, words);
  low = _mm512_mask_mov_epi16(low, full, high);
  high = _mm512_maskz_mov_epi16(_knot_mask32(full), high);

  const Vector product = _mm512_mullo_epi16(high, inverse_high);
  Vector q = _mm512_add_epi16(product, _mm512_mulhi_epu16(high, inverse_low));
  q = _mm512_add_epi16(q, _mm512_mulhi_epu16(low, inverse_high));
  Vector remainder = _mm512_sub_epi16(low, _mm512_mullo_epi16(q, frequency));
  const Vector twice = _mm512_add_epi16(frequency, frequency);
  const __mmask32 two = _mm512_cmpge_epu16_mask(remainder, twice);
  remainder = _mm512_mask_sub_epi16(remainder, two, remainder, twice);
  q = _mm512_mask_add_epi16(q, two, q, _mm512_set1_epi16(2));
  const __mmask32 one = _mm512_cmpge_epu16_mask(remainder, frequency);
  remainder = _mm512_mask_sub_epi16(remainder, one, remainder, frequency);
  q = _mm512_mask_sub_epi16(q, one, q, _mm512_set1_epi16(-1));
  const __mmask32 carry = _mm512_cmplt_epu16_mask(q, product);
  Vector above = _mm512_mulhi_epu16(high, inverse_high);
  above = _mm512_mask_sub_epi16(above, carry, above, _mm512_set1_epi16(-1));
  const __mmask32 unit = _mm512_cmpeq_epi16_mask(frequency, _mm512_set1_epi16(1));
  above = _mm512_mask_mov_epi16(above, unit, high);

  low = _mm512_add_epi16(_mm512_slli_epi16(q, 12), _mm512_add_epi16(remainder, start));
  high = _mm512_shrdi_epi16(q, above, 4);
}

template <unsigned kLanes>
void encode_steps(const RansEncodeTable& table, std::uint32_t* states, const std::uint8_t* symbols,
                  std::size_t steps, unsigned char*& words) noexcept {
  alignas(64) std::uint8_t planes[8][256];
  split_entries(table.entries, planes);
  const ByteTable<256> start_low(planes[0]);
  const ByteTable<256> start_high(planes[1]);
  const ByteTable<256> frequency_low(planes[2]);
  const ByteTable<256> frequency_high(planes[3]);
  const ByteTable<256> inverse_0(planes[4]);
  const ByteTable<256> inverse_1(planes[5]);
  const ByteTable<256> inverse_2(planes[6]);
  const ByteTable<256> inverse_3(planes[7]);
  const Vector order = _mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0);
  States<kLanes> lanes(states);
  unsigned char* position = words;
  for (const std::uint8_t* step = symbols + steps * kLanes; step != symbols;) {
    step -= kLanes;
    for (unsigned g = kLanes / 32; g > 0;) {
      g -= 2;
      PYINFO_PREFETCH_OUTPUT(position - kAhead);
      PYINFO_PREFETCH_OUTPUT(position - 64 - kAhead);
      PYINFO_PREFETCH(step + 32 * g - kAhead);
      const Vector s = _mm512_permutexvar_epi64(order, load(step + 32 * g));
      const __mmask64 upper = _mm512_movepi8_mask(s);
      const Vector sl = start_low.get(s, upper);
      const Vector sh = start_high.get(s, upper);
      const Vector fl = frequency_low.get(s, upper);
      const Vector fh = frequency_high.get(s, upper);
      const Vector i0 = inverse_0.get(s, upper);
      const Vector i1 = inverse_1.get(s, upper);
      const Vector i2 = inverse_2.get(s, upper);
      const Vector i3 = inverse_3.get(s, upper);
      push(lanes.low[g + 1], lanes.high[g + 1], _mm512_unpackhi_epi8(sl, sh),
           _mm512_unpackhi_epi8(fl, fh), _mm512_unpackhi_epi8(i0, i1), _mm512_unpackhi_epi8(i2, i3),
           position);
      push(lanes.low[g], lanes.high[g], _mm512_unpacklo_epi8(sl, sh), _mm512_unpacklo_epi8(fl, fh),
           _mm512_unpacklo_epi8(i0, i1), _mm512_unpacklo_epi8(i2, i3), position);
    }
  }
  lanes.store(states);
  words = position;
}

// -- Decoding -------------------------------------------------------------------------------------

// x = frequency * (x >> 12) + slot - start, and the word if that is below 2^16.
PYINFO_INLINE void pop(Vector& low, Vector& high, Vector frequency, Vector start,
                       const unsigned char*& words) {
  const Vector x_low = _mm512_shrdi_epi16(low, high, 12);
  const Vector x_high = _mm512_srli_epi16(high, 12);
  const Vector slot = _mm512_and_si512(low, _mm512_set1_epi16(kRansTotal - 1));
  const Vector offset = _mm512_sub_epi16(slot, start);
  const Vector sum = _mm512_add_epi16(_mm512_mullo_epi16(x_low, frequency), offset);
  const __mmask32 carry = _mm512_cmplt_epu16_mask(sum, offset);
  Vector above =
      _mm512_add_epi16(_mm512_mulhi_epu16(x_low, frequency), _mm512_mullo_epi16(x_high, frequency));
  // Before the carry is added: the lane waits for this mask, and for nothing else so long.
  const __mmask32 empty = _kandn_mask32(carry, _mm512_testn_epi16_mask(above, above));
  above = _mm512_mask_sub_epi16(above, carry, above, _mm512_set1_epi16(-1));
  high = _mm512_mask_mov_epi16(above, empty, sum);
  low = _mm512_mask_expand_epi16(sum, empty, load(words));
  words += 2 * _mm_popcnt_u32(empty);
}

struct RankBytes {
  alignas(64) std::uint8_t bytes[256];
};
template <unsigned shift>
PYINFO_INLINE RankBytes byte_of(const std::uint16_t* words) {
  RankBytes r;
  for (unsigned i = 0; i < 256; ++i) r.bytes[i] = static_cast<std::uint8_t>(words[i] >> shift);
  return r;
}

// From every four words: their bits 4 to 11, then their bits 0 to 7.
PYINFO_INLINE Vector buckets_and_slots(Vector words) {
  const Vector shifts = _mm512_set1_epi64(0x3020100034241404);
  return _mm512_multishift_epi64_epi8(shifts, words);
}

// One of these halves, of two registers, in the order explained above.
template <int half>
PYINFO_INLINE Vector halves(Vector a, Vector b) {
  return _mm512_castps_si512(
      _mm512_shuffle_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), half == 0 ? 0x88 : 0xdd));
}

template <unsigned kLanes, unsigned Ranks>
PYINFO_INLINE void decode_by_rank(const RansRankTable& table, std::uint32_t* states,
                                  DecodeCursor& cursor, const unsigned char* limit) {
  const ByteTable<256> ranks(table.rank);
  const ByteTable<256> forms(table.form);
  const ByteTable<128> increments(table.increments);
  const ByteTable<Ranks> symbols(table.symbols);
  const ByteTable<Ranks> frequency_low(byte_of<0>(table.frequencies).bytes);
  const ByteTable<Ranks> start_low(byte_of<0>(table.starts).bytes);
  const ByteTable<Ranks> start_high(byte_of<8>(table.starts).bytes);
  // Frequencies of 256 and more are those of the first 16 ranks.
  const Vector frequency_high = _mm512_broadcast_i32x4(
      _mm_load_si128(reinterpret_cast<const __m128i*>(byte_of<8>(table.frequencies).bytes)));
  const Vector order = _mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0);
  const Vector nibble = _mm512_set1_epi8(15);

  States<kLanes> lanes(states);
  const unsigned char* words = cursor.words;
  unsigned char* out = cursor.out;
  std::size_t steps = cursor.steps;
  for (; steps > 0 && words <= limit; --steps) {
    for (unsigned g = 0; g < kLanes / 32; g += 2) {
      PYINFO_PREFETCH(words + kAhead);
      PYINFO_PREFETCH(words + kAhead + 64);
      const Vector first = buckets_and_slots(lanes.low[g]);
      const Vector second = buckets_and_slots(lanes.low[g + 1]);
      const Vector bucket = halves<0>(first, second);
      const Vector r = _mm512_and_si512(halves<1>(first, second), nibble);
      const __mmask64 upper_bucket = _mm512_movepi8_mask(bucket);
      const Vector form = forms.get(bucket, upper_bucket);
      const Vector pattern = _mm512_ternarylogic_epi32(form, r, nibble, 0xd8);  // nibble ? r : form
      const __mmask64 over = _mm512_cmpge_epu8_mask(r, _mm512_and_si512(form, nibble));
      Vector rank = _mm512_add_epi8(ranks.get(bucket, upper_bucket), increments.get(pattern, 0));
      rank = _mm512_mask_sub_epi8(rank, over, rank, _mm512_set1_epi8(-1));
      const __mmask64 upper = _mm512_movepi8_mask(rank);
      _mm512_storeu_si512(out, _mm512_permutexvar_epi64(order, symbols.get(rank, upper)));
      out += 64;
      const Vector fl = frequency_low.get(rank, upper);
      const Vector fh =
          _mm512_shuffle_epi8(frequency_high, _mm512_adds_epu8(rank, _mm512_set1_epi8(112)));
      const Vector sl = start_low.get(rank, upper);
      const Vector sh = start_high.get(rank, upper);
      pop(lanes.low[g], lanes.high[g], _mm512_unpacklo_epi8(fl, fh), _mm512_unpacklo_epi8(sl, sh),
          words);
      pop(lanes.low[g + 1], lanes.high[g + 1], _mm512_unpackhi_epi8(fl, fh),
          _mm512_unpackhi_epi8(sl, sh), words);
    }
  }
  lanes.store(states);
  cursor = {words, out, steps};
}

template <unsigned kLanes>
void decode_steps(const RansDecodeTable& table, std::uint32_t* states, DecodeCursor& cursor,
                  const unsigned char* limit) noexcept {
  if (table.ranks.present <= 128) {
    decode_by_rank<kLanes, 128>(table.ranks, states, cursor, limit);
  } else {
    decode_by_rank<kLanes, 256>(table.ranks, states, cursor, limit);
  }
}

}  // namespace
}  // namespace pyinfo::coding
