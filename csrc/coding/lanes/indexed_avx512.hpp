// AVX-512 with VBMI2 and BITALG: 32 lanes are two registers, the low and the high halves of their
// states; all arithmetic is in 16 bits. What stands once for each table is looked up in registers;
// buckets and intervals by scalar loads and insertions, which are faster than gathers. A step is
// done in passes over all lanes: the places of look-ups were stored long before they are loaded.
#pragma once

#include <immintrin.h>

#include "coding/lanes/indexed_rans.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

using Vector = __m512i;

PYINFO_INLINE Vector load(const void* p) { return _mm512_loadu_si512(p); }
PYINFO_INLINE Vector all(int value) { return _mm512_set1_epi16(static_cast<short>(value)); }

// 16 bits for each of up to 64 or 256 tables: one permutation of two registers, or four.
template <unsigned Tables>
struct PerTable {
  Vector rows[Tables / 32];

  PYINFO_INLINE explicit PerTable(const std::uint16_t* values) {
    for (unsigned i = 0; i < Tables / 32; ++i) rows[i] = load(values + 32 * i);
  }
  PYINFO_INLINE Vector get(Vector k) const {
    const Vector first = _mm512_permutex2var_epi16(rows[0], k, rows[1]);
    if constexpr (Tables == 64) {
      return first;
    } else {
      const __mmask32 bit6 = _mm512_test_epi16_mask(k, all(64));
      const __mmask32 bit7 = _mm512_test_epi16_mask(k, all(128));
      const Vector below =
          _mm512_mask_mov_epi16(first, bit6, _mm512_permutex2var_epi16(rows[2], k, rows[3]));
      const Vector above =
          _mm512_mask_mov_epi16(_mm512_permutex2var_epi16(rows[4], k, rows[5]), bit6,
                                _mm512_permutex2var_epi16(rows[6], k, rows[7]));
      return _mm512_mask_mov_epi16(below, bit7, above);
    }
  }
};

PYINFO_INLINE Vector join(__m128i a, __m128i b, __m128i c, __m128i d) {
  const __m256i ab = _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
  const __m256i cd = _mm256_inserti128_si256(_mm256_castsi128_si256(c), d, 1);
  return _mm512_inserti64x4(_mm512_castsi256_si512(ab), cd, 1);
}

template <class Index>
PYINFO_INLINE __m128i four_entries(const std::uint32_t* table, const Index* at) {
  __m128i v = _mm_cvtsi32_si128(static_cast<int>(table[at[0]]));
  v = _mm_insert_epi32(v, static_cast<int>(table[at[1]]), 1);
  v = _mm_insert_epi32(v, static_cast<int>(table[at[2]]), 2);
  return _mm_insert_epi32(v, static_cast<int>(table[at[3]]), 3);
}

// The low and the high halves of 32 entries.
struct Halves {
  Vector low, high;
};
template <class Index>
PYINFO_INLINE Halves look_up(const std::uint32_t* table, const Index* at, Vector evens,
                             Vector odds) {
  const Vector a = join(four_entries(table, at), four_entries(table, at + 4),
                        four_entries(table, at + 8), four_entries(table, at + 12));
  const Vector b = join(four_entries(table, at + 16), four_entries(table, at + 20),
                        four_entries(table, at + 24), four_entries(table, at + 28));
  return {_mm512_permutex2var_epi16(a, evens, b), _mm512_permutex2var_epi16(a, odds, b)};
}

PYINFO_INLINE __m128i two_entries(const std::uint64_t* table, const std::uint16_t* at) {
  const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(table + at[0]));
  return _mm_castps_si128(
      _mm_loadh_pi(_mm_castsi128_ps(first), reinterpret_cast<const __m64*>(table + at[1])));
}

