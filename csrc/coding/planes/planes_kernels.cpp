// Byte planes by rounds of parting even from odd bytes, in whole registers. Compiled once per ISA.
#include <cstddef>
#include <cstdint>

#include "coding/planes/planes.hpp"
#include "simd/kernel_file.hpp"

#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#define PYINFO_BYTE_REGISTERS 1
#endif

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

// even, odd: the even and the odd bytes of a and b, one after the other.
// low, high: the halves of a0 b0 a1 b1 ...: the way back.
#if defined(__AVX512VBMI__) && defined(__AVX512VBMI2__)

using Register = __m512i;

PYINFO_INLINE Register load(const unsigned char* p) { return _mm512_loadu_si512(p); }
PYINFO_INLINE void store(unsigned char* p, Register v) { _mm512_storeu_si512(p, v); }

struct Orders {
  unsigned char even[64];
  unsigned char odd[64];
  unsigned char low[64];
  unsigned char high[64];
};
constexpr Orders make_orders() {
  Orders orders{};
  for (int i = 0; i < 64; ++i) {
    orders.even[i] = static_cast<unsigned char>(2 * i);
    orders.odd[i] = static_cast<unsigned char>(2 * i + 1);
    orders.low[i] = static_cast<unsigned char>(i / 2 + 64 * (i % 2));
    orders.high[i] = static_cast<unsigned char>(i / 2 + 32 + 64 * (i % 2));
  }
  return orders;
}
constexpr Orders kOrders = make_orders();

PYINFO_INLINE Register even(Register a, Register b) {
  return _mm512_permutex2var_epi8(a, load(kOrders.even), b);
}
PYINFO_INLINE Register odd(Register a, Register b) {
  return _mm512_permutex2var_epi8(a, load(kOrders.odd), b);
}
PYINFO_INLINE Register low(Register a, Register b) {
  return _mm512_permutex2var_epi8(a, load(kOrders.low), b);
}
PYINFO_INLINE Register high(Register a, Register b) {
  return _mm512_permutex2var_epi8(a, load(kOrders.high), b);
}
template <std::size_t bytes>
PYINFO_INLINE Register rotated_left(Register v) {
  if constexpr (bytes == 2) return _mm512_shldi_epi16(v, v, 1);
  if constexpr (bytes == 4) return _mm512_rol_epi32(v, 1);
  return _mm512_rol_epi64(v, 1);
}
template <std::size_t bytes>
PYINFO_INLINE Register rotated_right(Register v) {
  if constexpr (bytes == 2) return _mm512_shldi_epi16(v, v, 15);
  if constexpr (bytes == 4) return _mm512_ror_epi32(v, 1);
  return _mm512_ror_epi64(v, 1);
}

#elif defined(__AVX2__)

using Register = __m256i;

PYINFO_INLINE Register load(const unsigned char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const Register*>(p));
}
PYINFO_INLINE void store(unsigned char* p, Register v) {
  _mm256_storeu_si256(reinterpret_cast<Register*>(p), v);
}
PYINFO_INLINE Register even(Register a, Register b) {
  const Register mask = _mm256_set1_epi16(0xff);
  const Register packed = _mm256_packus_epi16(_mm256_and_si256(a, mask), _mm256_and_si256(b, mask));
  return _mm256_permute4x64_epi64(packed, 0xd8);  // packing stays within the 128-bit halves
}
PYINFO_INLINE Register odd(Register a, Register b) {
  const Register packed = _mm256_packus_epi16(_mm256_srli_epi16(a, 8), _mm256_srli_epi16(b, 8));
  return _mm256_permute4x64_epi64(packed, 0xd8);
}
PYINFO_INLINE Register low(Register a, Register b) {
  return _mm256_permute2x128_si256(_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b), 0x20);
}
PYINFO_INLINE Register high(Register a, Register b) {
  return _mm256_permute2x128_si256(_mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b), 0x31);
}
PYINFO_INLINE Register either(Register a, Register b) { return _mm256_or_si256(a, b); }
template <std::size_t bytes>
PYINFO_INLINE Register shifted_left(Register v, int bits) {
  if constexpr (bytes == 2) return _mm256_slli_epi16(v, bits);
  if constexpr (bytes == 4) return _mm256_slli_epi32(v, bits);
  return _mm256_slli_epi64(v, bits);
}
template <std::size_t bytes>
PYINFO_INLINE Register shifted_right(Register v, int bits) {
  if constexpr (bytes == 2) return _mm256_srli_epi16(v, bits);
  if constexpr (bytes == 4) return _mm256_srli_epi32(v, bits);
  return _mm256_srli_epi64(v, bits);
}

