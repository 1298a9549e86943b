// Registers of bytes in lanes of 16, for the kernels of digits: one lane with SSE4.1, two with AVX2
// and AVX-512. All operations stay within a lane.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/kernel_file.hpp"

#if defined(__SSE4_1__) || (defined(_MSC_VER) && defined(__AVX2__))
#include <immintrin.h>
#define PYINFO_DIGIT_REGISTERS 1
#endif

#ifdef PYINFO_DIGIT_REGISTERS
namespace pyinfo::coding {
namespace {

PYINFO_INLINE __m128i load_lane(const unsigned char* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
// The lowest `bytes` of a lane.
template <int bytes>
PYINFO_INLINE void store_low(unsigned char* p, __m128i v) {
  if constexpr (bytes == 8) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(p), v);
  } else {
    const int low = _mm_cvtsi128_si32(v);
    PYINFO_COPY(p, &low, bytes);
  }
}

#if defined(__AVX2__)

using Register = __m256i;

PYINFO_INLINE Register load(const unsigned char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const Register*>(p));
}
PYINFO_INLINE void store(unsigned char* p, Register v) {
  _mm256_storeu_si256(reinterpret_cast<Register*>(p), v);
}
// Each lane `step` bytes after the one before.
PYINFO_INLINE Register load_lanes(const unsigned char* p, std::size_t step) {
  return _mm256_inserti128_si256(_mm256_castsi128_si256(load_lane(p)), load_lane(p + step), 1);
}
template <int bytes>
PYINFO_INLINE void store_lanes(unsigned char* p, Register v) {
  store_low<bytes>(p, _mm256_castsi256_si128(v));
  store_low<bytes>(p + bytes, _mm256_extracti128_si256(v, 1));
}
PYINFO_INLINE Register in_all_lanes(__m128i v) { return _mm256_broadcastsi128_si256(v); }
// Bytes as 16-bit numbers.
PYINFO_INLINE Register widened(const unsigned char* p) {
  return _mm256_cvtepu8_epi16(load_lane(p));
}
PYINFO_INLINE Register all8(int v) { return _mm256_set1_epi8(static_cast<char>(v)); }
PYINFO_INLINE Register all16(int v) { return _mm256_set1_epi16(static_cast<short>(v)); }
PYINFO_INLINE Register all32(std::uint32_t v) { return _mm256_set1_epi32(static_cast<int>(v)); }
PYINFO_INLINE Register all64(std::uint64_t v) {
  return _mm256_set1_epi64x(static_cast<long long>(v));
}
PYINFO_INLINE Register zeros() { return _mm256_setzero_si256(); }
PYINFO_INLINE Register both(Register a, Register b) { return _mm256_and_si256(a, b); }
PYINFO_INLINE Register either(Register a, Register b) { return _mm256_or_si256(a, b); }
PYINFO_INLINE Register differ(Register a, Register b) { return _mm256_xor_si256(a, b); }
PYINFO_INLINE Register equal8(Register a, Register b) { return _mm256_cmpeq_epi8(a, b); }
PYINFO_INLINE Register larger8(Register a, Register b) { return _mm256_max_epu8(a, b); }
PYINFO_INLINE std::uint32_t top_bits(Register v) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(v));
}
PYINFO_INLINE Register look_up(Register table, Register at) {
  return _mm256_shuffle_epi8(table, at);
}
PYINFO_INLINE Register right16(Register v, int bits) {
  return _mm256_srl_epi16(v, _mm_cvtsi32_si128(bits));
}
template <int bits>
PYINFO_INLINE Register right16(Register v) {
  return _mm256_srli_epi16(v, bits);
}
template <int bits>
PYINFO_INLINE Register left16(Register v) {
  return _mm256_slli_epi16(v, bits);
}
PYINFO_INLINE Register upper_dwords_down(Register v) { return _mm256_srli_epi64(v, 32); }
PYINFO_INLINE Register add32(Register a, Register b) { return _mm256_add_epi32(a, b); }
// Sums of products of neighbours: of bytes as 16 bits, of 16 bits as 32.
PYINFO_INLINE Register dot8(Register a, Register b) { return _mm256_maddubs_epi16(a, b); }
PYINFO_INLINE Register dot16(Register a, Register b) { return _mm256_madd_epi16(a, b); }
PYINFO_INLINE Register low_product(Register a, Register b) { return _mm256_mullo_epi16(a, b); }
PYINFO_INLINE Register high_product(Register a, Register b) { return _mm256_mulhi_epu16(a, b); }
// Every other 16-bit number from b, beginning with the second.
PYINFO_INLINE Register odd_from(Register a, Register b) { return _mm256_blend_epi16(a, b, 0xaa); }

