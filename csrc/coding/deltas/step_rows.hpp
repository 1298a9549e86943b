// Steps of elements of two bytes in rows of eight, for step_kernels.cpp: taken out of their places,
// put back, and divided among classes by looking up how eight are to be moved.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/deltas/group_masks.hpp"
#include "coding/deltas/steps.hpp"
#include "simd/kernel_file.hpp"

#if defined(__AVX2__) || defined(__SSE4_2__)
#define PYINFO_STEP_ROWS

namespace pyinfo::coding {
namespace {

constexpr unsigned kRow = 8;

// For each mask of a row: the elements of the mask next to each other, or the first ones at the
// places of the mask and zeros elsewhere, as _mm_shuffle_epi8 wants it.
struct RowMoves {
  unsigned char gather[256][16];
  unsigned char scatter[256][16];
};
constexpr RowMoves make_row_moves() {
  RowMoves moves{};
  for (unsigned mask = 0; mask < 256; ++mask) {
    unsigned count = 0;
    for (unsigned i = 0; i < kRow; ++i) {
      for (unsigned k = 0; k < 2; ++k) moves.scatter[mask][2 * i + k] = 0x80;
      if ((mask >> i & 1) == 0) continue;
      for (unsigned k = 0; k < 2; ++k) {
        moves.gather[mask][2 * count + k] = static_cast<unsigned char>(2 * i + k);
        moves.scatter[mask][2 * i + k] = static_cast<unsigned char>(2 * count + k);
      }
      ++count;
    }
    for (; count < kRow; ++count) {
      for (unsigned k = 0; k < 2; ++k) moves.gather[mask][2 * count + k] = 0x80;
    }
  }
  return moves;
}
alignas(64) constexpr RowMoves kRowMoves = make_row_moves();

using Row = __m128i;
PYINFO_INLINE Row load_row(const void* p) { return _mm_loadu_si128(static_cast<const Row*>(p)); }
PYINFO_INLINE void store_row(void* p, Row row) { _mm_storeu_si128(static_cast<Row*>(p), row); }
// Masks of rows are handed on times 16, as what they are looked up by.
PYINFO_INLINE Row gathered(Row row, unsigned mask16) {
  return _mm_shuffle_epi8(row, load_row(reinterpret_cast<const char*>(kRowMoves.gather) + mask16));
}
PYINFO_INLINE Row scattered(Row row, unsigned mask16) {
  return _mm_shuffle_epi8(row, load_row(reinterpret_cast<const char*>(kRowMoves.scatter) + mask16));
}
PYINFO_INLINE unsigned mask16_of(std::uint64_t group, unsigned i) {  // of the row that begins at i
  return unsigned(i == 0 ? group << 4 : group >> (i - 4)) & 0xff0;
}

template <bool floats>
PYINFO_INLINE Row ordered_row(Row x) {
  return floats ? _mm_xor_si128(x, _mm_srli_epi16(_mm_srai_epi16(x, 15), 1)) : x;
}

// The least magnitudes of classes, as rows are compared with them.
struct RowBounds {
  PYINFO_INLINE RowBounds(const std::uint64_t* least, unsigned classes) : count(classes) {
    for (unsigned c = 1; c < classes; ++c) below[c] = _mm_set1_epi16(short(least[c] - 1));
  }
  // Calls take(c, mask16) for each class and its elements among those of `valid`.
  template <class Take>
  PYINFO_INLINE void each_class(Row elements, unsigned valid, const Take& take) const {
    const Row magnitudes = _mm_and_si128(elements, _mm_set1_epi16(0x7fff));
    unsigned rest = valid;
    for (unsigned c = 1; c < count; ++c) {
      const Row above = _mm_cmpgt_epi16(magnitudes, below[c]);
      const unsigned higher =
          unsigned(_mm_movemask_epi8(_mm_packs_epi16(above, _mm_setzero_si128()))) & valid;
      take(c - 1, (rest ^ higher) << 4);
      rest = higher;
    }
    take(count - 1, rest << 4);
  }
  unsigned count;
  Row below[kMostClasses];  // [0] is not used
};

PYINFO_INLINE unsigned valid_of_row(std::size_t left) {
  return left < kRow ? (1u << left) - 1 : 0xff;
}

// Elements that change, next to each other, of as many groups as have room: classes are asked for
// what changes alone, and what is written has reached the cache when it is read.
constexpr std::size_t kMoved = 512;
struct MovedOut {
  std::uint16_t before[kMoved + kRow], after[kMoved + kRow];
  std::size_t count = 0;

