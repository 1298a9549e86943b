// Which groups of eight byte values occur, for planes_kernels.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/planes/plane_registers.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

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

#elif defined(PYINFO_NEON)

PYINFO_INLINE std::size_t group_registers(const unsigned char* data, std::size_t size,
                                          unsigned char (&bytes)[4][sizeof(Register)]) {
  // Bits by the low four bits of a group; a look-up gives 0 for all above 15.
  static constexpr unsigned char first[16] = {1, 2, 4, 8, 16, 32, 64, 128};
  static constexpr unsigned char second[16] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128};
  Register seen[4];
  for (Register& bits : seen) bits = vdupq_n_u8(0);
  std::size_t i = 0;
  for (; size - i >= sizeof(Register); i += sizeof(Register)) {
    const Register lower = vshrq_n_u8(load(data + i), 3);
    const Register upper = veorq_u8(lower, vdupq_n_u8(16));
    seen[0] = either(seen[0], vqtbl1q_u8(load(first), lower));
    seen[1] = either(seen[1], vqtbl1q_u8(load(second), lower));
    seen[2] = either(seen[2], vqtbl1q_u8(load(first), upper));
    seen[3] = either(seen[3], vqtbl1q_u8(load(second), upper));
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
}  // namespace pyinfo::coding
