// Steps of a group of 64 elements of two bytes in rows of eight, for step_kernels.cpp: taken out of
// their places, put back, and divided among classes by looking up how eight are to be moved.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/deltas/group_masks.hpp"
#include "coding/deltas/steps.hpp"
#include "simd/kernel_file.hpp"

#if defined(__AVX2__)
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
PYINFO_INLINE Row gathered(Row row, unsigned mask) {
  return _mm_shuffle_epi8(row, load_row(kRowMoves.gather[mask]));
}
PYINFO_INLINE Row scattered(Row row, unsigned mask) {
  return _mm_shuffle_epi8(row, load_row(kRowMoves.scatter[mask]));
}

template <bool floats>
PYINFO_INLINE Row ordered_row(Row x) {
  return floats ? _mm_xor_si128(x, _mm_srli_epi16(_mm_srai_epi16(x, 15), 1)) : x;
}

// Appends the steps of the elements in `changed` to those of their classes. Up to kGroup steps more
// are written, and mean nothing.
template <bool floats>
PYINFO_INLINE void take_steps(const std::uint16_t* before, const std::uint16_t* after,
                              std::uint64_t changed, const std::uint64_t* masks, unsigned classes,
                              std::uint16_t** steps) {
  std::uint16_t all[kGroup + kRow];  // in the order of the elements
  std::uint16_t* end = classes == 1 ? steps[0] : all;
  for (unsigned i = 0; i < kGroup; i += kRow) {
    const unsigned mask = changed >> i & 0xff;
    const Row step = _mm_sub_epi16(ordered_row<floats>(load_row(after + i)),
                                   ordered_row<floats>(load_row(before + i)));
    const Row folded = _mm_xor_si128(_mm_slli_epi16(step, 1), _mm_srai_epi16(step, 15));
    store_row(end, gathered(folded, mask));
    end += count_bits(mask);
  }
  if (classes == 1) {
    steps[0] = end;
    return;
  }
  const std::size_t count = std::size_t(end - all);
  for (unsigned c = 0; c < classes; ++c) {
    std::uint64_t mine = gather_bits(masks[c], changed);
    std::uint16_t* to = steps[c];
    for (std::size_t i = 0; i < count; i += kRow, mine >>= kRow) {
      store_row(to, gathered(load_row(all + i), mine & 0xff));
      to += count_bits(mine & 0xff);
    }
    steps[c] = to;
  }
}

// Lets the elements in `changed` take their steps, those of class c in the order of steps[c]. Up to
// kGroup steps more are read.
template <bool floats>
PYINFO_INLINE void put_steps(std::uint16_t* elements, std::uint64_t changed,
                             const std::uint64_t* masks, unsigned classes,
                             const std::uint16_t** steps) {
  std::uint16_t all[kGroup + kRow];
  const std::uint16_t* from = all;
  if (classes == 1) {
    from = steps[0];
    steps[0] += count_bits(changed);
  } else {
    const std::size_t count = count_bits(changed);
    std::uint64_t mine[kMostClasses];
    for (unsigned c = 0; c < classes; ++c) mine[c] = gather_bits(masks[c], changed);
    for (std::size_t i = 0; i < count; i += kRow) {
      Row row = _mm_setzero_si128();
      for (unsigned c = 0; c < classes; ++c) {
        const unsigned mask = mine[c] >> i & 0xff;
        row = _mm_or_si128(row, scattered(load_row(steps[c]), mask));
        steps[c] += count_bits(mask);
      }
      store_row(all + i, row);
    }
  }
  for (unsigned i = 0; i < kGroup; i += kRow) {
    const unsigned mask = changed >> i & 0xff;
    const Row folded = scattered(load_row(from), mask);
    from += count_bits(mask);
    const Row sign = _mm_sub_epi16(_mm_setzero_si128(), _mm_and_si128(folded, _mm_set1_epi16(1)));
    const Row step = _mm_xor_si128(_mm_srli_epi16(folded, 1), sign);
    const Row moved = _mm_add_epi16(ordered_row<floats>(load_row(elements + i)), step);
    store_row(elements + i, ordered_row<floats>(moved));
  }
}

}  // namespace
}  // namespace pyinfo::coding

#endif
