// Registers of bytes, for planes_kernels.cpp: the operations of each instruction set.
#pragma once

#include <cstddef>

#include "simd/kernel_file.hpp"

#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#define PYINFO_BYTE_REGISTERS 1
#elif defined(PYINFO_NEON)
#include <arm_neon.h>
#define PYINFO_BYTE_REGISTERS 1
#endif

namespace pyinfo::coding {
namespace {

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

#elif defined(PYINFO_NEON)

using Register = uint8x16_t;

PYINFO_INLINE Register load(const unsigned char* p) { return vld1q_u8(p); }
PYINFO_INLINE void store(unsigned char* p, Register v) { vst1q_u8(p, v); }
PYINFO_INLINE Register even(Register a, Register b) { return vuzp1q_u8(a, b); }
PYINFO_INLINE Register odd(Register a, Register b) { return vuzp2q_u8(a, b); }
PYINFO_INLINE Register low(Register a, Register b) { return vzip1q_u8(a, b); }
PYINFO_INLINE Register high(Register a, Register b) { return vzip2q_u8(a, b); }
PYINFO_INLINE Register either(Register a, Register b) { return vorrq_u8(a, b); }
// A shift, and one that inserts what has left at the other end.
template <std::size_t bytes>
PYINFO_INLINE Register rotated_left(Register v) {
  const uint16x8_t pairs = vreinterpretq_u16_u8(v);
  const uint32x4_t fours = vreinterpretq_u32_u8(v);
  const uint64x2_t eights = vreinterpretq_u64_u8(v);
  if constexpr (bytes == 2)
    return vreinterpretq_u8_u16(vsriq_n_u16(vshlq_n_u16(pairs, 1), pairs, 15));
  if constexpr (bytes == 4)
    return vreinterpretq_u8_u32(vsriq_n_u32(vshlq_n_u32(fours, 1), fours, 31));
  return vreinterpretq_u8_u64(vsriq_n_u64(vshlq_n_u64(eights, 1), eights, 63));
}
template <std::size_t bytes>
PYINFO_INLINE Register rotated_right(Register v) {
  const uint16x8_t pairs = vreinterpretq_u16_u8(v);
  const uint32x4_t fours = vreinterpretq_u32_u8(v);
  const uint64x2_t eights = vreinterpretq_u64_u8(v);
  if constexpr (bytes == 2)
    return vreinterpretq_u8_u16(vsliq_n_u16(vshrq_n_u16(pairs, 1), pairs, 15));
  if constexpr (bytes == 4)
    return vreinterpretq_u8_u32(vsliq_n_u32(vshrq_n_u32(fours, 1), fours, 31));
  return vreinterpretq_u8_u64(vsliq_n_u64(vshrq_n_u64(eights, 1), eights, 63));
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

#if !defined(__AVX512VBMI2__) && !defined(PYINFO_NEON)
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

#endif  // PYINFO_BYTE_REGISTERS

}  // namespace
}  // namespace pyinfo::coding