#else

using Register = __m128i;

PYINFO_INLINE Register load(const unsigned char* p) {
  return _mm_loadu_si128(reinterpret_cast<const Register*>(p));
}
PYINFO_INLINE void store(unsigned char* p, Register v) {
  _mm_storeu_si128(reinterpret_cast<Register*>(p), v);
}
PYINFO_INLINE Register even(Register a, Register b) {
  const Register mask = _mm_set1_epi16(0xff);
  return _mm_packus_epi16(_mm_and_si128(a, mask), _mm_and_si128(b, mask));
}
PYINFO_INLINE Register odd(Register a, Register b) {
  return _mm_packus_epi16(_mm_srli_epi16(a, 8), _mm_srli_epi16(b, 8));
}
PYINFO_INLINE Register low(Register a, Register b) { return _mm_unpacklo_epi8(a, b); }
PYINFO_INLINE Register high(Register a, Register b) { return _mm_unpackhi_epi8(a, b); }
PYINFO_INLINE Register either(Register a, Register b) { return _mm_or_si128(a, b); }
template <std::size_t bytes>
PYINFO_INLINE Register shifted_left(Register v, int bits) {
  if constexpr (bytes == 2) return _mm_slli_epi16(v, bits);
  if constexpr (bytes == 4) return _mm_slli_epi32(v, bits);
  return _mm_slli_epi64(v, bits);
}
template <std::size_t bytes>
PYINFO_INLINE Register shifted_right(Register v, int bits) {
  if constexpr (bytes == 2) return _mm_srli_epi16(v, bits);
  if constexpr (bytes == 4) return _mm_srli_epi32(v, bits);
  return _mm_srli_epi64(v, bits);
}

#endif

#ifndef __AVX512VBMI2__
// Of the numbers of so many bytes in a register.
template <std::size_t bytes>
PYINFO_INLINE Register rotated_left(Register v) {
  return either(shifted_left<bytes>(v, 1), shifted_right<bytes>(v, 8 * bytes - 1));
}
template <std::size_t bytes>
PYINFO_INLINE Register rotated_right(Register v) {
  return either(shifted_right<bytes>(v, 1), shifted_left<bytes>(v, 8 * bytes - 1));
}
#endif

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