  PYINFO_INLINE bool is_full() const { return count > kMoved - kGroup; }
  PYINFO_INLINE void add(const std::uint16_t* old_ones, const std::uint16_t* new_ones,
                         std::uint64_t changed) {
    std::size_t end = count;
    for (unsigned i = 0; i < kGroup; i += kRow) {
      const unsigned mask = mask16_of(changed, i);
      store_row(before + end, gathered(load_row(old_ones + i), mask));
      store_row(after + end, gathered(load_row(new_ones + i), mask));
      end += count_bits(mask);
    }
    count = end;
  }
  // Appends their steps to those of their classes. Up to kRow steps more are written, and mean
  // nothing.
  template <bool floats>
  PYINFO_INLINE void flush(const RowBounds& bounds, std::uint16_t** steps) {
    for (std::size_t i = 0; i < count; i += kRow) {
      const Row old_ones = load_row(before + i);
      const Row step =
          _mm_sub_epi16(ordered_row<floats>(load_row(after + i)), ordered_row<floats>(old_ones));
      const Row folded = _mm_xor_si128(_mm_slli_epi16(step, 1), _mm_srai_epi16(step, 15));
      bounds.each_class(old_ones, valid_of_row(count - i), [&](unsigned c, unsigned mask) {
        store_row(steps[c], gathered(folded, mask));
        steps[c] += count_bits(mask);
      });
    }
    count = 0;
  }
};

// The way back: what changes is gathered, takes its steps, and what that has changed of it goes
// where it belongs.
constexpr unsigned kMovedGroups = 32;
struct MovedIn {
  std::uint16_t elements[kMoved + kRow];
  std::size_t count = 0;
  std::uint64_t changed[kMovedGroups];
  unsigned groups = 0;

  PYINFO_INLINE bool is_full() const { return count > kMoved - kGroup || groups == kMovedGroups; }
  PYINFO_INLINE void add(const std::uint16_t* group, std::uint64_t of_group) {
    changed[groups++] = of_group;
    if (of_group == 0) return;
    std::size_t end = count;
    for (unsigned i = 0; i < kGroup; i += kRow) {
      const unsigned mask = mask16_of(of_group, i);
      store_row(elements + end, gathered(load_row(group + i), mask));
      end += count_bits(mask);
    }
    count = end;
  }
  // Changes the elements before `end`, where the last group ends; the steps of class c come from
  // steps[c] on. Up to kRow steps more are read. False if they run out.
  template <bool floats>
  PYINFO_INLINE bool flush(const RowBounds& bounds, const std::uint16_t** steps,
                           const std::uint16_t* const* steps_end, std::uint16_t* end) {
    for (std::size_t i = 0; i < count; i += kRow) {
      const Row old_ones = load_row(elements + i);
      Row folded = _mm_setzero_si128();
      bool enough = true;
      bounds.each_class(old_ones, valid_of_row(count - i), [&](unsigned c, unsigned mask) {
        folded = _mm_or_si128(folded, scattered(load_row(steps[c]), mask));
        steps[c] += count_bits(mask);
        enough &= steps[c] <= steps_end[c];
      });
      if (!enough) return false;
      const Row sign = _mm_sub_epi16(_mm_setzero_si128(), _mm_and_si128(folded, _mm_set1_epi16(1)));
      const Row step = _mm_xor_si128(_mm_srli_epi16(folded, 1), sign);
      const Row moved = ordered_row<floats>(_mm_add_epi16(ordered_row<floats>(old_ones), step));
      store_row(elements + i, _mm_xor_si128(moved, old_ones));
    }
    const std::uint16_t* from = elements;
    std::uint16_t* group = end - groups * kGroup;
    for (unsigned g = 0; g < groups; ++g, group += kGroup) {
      if (changed[g] == 0) continue;
      for (unsigned i = 0; i < kGroup; i += kRow) {
        const unsigned mask = mask16_of(changed[g], i);
        const Row difference = scattered(load_row(from), mask);
        store_row(group + i, _mm_xor_si128(load_row(group + i), difference));
        from += count_bits(mask);
      }
    }
    count = 0;
    groups = 0;
    return true;
  }
};

}  // namespace
}  // namespace pyinfo::coding

#endif
