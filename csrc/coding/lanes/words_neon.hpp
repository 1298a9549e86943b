// NEON: what kernels do with lanes of 16 bits, 8 a vector: the terms of words_sse4.hpp, and words
// that some of the lanes take or leave.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "coding/lanes/word_moves.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

using Words = uint16x8_t;
using Count = int16x8_t;  // of bits to shift by; negative: to the right

PYINFO_INLINE Words load(const void* p) { return vld1q_u16(static_cast<const std::uint16_t*>(p)); }
PYINFO_INLINE void store(void* p, Words a) { vst1q_u16(static_cast<std::uint16_t*>(p), a); }
PYINFO_INLINE Words load_unaligned(const void* p) {
  return vreinterpretq_u16_u8(vld1q_u8(static_cast<const std::uint8_t*>(p)));
}
PYINFO_INLINE void store_unaligned(void* p, Words a) {
  vst1q_u8(static_cast<std::uint8_t*>(p), vreinterpretq_u8_u16(a));
}
PYINFO_INLINE Words all(int value) { return vdupq_n_u16(static_cast<std::uint16_t>(value)); }
PYINFO_INLINE Words add(Words a, Words b) { return vaddq_u16(a, b); }
PYINFO_INLINE Words subtract(Words a, Words b) { return vsubq_u16(a, b); }
PYINFO_INLINE Words low_product(Words a, Words b) { return vmulq_u16(a, b); }
PYINFO_INLINE Words high_product(Words a, Words b) {
  const uint32x4_t low = vmull_u16(vget_low_u16(a), vget_low_u16(b));
  const uint32x4_t high = vmull_high_u16(a, b);
  return vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high));
}
PYINFO_INLINE Words both(Words a, Words b) { return vandq_u16(a, b); }
PYINFO_INLINE Words either(Words a, Words b) { return vorrq_u16(a, b); }
PYINFO_INLINE Words greater(Words a, Words b) {  // signed
  return vcgtq_s16(vreinterpretq_s16_u16(a), vreinterpretq_s16_u16(b));
}
PYINFO_INLINE Words at_least(Words a, Words b) { return vcgeq_u16(a, b); }  // unsigned
PYINFO_INLINE Words equal(Words a, Words b) { return vceqq_u16(a, b); }
PYINFO_INLINE Words smaller(Words a, Words b) { return vminq_u16(a, b); }  // unsigned
PYINFO_INLINE Words choose(Words where, Words yes, Words no) { return vbslq_u16(where, yes, no); }
template <int n>
PYINFO_INLINE Words left(Words a) {
  return vshlq_n_u16(a, n);
}
template <int n>
PYINFO_INLINE Words right(Words a) {
  return vshrq_n_u16(a, n);
}
// By a number that is known when the program runs.
PYINFO_INLINE Count shift_count(int n) { return vdupq_n_s16(static_cast<std::int16_t>(n)); }
PYINFO_INLINE Words left(Words a, Count n) { return vshlq_u16(a, n); }
PYINFO_INLINE Words right(Words a, Count n) { return vshlq_u16(a, vnegq_s16(n)); }
PYINFO_INLINE Words interleave_low(Words a, Words b) { return vzip1q_u16(a, b); }
PYINFO_INLINE Words interleave_high(Words a, Words b) { return vzip2q_u16(a, b); }
PYINFO_INLINE Words join_low(Words a, Words b) {
  return vreinterpretq_u16_u64(vzip1q_u64(vreinterpretq_u64_u16(a), vreinterpretq_u64_u16(b)));
}
PYINFO_INLINE Words join_high(Words a, Words b) {
  return vreinterpretq_u16_u64(vzip2q_u64(vreinterpretq_u64_u16(a), vreinterpretq_u64_u16(b)));
}
// Two entries of every eight lanes.
template <class Index>
PYINFO_INLINE Words pair(const std::uint64_t* entries, const Index* symbols) {
  return vreinterpretq_u16_u64(
      vcombine_u64(vld1_u64(entries + symbols[0]), vld1_u64(entries + symbols[1])));
}

// A bit for each lane of a comparison, and their number times 256: one sum across the vector.
PYINFO_INLINE unsigned lane_bits(Words where) {
  static constexpr std::uint16_t weights[8] = {0x101, 0x102, 0x104, 0x108,
                                               0x110, 0x120, 0x140, 0x180};
  return vaddvq_u16(vandq_u16(where, vld1q_u16(weights)));
}
// Two bits for each lane of a comparison.
PYINFO_INLINE unsigned byte_mask(Words where) {
  static constexpr std::uint16_t weights[8] = {0x3, 0xc, 0x30, 0xc0, 0x300, 0xc00, 0x3000, 0xc000};
  return vaddvq_u16(vandq_u16(where, vld1q_u16(weights)));
}

constexpr ExpandWords kExpand;

PYINFO_INLINE Words moved(Words from, const std::uint8_t* bytes) {
  return vreinterpretq_u16_u8(vqtbl1q_u8(vreinterpretq_u8_u16(from), vld1q_u8(bytes)));
}

// The next words for the lanes in `lacking`, 0 for the others.
PYINFO_INLINE Words take_words(Words lacking, const unsigned char*& words) {
  const unsigned bits = lane_bits(lacking);
  const Words taken = moved(load_unaligned(words), kExpand.of[bits & 255]);
  words += 2 * std::size_t{bits >> 8};
  return taken;
}

// The words of the lanes in `full`, last lane first.
PYINFO_INLINE void write_words(Words low, Words full, unsigned char*& words) {
  const unsigned bits = lane_bits(full);
  store_unaligned(words - 16, moved(low, kCompress.of[bits & 255]));
  words -= 2 * std::size_t{bits >> 8};
}

}  // namespace
}  // namespace pyinfo::coding
