// NEON: table look-ups one by one, everything else on the halves of eight states. Shifts take their
// counts from the low bytes of elements, where the tables have the lengths.
#pragma once

#include <arm_neon.h>

#include <cstdint>

#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/words_neon.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr bool kNeedSlots = true;
constexpr unsigned kFewestLanes = 32;

// Zipped: one after the other into one register, each would wait for the one before.
PYINFO_INLINE uint16x4_t four_of(std::uint16_t a, std::uint16_t b, std::uint16_t c,
                                 std::uint16_t d) noexcept {
  const uint32x2_t low = vreinterpret_u32_u16(vzip1_u16(vcreate_u16(a), vcreate_u16(b)));
  const uint32x2_t high = vreinterpret_u32_u16(vzip1_u16(vcreate_u16(c), vcreate_u16(d)));
  return vreinterpret_u16_u32(vzip1_u32(low, high));
}
PYINFO_INLINE Words look_up(const std::uint16_t* table, const std::uint8_t* index) noexcept {
  return vcombine_u16(four_of(table[index[0]], table[index[1]], table[index[2]], table[index[3]]),
                      four_of(table[index[4]], table[index[5]], table[index[6]], table[index[7]]));
}
// Indices of 16 bits come four at a time: loads are what there are most of.
PYINFO_INLINE uint16x4_t four_slots(const std::uint16_t* table, const std::uint16_t* index) {
  std::uint64_t at;
  PYINFO_COPY(&at, index, sizeof at);
  return four_of(table[at & 0xffff], table[at >> 16 & 0xffff], table[at >> 32 & 0xffff],
                 table[at >> 48]);
}
PYINFO_INLINE Words look_up(const std::uint16_t* table, const std::uint16_t* index) noexcept {
  return vcombine_u16(four_slots(table, index), four_slots(table, index + 4));
}

// Takes a code off each of eight states; the looked-up slots.
PYINFO_INLINE Words pop(std::uint16_t* lows, std::uint16_t* highs, std::uint16_t* slots,
                        const unsigned char*& words, const std::uint16_t* table) noexcept {
  const Words found = look_up(table, slots);
  const Count minus_length = vnegq_s16(vreinterpretq_s16_u16(found));
  const Count rest = vaddq_s16(minus_length, vdupq_n_s16(16));
  const Words old_high = load(highs);
  const Words low = either(vshlq_u16(load(lows), minus_length), vshlq_u16(old_high, rest));
  const Words high = vshlq_u16(old_high, minus_length);
  const Words lacks = vceqzq_u16(high);
  const Words filled = choose(lacks, take_words(lacks, words), low);
  store(highs, choose(lacks, low, high));
  store(lows, filled);
  store(slots, both(filled, all((1 << kHuffmanWindow) - 1)));
  return found;
}

PYINFO_INLINE Words symbols_of(Words first, Words second) noexcept {
  return vreinterpretq_u16_u8(vuzp2q_u8(vreinterpretq_u8_u16(first), vreinterpretq_u8_u16(second)));
}

// Puts a code on each of eight states.
PYINFO_INLINE void push(std::uint16_t* lows, std::uint16_t* highs, const std::uint8_t* symbols,
                        unsigned char*& words, const std::uint16_t* table) noexcept {
  const Words entries = look_up(table, symbols);
  const Count length = vreinterpretq_s16_u16(both(entries, all(15)));
  const Count minus_rest = vsubq_s16(length, vdupq_n_s16(16));
  const Words old_low = load(lows);
  const Words old_high = load(highs);
  const Words overflow = vshlq_u16(old_high, minus_rest);
  const Words flushed = vtstq_u16(overflow, overflow);
  write_words(old_low, flushed, words);
  const Words low = choose(flushed, old_high, old_low);
  const Words high = vbicq_u16(old_high, flushed);
  store(highs, either(vshlq_u16(high, length), vshlq_u16(low, minus_rest)));
  store(lows, either(vshlq_u16(low, length), vshlq_u16(entries, minus_rest)));
}

}  // namespace
}  // namespace pyinfo::coding

// The kernels, in these terms.
#include "coding/lanes/huffman_vectors.hpp"
