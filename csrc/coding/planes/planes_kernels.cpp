// Byte planes by rounds of separating even from odd bytes, in whole registers. Compiled once per
// instruction set.
#include <cstddef>
#include <cstdint>

#include "coding/planes/plane_registers.hpp"
#include "coding/planes/planes.hpp"
#include "coding/planes/value_groups.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

// Byte k of an item, rotated if so wanted: a byte then gets the top bit of the one below it.
template <bool rotated>
PYINFO_INLINE unsigned char byte_to_plane(const unsigned char* item, std::size_t planes,
                                          std::size_t k) {
  if constexpr (!rotated) return item[k];
  const unsigned below = item[k == 0 ? planes - 1 : k - 1];
  return static_cast<unsigned char>(item[k] << 1 | below >> 7);
}

// Byte k of item i. A byte gets its top bit back from the one above it.
template <bool rotated>
PYINFO_INLINE unsigned char byte_from_planes(const unsigned char* const* from, std::size_t planes,
                                             std::size_t k, std::size_t i) {
  if constexpr (!rotated) return from[k][i];
  const unsigned above = from[k == planes - 1 ? 0 : k + 1][i];
  return static_cast<unsigned char>(from[k][i] >> 1 | above << 7);
}

#ifdef PYINFO_BYTE_REGISTERS

// In a round, neighbours i and i + 1 give their even bytes to place i / 2 and their odd bytes to
// place planes / 2 + i / 2. After log2(planes) rounds, place k holds plane k with the bits of k in
// reverse: the first round looked at the lowest bit of the byte's number.
template <std::size_t planes>
PYINFO_INLINE void split_rounds(Register (&places)[planes]) {
  for (std::size_t round = 1; round < planes; round *= 2) {
    Register next[planes];
    for (std::size_t i = 0; i < planes; i += 2) {
      next[i / 2] = even(places[i], places[i + 1]);
      next[planes / 2 + i / 2] = odd(places[i], places[i + 1]);
    }
    for (std::size_t i = 0; i < planes; ++i) places[i] = next[i];
  }
}

template <std::size_t planes>
PYINFO_INLINE void join_rounds(Register (&places)[planes]) {
  for (std::size_t round = 1; round < planes; round *= 2) {
    Register next[planes];
    for (std::size_t i = 0; i < planes; i += 2) {
      next[i] = low(places[i / 2], places[planes / 2 + i / 2]);
      next[i + 1] = high(places[i / 2], places[planes / 2 + i / 2]);
    }
    for (std::size_t i = 0; i < planes; ++i) places[i] = next[i];
  }
}

// Bytes of memory that are asked for ahead: hardware alone brings items more slowly.
constexpr std::size_t kAhead = 4096;

// Items done in whole registers; returns how many.
template <std::size_t planes, bool rotated>
PYINFO_INLINE std::size_t split_registers(const unsigned char* items, std::size_t n_items,
                                          unsigned char* const* to) {
  constexpr std::size_t step = sizeof(Register);  // items at a time: a register of every plane
  std::size_t i = 0;
  for (; n_items - i >= step; i += step) {
    Register places[planes];
    for (std::size_t k = 0; k < planes; ++k) {
      if (k * step % 64 == 0) PYINFO_PREFETCH(items + i * planes + k * step + kAhead);
      places[k] = load(items + i * planes + k * step);
      if constexpr (rotated) places[k] = rotated_left<planes>(places[k]);
    }
    split_rounds<planes>(places);
    for (std::size_t k = 0; k < planes; ++k) store(to[k] + i, places[k]);
  }
  return i;
}

template <std::size_t planes, bool rotated>
PYINFO_INLINE std::size_t join_registers(const unsigned char* const* from, std::size_t n_items,
                                         unsigned char* items) {
  constexpr std::size_t step = sizeof(Register);
  std::size_t i = 0;
  for (; n_items - i >= step; i += step) {
    Register places[planes];
    for (std::size_t k = 0; k < planes; ++k) places[k] = load(from[k] + i);
    join_rounds<planes>(places);
    for (std::size_t k = 0; k < planes; ++k) {
      if constexpr (rotated) places[k] = rotated_right<planes>(places[k]);
      store(items + i * planes + k * step, places[k]);
    }
  }
  return i;
}

#else