// The four fields of 32 entries, each lane's in its place.
struct Fields {
  Vector of[4];
};
PYINFO_INLINE Fields look_up_fields(const std::uint64_t* table, const std::uint16_t* at) {
  Vector e[4];
  PYINFO_UNROLL_4
  for (unsigned i = 0; i < 4; ++i) {  // the lanes 2 i and 2 i + 1 of every eight
    const std::uint16_t* const two = at + 2 * i;
    e[i] = join(two_entries(table, two), two_entries(table, two + 8), two_entries(table, two + 16),
                two_entries(table, two + 24));
  }
  const Vector even0 = _mm512_unpacklo_epi16(e[0], e[1]);
  const Vector odd0 = _mm512_unpackhi_epi16(e[0], e[1]);
  const Vector even4 = _mm512_unpacklo_epi16(e[2], e[3]);
  const Vector odd4 = _mm512_unpackhi_epi16(e[2], e[3]);
  const Vector low0 = _mm512_unpacklo_epi16(even0, odd0);
  const Vector high0 = _mm512_unpackhi_epi16(even0, odd0);
  const Vector low4 = _mm512_unpacklo_epi16(even4, odd4);
  const Vector high4 = _mm512_unpackhi_epi16(even4, odd4);
  return {{_mm512_unpacklo_epi64(low0, low4), _mm512_unpackhi_epi64(low0, low4),
           _mm512_unpacklo_epi64(high0, high4), _mm512_unpackhi_epi64(high0, high4)}};
}

template <unsigned Tables>
PYINFO_INLINE std::size_t find_in(const IndexedLookups& tables, const std::int16_t* symbols,
                                  const std::uint8_t* indexes, std::size_t n,
                                  std::uint16_t* numbers, std::uint16_t* escapes) {
  const PerTable<Tables> least(tables.by_table->least);
  const PerTable<Tables> escape(tables.by_table->escape);
  const PerTable<Tables> first(tables.by_table->first);
  std::size_t escaped = 0;
  for (std::size_t i = 0; i < n; i += 32) {
    const __mmask32 there = n - i >= 32 ? ~0u : (1u << (n - i)) - 1;
    const Vector k = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(there, indexes + i));
    const Vector most = escape.get(k);
    const Vector s = _mm512_maskz_loadu_epi16(there, symbols + i);
    const Vector within = _mm512_min_epu16(_mm512_sub_epi16(s, least.get(k)), most);
    _mm512_mask_storeu_epi16(numbers + i, there, _mm512_add_epi16(within, first.get(k)));
    std::uint32_t out = _mm512_mask_cmpeq_epi16_mask(there, within, most);
    for (; out != 0; out &= out - 1) {
      escapes[escaped++] =
          static_cast<std::uint16_t>(i + static_cast<unsigned>(__builtin_ctz(out)));
    }
  }
  return escaped;
}

std::size_t find_intervals(const IndexedLookups& tables, const std::int16_t* symbols,
                           const std::uint8_t* indexes, std::size_t n, std::uint16_t* numbers,
                           std::uint16_t* escapes) noexcept {
  return tables.few ? find_in<64>(tables, symbols, indexes, n, numbers, escapes)
                    : find_in<256>(tables, symbols, indexes, n, numbers, escapes);
}