// Items done in whole registers; returns how many.
template <std::size_t planes, bool rotated>
PYINFO_INLINE std::size_t split_registers(const unsigned char* items, std::size_t n_items,
                                          unsigned char* const* to) {
  constexpr std::size_t step = sizeof(Register);  // items at a time: a register of every plane
  std::size_t i = 0;
  for (; n_items - i >= step; i += step) {
    Register places[planes];
    for (std::size_t k = 0; k < planes; ++k) {
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

// Four accumulators of bytes: bit g % 8 of accumulator g / 8 stands for group g.
#if defined(__AVX512VBMI__) && defined(__AVX512VBMI2__)

struct GroupBits {
  unsigned char entries[4][64];
};
constexpr GroupBits make_group_bits() {
  GroupBits bits{};
  for (int group = 0; group < 64; ++group) {  // bit 5 comes from the byte next to it: no matter
    bits.entries[group / 8 % 4][group] = static_cast<unsigned char>(1 << group % 8);
  }
  return bits;
}
constexpr GroupBits kGroupBits = make_group_bits();

PYINFO_INLINE std::size_t group_registers(const unsigned char* data, std::size_t size,
                                          unsigned char (&bytes)[4][sizeof(Register)]) {
  Register seen[4];
  for (Register& bits : seen) bits = _mm512_setzero_si512();
  std::size_t i = 0;
  for (; size - i >= sizeof(Register); i += sizeof(Register)) {
    const Register group = _mm512_srli_epi16(load(data + i), 3);
    for (int k = 0; k < 4; ++k) {
      seen[k] =
          _mm512_or_si512(seen[k], _mm512_permutexvar_epi8(group, load(kGroupBits.entries[k])));
    }
  }
  for (int k = 0; k < 4; ++k) store(bytes[k], seen[k]);
  return i;
}

#elif defined(__SSSE3__)

#if defined(__AVX2__)
PYINFO_INLINE Register splat(int byte) { return _mm256_set1_epi8(static_cast<char>(byte)); }
PYINFO_INLINE Register eighth(Register v) { return _mm256_srli_epi16(v, 3); }
PYINFO_INLINE Register both(Register a, Register b) { return _mm256_and_si256(a, b); }
PYINFO_INLINE Register differ(Register a, Register b) { return _mm256_xor_si256(a, b); }
PYINFO_INLINE Register look_up(__m128i table, Register at) {
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(table), at);
}
#else
PYINFO_INLINE Register splat(int byte) { return _mm_set1_epi8(static_cast<char>(byte)); }
PYINFO_INLINE Register eighth(Register v) { return _mm_srli_epi16(v, 3); }
PYINFO_INLINE Register both(Register a, Register b) { return _mm_and_si128(a, b); }
PYINFO_INLINE Register differ(Register a, Register b) { return _mm_xor_si128(a, b); }
PYINFO_INLINE Register look_up(__m128i table, Register at) { return _mm_shuffle_epi8(table, at); }
#endif

PYINFO_INLINE std::size_t group_registers(const unsigned char* data, std::size_t size,
                                          unsigned char (&bytes)[4][sizeof(Register)]) {
  const __m128i first = _mm_setr_epi8(1, 2, 4, 8, 16, 32, 64, -128, 0, 0, 0, 0, 0, 0, 0, 0);
  const __m128i second = _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, -128);
  Register seen[4];
  for (Register& bits : seen) bits = splat(0);
  std::size_t i = 0;
  for (; size - i >= sizeof(Register); i += sizeof(Register)) {
    const Register v = load(data + i);
    // The four lower bits of the group; a look-up gives 0 where the highest bit is set.
    const Register lower = either(both(eighth(v), splat(0x0f)), both(v, splat(0x80)));
    const Register upper = differ(lower, splat(0x80));
    seen[0] = either(seen[0], look_up(first, lower));
    seen[1] = either(seen[1], look_up(second, lower));
    seen[2] = either(seen[2], look_up(first, upper));
    seen[3] = either(seen[3], look_up(second, upper));
  }
  for (int k = 0; k < 4; ++k) store(bytes[k], seen[k]);
  return i;
}

#else

#ifndef PYINFO_BYTE_REGISTERS
using Register = std::uint64_t;
#endif

PYINFO_INLINE std::size_t group_registers(const unsigned char*, std::size_t,
                                          unsigned char (&)[4][sizeof(Register)]) {
  return 0;
}

#endif

std::uint32_t groups_of(const unsigned char* data, std::size_t size) noexcept {
  unsigned char bytes[4][sizeof(Register)] = {};
  std::size_t i = group_registers(data, size, bytes);
  std::uint32_t groups = 0;
  for (std::uint32_t k = 0; k < 4; ++k) {
    for (const unsigned char byte : bytes[k]) groups |= std::uint32_t{byte} << 8 * k;
  }
  for (; i < size; ++i) groups |= std::uint32_t{1} << (data[i] >> 3);
  return groups;
}

}  // namespace

extern const PlanesKernels PYINFO_TABLE(planes_kernels);
const PlanesKernels PYINFO_TABLE(planes_kernels) = {split, join, groups_of};

}  // namespace pyinfo::coding
