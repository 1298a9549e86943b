// NEON: 8 lanes at a time, in two vectors to decode and in one of each half to encode.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/wide_lanes_neon.hpp"
#include "coding/lanes/words_neon.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;

// A vector of lanes gives a symbol each (in the low byte of the lane) and takes the words it needs.
PYINFO_INLINE Vector pop(const std::uint32_t* slots, std::uint32_t* states, std::uint32_t* index,
                         const unsigned char*& words) {
  const uint32x4_t slot_mask = vdupq_n_u32(kRansTotal - 1);
  Vector entry;
  Vector x = load_lanes(states);
  for (unsigned i = 0; i < 2; ++i) {
    entry.of[i] = four_entries(slots, index + 4 * i);
    const uint32x4_t rest = vandq_u32(vshrq_n_u32(entry.of[i], 8), slot_mask);
    x.of[i] = vmlaq_u32(rest, vshrq_n_u32(entry.of[i], 20), vshrq_n_u32(x.of[i], 12));
  }
  x = renormalise(x, words);
  store_lanes(states, x);
  store_lanes(index, {{vandq_u32(x.of[0], slot_mask), vandq_u32(x.of[1], slot_mask)}});
  return entry;
}

PYINFO_INLINE void store_symbols(unsigned char* out, const Vector* symbols) {
  Words pairs[4];
  for (unsigned i = 0; i < 4; ++i) pairs[i] = low_halves(symbols[i].of[0], symbols[i].of[1]);
  const auto low_bytes = [](Words a, Words b) {
    return vuzp1q_u8(vreinterpretq_u8_u16(a), vreinterpretq_u8_u16(b));
  };
  vst1q_u8(out, low_bytes(pairs[0], pairs[1]));
  vst1q_u8(out + 16, low_bytes(pairs[2], pairs[3]));
}

}  // namespace
}  // namespace pyinfo::coding

// The kernels, in these terms.
#include "coding/lanes/rans_vectors.hpp"

namespace pyinfo::coding {
namespace {

template <unsigned kLanes>
constexpr RansKernels::Encode encode_steps = encode_by_entries<kLanes>;

}  // namespace
}  // namespace pyinfo::coding