// Loops of a known stride: compilers know instructions for two and four.
template <std::size_t planes, bool rotated>
PYINFO_INLINE std::size_t split_registers(const unsigned char* items, std::size_t n_items,
                                          unsigned char* const* to) {
  for (std::size_t k = 0; k < planes; ++k) {
    unsigned char* const plane = to[k];
    for (std::size_t i = 0; i < n_items; ++i) {
      plane[i] = byte_to_plane<rotated>(items + i * planes, planes, k);
    }
  }
  return n_items;
}
template <std::size_t planes, bool rotated>
PYINFO_INLINE std::size_t join_registers(const unsigned char* const* from, std::size_t n_items,
                                         unsigned char* items) {
  for (std::size_t k = 0; k < planes; ++k) {
    for (std::size_t i = 0; i < n_items; ++i) {
      items[i * planes + k] = byte_from_planes<rotated>(from, planes, k, i);
    }
  }
  return n_items;
}

#endif

// Any number of planes: so many items at a time that they stay in the nearest cache while each
// plane walks over them.
constexpr std::size_t kTileBytes = std::size_t{1} << 14;

PYINFO_INLINE std::size_t tile(std::size_t planes, std::size_t left) {
  const std::size_t items = planes < kTileBytes / 16 ? kTileBytes / planes : 16;
  return items < left ? items : left;
}

template <bool rotated>
PYINFO_INLINE void split_any(const unsigned char* items, std::size_t i, std::size_t n_items,
                             std::size_t planes, unsigned char* const* to) {
  while (i < n_items) {
    const std::size_t end = i + tile(planes, n_items - i);
    for (std::size_t k = 0; k < planes; ++k) {
      unsigned char* const plane = to[k];
      for (std::size_t j = i; j < end; ++j) {
        plane[j] = byte_to_plane<rotated>(items + j * planes, planes, k);
      }
    }
    i = end;
  }
}

template <bool rotated>
PYINFO_INLINE void join_any(const unsigned char* const* from, std::size_t i, std::size_t n_items,
                            std::size_t planes, unsigned char* items) {
  while (i < n_items) {
    const std::size_t end = i + tile(planes, n_items - i);
    for (std::size_t k = 0; k < planes; ++k) {
      for (std::size_t j = i; j < end; ++j) {
        items[j * planes + k] = byte_from_planes<rotated>(from, planes, k, j);
      }
    }
    i = end;
  }
}

template <bool rotated>
PYINFO_INLINE void split_all(const unsigned char* items, std::size_t n_items, std::size_t planes,
                             unsigned char* const* to) {
  std::size_t done = 0;
  switch (planes) {
    case 2:
      done = split_registers<2, rotated>(items, n_items, to);
      break;
    case 4:
      done = split_registers<4, rotated>(items, n_items, to);
      break;
    case 8:
      done = split_registers<8, rotated>(items, n_items, to);
      break;
    case 16:
      if constexpr (!rotated) done = split_registers<16, rotated>(items, n_items, to);
      break;
    default:
      break;
  }
  split_any<rotated>(items, done, n_items, planes, to);
}

template <bool rotated>
PYINFO_INLINE void join_all(const unsigned char* const* from, std::size_t n_items,
                            std::size_t planes, unsigned char* items) {
  std::size_t done = 0;
  switch (planes) {
    case 2:
      done = join_registers<2, rotated>(from, n_items, items);
      break;
    case 4:
      done = join_registers<4, rotated>(from, n_items, items);
      break;
    case 8:
      done = join_registers<8, rotated>(from, n_items, items);
      break;
    case 16:
      if constexpr (!rotated) done = join_registers<16, rotated>(from, n_items, items);
      break;
    default:
      break;
  }
  join_any<rotated>(from, done, n_items, planes, items);
}

void split(const unsigned char* items, std::size_t n_items, std::size_t planes, bool rotated,
           unsigned char* const* to) noexcept {
  if (rotated) {
    split_all<true>(items, n_items, planes, to);
  } else {
    split_all<false>(items, n_items, planes, to);
  }
}

void join(const unsigned char* const* from, std::size_t n_items, std::size_t planes, bool rotated,
          unsigned char* items) noexcept {
  if (rotated) {
    join_all<true>(from, n_items, planes, items);
  } else {
    join_all<false>(from, n_items, planes, items);
  }
}

}  // namespace

extern const PlanesKernels PYINFO_TABLE(planes_kernels);
const PlanesKernels PYINFO_TABLE(planes_kernels) = {split, join, groups_of};

}  // namespace pyinfo::coding
