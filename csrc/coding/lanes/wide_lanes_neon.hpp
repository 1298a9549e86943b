// NEON: eight states of 32 bits in two vectors, as rANS decoders have them.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "coding/lanes/words_neon.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

struct Vector {
  uint32x4_t of[2];
};

PYINFO_INLINE Vector load_lanes(const std::uint32_t* p) {
  return {{vld1q_u32(p), vld1q_u32(p + 4)}};
}
PYINFO_INLINE void store_lanes(std::uint32_t* p, const Vector& x) {
  vst1q_u32(p, x.of[0]);
  vst1q_u32(p + 4, x.of[1]);
}
// The low halves of all lanes.
PYINFO_INLINE Words low_halves(uint32x4_t a, uint32x4_t b) {
  return vuzp1q_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b));
}

// The states below 2^16 take a word each.
PYINFO_INLINE Vector renormalise(const Vector& x, const unsigned char*& words) {
  const uint32x4_t lowest = vdupq_n_u32(1u << 16);
  const uint32x4_t low = vcltq_u32(x.of[0], lowest);
  const uint32x4_t high = vcltq_u32(x.of[1], lowest);
  const Words taken = take_words(low_halves(low, high), words);
  const uint32x4_t to_low = vmovl_u16(vget_low_u16(taken));
  const uint32x4_t to_high = vmovl_high_u16(taken);
  return {{vbslq_u32(low, vsliq_n_u32(to_low, x.of[0], 16), x.of[0]),
           vbslq_u32(high, vsliq_n_u32(to_high, x.of[1], 16), x.of[1])}};
}

// Look-ups one by one, put together by zipping: one after the other into one register, each would
// wait for the one before.
PYINFO_INLINE uint32x4_t four_entries(const std::uint32_t* table, const std::uint32_t* index) {
  const auto entry = [&](unsigned i) { return vcreate_u32(table[index[i]]); };
  return vcombine_u32(vzip1_u32(entry(0), entry(1)), vzip1_u32(entry(2), entry(3)));
}

}  // namespace
}  // namespace pyinfo::coding