void encode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  const std::uint16_t* numbers, std::size_t steps, unsigned char*& words) noexcept {
  const __m128i rest_bits = _mm_cvtsi32_si128(16 - tables.precision);
  const __m128i precision = _mm_cvtsi32_si128(tables.precision);
  const Vector state_shift = all(16 - tables.precision);
  const Vector minus_one = all(-1);
  alignas(64) std::uint16_t lows[kMaxLanes];
  alignas(64) std::uint16_t highs[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) {
    lows[lane] = static_cast<std::uint16_t>(states[lane]);
    highs[lane] = static_cast<std::uint16_t>(states[lane] >> 16);
  }
  unsigned char* position = words;
  for (const std::uint16_t* step = numbers + steps * lanes; step != numbers;) {
    step -= lanes;
    for (unsigned lane = lanes; lane > 0;) {
      lane -= 32;
      PYINFO_PREFETCH_OUTPUT(position - kAhead);
      const Fields fields = look_up_fields(tables.encode, step + lane);
      const Vector start = fields.of[0];
      const Vector frequency = fields.of[1];
      const Vector inverse_low = fields.of[2];
      const Vector inverse_high = fields.of[3];
      Vector low = load(lows + lane);
      Vector high = load(highs + lane);
      const __mmask32 full = _mm512_cmpge_epu16_mask(high, _mm512_sll_epi16(frequency, rest_bits));
      const auto count = static_cast<unsigned>(_mm_popcnt_u32(full));
      position -= 2 * count;
      _mm512_mask_storeu_epi16(position, _bzhi_u32(~0u, count),
                               _mm512_maskz_compress_epi16(full, low));
      low = _mm512_mask_mov_epi16(low, full, high);
      high = _mm512_maskz_mov_epi16(_knot_mask32(full), high);

      // As in rans_vectors.hpp: at most 3 short, corrected by 2 and by 1.
      const Vector product = _mm512_mullo_epi16(high, inverse_high);
      Vector q = _mm512_add_epi16(product, _mm512_mulhi_epu16(high, inverse_low));
      q = _mm512_add_epi16(q, _mm512_mulhi_epu16(low, inverse_high));
      Vector rest = _mm512_sub_epi16(low, _mm512_mullo_epi16(q, frequency));
      const Vector twice = _mm512_add_epi16(frequency, frequency);
      const __mmask32 two = _mm512_cmpge_epu16_mask(rest, twice);
      rest = _mm512_mask_sub_epi16(rest, two, rest, twice);
      q = _mm512_mask_add_epi16(q, two, q, all(2));
      const __mmask32 one = _mm512_cmpge_epu16_mask(rest, frequency);
      rest = _mm512_mask_sub_epi16(rest, one, rest, frequency);
      q = _mm512_mask_sub_epi16(q, one, q, minus_one);
      const __mmask32 carry = _mm512_cmplt_epu16_mask(q, product);
      Vector above = _mm512_mulhi_epu16(high, inverse_high);
      above = _mm512_mask_sub_epi16(above, carry, above, minus_one);
      above = _mm512_mask_mov_epi16(above, _mm512_cmpeq_epi16_mask(frequency, all(1)), high);

      const Vector shifted = _mm512_sll_epi16(q, precision);
      _mm512_store_si512(lows + lane, _mm512_add_epi16(_mm512_add_epi16(rest, start), shifted));
      _mm512_store_si512(highs + lane, _mm512_shrdv_epi16(q, above, state_shift));
    }
  }
  for (unsigned lane = 0; lane < lanes; ++lane) {
    states[lane] = std::uint32_t{highs[lane]} << 16 | lows[lane];
  }
  words = position;
}

