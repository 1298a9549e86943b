// NEON: buckets and intervals are looked up one by one, everything else is done on eight lanes.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "coding/lanes/indexed_rans.hpp"
#include "coding/lanes/kernel_loops.hpp"
#include "coding/lanes/wide_lanes_neon.hpp"
#include "coding/lanes/words_neon.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

PYINFO_INLINE uint32x4_t set_bits(uint32x4_t x) {
  return vpaddlq_u16(vpaddlq_u8(vcntq_u8(vreinterpretq_u8_u32(x))));
}

// The numbers of the intervals that the states of four lanes point at.
PYINFO_INLINE uint32x4_t find_four(const IndexedLookups& tables, uint32x4_t x, uint32x4_t model) {
  const uint32x4_t slot = vandq_u32(x, vdupq_n_u32((1u << tables.precision) - 1));
  std::uint32_t place[4];
  vst1q_u32(place,
            vorrq_u32(vshlq_u32(model, vdupq_n_s32(tables.precision - 4)), vshrq_n_u32(slot, 4)));
  const uint32x4_t bucket = four_entries(tables.buckets, place);
  // Of the bucket's slots, those up to this one.
  const uint32x4_t beyond = vbicq_u32(vdupq_n_u32(15), slot);
  const uint32x4_t starts = vandq_u32(bucket, vdupq_n_u32(0xffff0000));
  const uint32x4_t begun = vshlq_u32(starts, vreinterpretq_s32_u32(beyond));
  return vandq_u32(vaddq_u32(bucket, set_bits(begun)), vdupq_n_u32(0xffff));
}

struct Entries {
  uint32x4_t interval, symbol;
};
PYINFO_INLINE Entries look_up_four(const std::uint64_t* table, const std::uint32_t* numbers) {
  const uint32x4_t a = vreinterpretq_u32_u16(pair(table, numbers));
  const uint32x4_t b = vreinterpretq_u32_u16(pair(table, numbers + 2));
  return {vuzp1q_u32(a, b), vuzp2q_u32(a, b)};
}

void decode_steps(const IndexedLookups& tables, unsigned lanes, std::uint32_t* states,
                  IndexedCursor& cursor, const unsigned char* limit) noexcept {
  const int32x4_t shift = vdupq_n_s32(-tables.precision);
  const uint32x4_t low_mask = vdupq_n_u32((1u << tables.precision) - 1);
  const uint32x4_t half = vdupq_n_u32(0xffff);
  alignas(64) std::uint32_t x[kMaxLanes];
  alignas(64) std::uint32_t numbers[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) x[lane] = states[lane];
  IndexedCursor at = cursor;
  for (; at.steps > 0 && at.words <= limit; --at.steps) {
    for (unsigned lane = 0; lane < lanes; lane += 8) {
      const Words models = vmovl_u8(vld1_u8(at.indexes + lane));
      const Vector y = load_lanes(x + lane);
      store_lanes(numbers + lane, {{find_four(tables, y.of[0], vmovl_u16(vget_low_u16(models))),
                                    find_four(tables, y.of[1], vmovl_high_u16(models))}});
    }
    for (unsigned lane = 0; lane < lanes; lane += 8) {
      PYINFO_PREFETCH(at.words + kAhead);
      const Vector y = load_lanes(x + lane);
      Vector z;
      uint32x4_t symbols[2];
      for (unsigned i = 0; i < 2; ++i) {
        const Entries entries = look_up_four(tables.decode, numbers + lane + 4 * i);
        symbols[i] = entries.symbol;
        const uint32x4_t rest =
            vsubq_u32(vandq_u32(y.of[i], low_mask), vandq_u32(entries.interval, half));
        z.of[i] = vmlaq_u32(rest, vshrq_n_u32(entries.interval, 16), vshlq_u32(y.of[i], shift));
      }
      vst1q_u16(reinterpret_cast<std::uint16_t*>(at.out + lane),
                low_halves(symbols[0], symbols[1]));
      const Words escaped = vreinterpretq_u16_s16(
          vshrq_n_s16(vreinterpretq_s16_u16(vuzp2q_u16(vreinterpretq_u16_u32(symbols[0]),
                                                       vreinterpretq_u16_u32(symbols[1]))),
                      15));
      for (unsigned out = lane_bits(escaped) & 255; out != 0; out &= out - 1) {
        *at.escapes++ =
            static_cast<std::uint16_t>(at.place + lane + static_cast<unsigned>(__builtin_ctz(out)));
      }
      store_lanes(x + lane, renormalise(z, at.words));
    }
    at.indexes += lanes;
    at.out += lanes;
    at.place += lanes;
  }
  for (unsigned lane = 0; lane < lanes; ++lane) states[lane] = x[lane];
  cursor = at;
}

}  // namespace
}  // namespace pyinfo::coding

// The encoder, in the terms of words_neon.hpp.
#include "coding/lanes/indexed_vectors.hpp"