#else

using Register = __m128i;

PYINFO_INLINE Register load(const unsigned char* p) { return load_lane(p); }
PYINFO_INLINE void store(unsigned char* p, Register v) {
  _mm_storeu_si128(reinterpret_cast<Register*>(p), v);
}
PYINFO_INLINE Register load_lanes(const unsigned char* p, std::size_t) { return load_lane(p); }
template <int bytes>
PYINFO_INLINE void store_lanes(unsigned char* p, Register v) {
  store_low<bytes>(p, v);
}
PYINFO_INLINE Register in_all_lanes(__m128i v) { return v; }
PYINFO_INLINE Register widened(const unsigned char* p) {
  return _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
PYINFO_INLINE Register all8(int v) { return _mm_set1_epi8(static_cast<char>(v)); }
PYINFO_INLINE Register all16(int v) { return _mm_set1_epi16(static_cast<short>(v)); }
PYINFO_INLINE Register all32(std::uint32_t v) { return _mm_set1_epi32(static_cast<int>(v)); }
PYINFO_INLINE Register all64(std::uint64_t v) { return _mm_set1_epi64x(static_cast<long long>(v)); }
PYINFO_INLINE Register zeros() { return _mm_setzero_si128(); }
PYINFO_INLINE Register both(Register a, Register b) { return _mm_and_si128(a, b); }
PYINFO_INLINE Register either(Register a, Register b) { return _mm_or_si128(a, b); }
PYINFO_INLINE Register differ(Register a, Register b) { return _mm_xor_si128(a, b); }
PYINFO_INLINE Register equal8(Register a, Register b) { return _mm_cmpeq_epi8(a, b); }
PYINFO_INLINE Register larger8(Register a, Register b) { return _mm_max_epu8(a, b); }
PYINFO_INLINE std::uint32_t top_bits(Register v) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(v));
}
PYINFO_INLINE Register look_up(Register table, Register at) { return _mm_shuffle_epi8(table, at); }
PYINFO_INLINE Register right16(Register v, int bits) {
  return _mm_srl_epi16(v, _mm_cvtsi32_si128(bits));
}
template <int bits>
PYINFO_INLINE Register right16(Register v) {
  return _mm_srli_epi16(v, bits);
}
template <int bits>
PYINFO_INLINE Register left16(Register v) {
  return _mm_slli_epi16(v, bits);
}
PYINFO_INLINE Register upper_dwords_down(Register v) { return _mm_srli_epi64(v, 32); }
PYINFO_INLINE Register add32(Register a, Register b) { return _mm_add_epi32(a, b); }
PYINFO_INLINE Register dot8(Register a, Register b) { return _mm_maddubs_epi16(a, b); }
PYINFO_INLINE Register dot16(Register a, Register b) { return _mm_madd_epi16(a, b); }
PYINFO_INLINE Register low_product(Register a, Register b) { return _mm_mullo_epi16(a, b); }
PYINFO_INLINE Register high_product(Register a, Register b) { return _mm_mulhi_epu16(a, b); }
PYINFO_INLINE Register odd_from(Register a, Register b) { return _mm_blend_epi16(a, b, 0xaa); }

#endif

constexpr std::size_t kRegister = sizeof(Register);
constexpr std::size_t kLaneBytes = 16;
constexpr std::size_t kRegisterLanes = kRegister / kLaneBytes;

PYINFO_INLINE unsigned largest_byte(Register v) {
  unsigned char bytes[kRegister];
  store(bytes, v);
  unsigned largest = 0;
  for (const unsigned char byte : bytes) largest = byte > largest ? byte : largest;
  return largest;
}

// The same 16 bytes, given as two numbers, in every lane.
PYINFO_INLINE Register lane_of(std::uint64_t low, std::uint64_t high) {
  return in_all_lanes(_mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low)));
}

}  // namespace
}  // namespace pyinfo::coding
#endif  // PYINFO_DIGIT_REGISTERS