template <unsigned Tables>
PYINFO_INLINE void decode_with(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                               IndexedCursor& cursor, const unsigned char* limit) {
  const __m128i precision = _mm_cvtsi32_si128(tables.precision);
  const __m128i bucket_bits = _mm_cvtsi32_si128(tables.precision - 4);
  const Vector state_shift = all(tables.precision);
  const Vector low_mask = all((1 << tables.precision) - 1);
  const PerTable<Tables> delta(tables.by_table->delta);
  const PerTable<Tables> last(tables.by_table->last);
  alignas(64) std::uint16_t order[64];
  for (unsigned i = 0; i < 32; ++i) {
    order[i] = static_cast<std::uint16_t>(2 * i);
    order[32 + i] = static_cast<std::uint16_t>(2 * i + 1);
  }
  const Vector evens = load(order);
  const Vector odds = load(order + 32);

  alignas(64) std::uint16_t lows[kMaxLanes];
  alignas(64) std::uint16_t highs[kMaxLanes];
  alignas(64) std::uint16_t numbers[kMaxLanes];
  alignas(64) std::uint32_t places[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) {
    lows[lane] = static_cast<std::uint16_t>(states[lane]);
    highs[lane] = static_cast<std::uint16_t>(states[lane] >> 16);
  }
  IndexedCursor at = cursor;
  for (; at.steps > 0 && at.words <= limit; --at.steps) {
    for (unsigned lane = 0; lane < lanes; lane += 32) {
      const Vector place = _mm512_srli_epi16(_mm512_and_si512(load(lows + lane), low_mask), 4);
      for (unsigned half = 0; half < 2; ++half) {
        const __m128i k8 =
            _mm_loadu_si128(reinterpret_cast<const __m128i*>(at.indexes + lane + 16 * half));
        const __m256i p16 =
            half == 0 ? _mm512_castsi512_si256(place) : _mm512_extracti64x4_epi64(place, 1);
        const Vector row = _mm512_sll_epi32(_mm512_cvtepu8_epi32(k8), bucket_bits);
        _mm512_store_si512(places + lane + 16 * half,
                           _mm512_or_si512(row, _mm512_cvtepu16_epi32(p16)));
      }
    }
    for (unsigned lane = 0; lane < lanes; lane += 32) {
      const Vector k = _mm512_cvtepu8_epi16(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at.indexes + lane)));
      const Halves bucket = look_up(tables.buckets, places + lane, evens, odds);
      // Begins behind the slot are shifted out.
      const Vector behind = _mm512_andnot_si512(load(lows + lane), all(15));
      const Vector begun = _mm512_popcnt_epi16(_mm512_sllv_epi16(bucket.high, behind));
      const Vector number = _mm512_add_epi16(bucket.low, begun);
      _mm512_store_si512(numbers + lane, number);
      _mm512_storeu_si512(at.out + lane, _mm512_sub_epi16(number, delta.get(k)));
      std::uint32_t out = _mm512_cmpeq_epi16_mask(number, last.get(k));
      for (; out != 0; out &= out - 1) {
        *at.escapes++ =
            static_cast<std::uint16_t>(at.place + lane + static_cast<unsigned>(__builtin_ctz(out)));
      }
    }
    for (unsigned lane = 0; lane < lanes; lane += 32) {
      PYINFO_PREFETCH(at.words + kAhead);
      const Halves interval = look_up(tables.intervals, numbers + lane, evens, odds);
      const Vector frequency = interval.high;
      const Vector low = load(lows + lane);
      const Vector high = load(highs + lane);
      const Vector y = _mm512_shrdv_epi16(low, high, state_shift);
      const Vector rest = _mm512_sub_epi16(_mm512_and_si512(low, low_mask), interval.low);
      const Vector sum = _mm512_add_epi16(_mm512_mullo_epi16(y, frequency), rest);
      const __mmask32 carry = _mm512_cmplt_epu16_mask(sum, rest);
      Vector above =
          _mm512_add_epi16(_mm512_mulhi_epu16(y, frequency),
                           _mm512_mullo_epi16(_mm512_srl_epi16(high, precision), frequency));
      // Before the carry is added: the lane waits for this mask, and for nothing else so long.
      const __mmask32 empty = _kandn_mask32(carry, _mm512_testn_epi16_mask(above, above));
      above = _mm512_mask_sub_epi16(above, carry, above, all(-1));
      _mm512_store_si512(highs + lane, _mm512_mask_mov_epi16(above, empty, sum));
      _mm512_store_si512(lows + lane, _mm512_mask_expand_epi16(sum, empty, load(at.words)));
      at.words += 2 * _mm_popcnt_u32(empty);
    }
    at.indexes += lanes;
    at.out += lanes;
    at.place += lanes;
  }
  for (unsigned lane = 0; lane < lanes; ++lane) {
    states[lane] = std::uint32_t{highs[lane]} << 16 | lows[lane];
  }
  cursor = at;
}

void decode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  IndexedCursor& cursor, const unsigned char* limit) noexcept {
  if (tables.few) {
    decode_with<64>(tables, lanes, states, cursor, limit);
  } else {
    decode_with<256>(tables, lanes, states, cursor, limit);
  }
}

}  // namespace
}  // namespace pyinfo::coding
