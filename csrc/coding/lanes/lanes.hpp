// The lane payload: interleaved coder states and their one stream of words. What Huffman and rANS
// have in common (docs/format.md has it byte by byte).
//
// Interleaving after F. Giesen, "Interleaved entropy coders" (arXiv:1402.3392, 2014); states and
// their renormalisation are those of rANS: J. Duda, "Asymmetric numeral systems" (arXiv:1311.2540,
// 2013).
//
// Symbol i belongs to step i / lanes and lane i % lanes. A lane is a 32-bit state x in [2^16,
// 2^32). A decoder takes a symbol off a state; if that leaves x < 2^16, the state is renormalised
// by the next word of the stream: x = x << 16 | word, lane after lane. An encoder does the same
// backwards: last step first, last lane first, words written downwards. How a symbol goes on and
// off a state is all that coders differ in.
//
// The 16 low bits of an initial state are free: the encoder stores the last symbols in them,
// verbatim. So a decoder ends with the high half of every state at 1 and those symbols below.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "simd/assert.hpp"

namespace pyinfo::coding {

inline constexpr unsigned kMaxLanes = 256;
inline constexpr unsigned kVectorLanes = 32;  // with fewer, steps are scalar on every machine
inline constexpr unsigned kMaxLog2Lanes = 8;
static_assert(1u << kMaxLog2Lanes == kMaxLanes);
inline constexpr unsigned kAnyLanes = 0;  // of a decoder: its tables serve any number of lanes
inline constexpr std::uint32_t kLowestState = 1u << 16;

constexpr bool is_lane_count(unsigned lanes) {
  return lanes >= 1 && lanes <= kMaxLanes && (lanes & (lanes - 1)) == 0;
}
constexpr unsigned log2_lanes(unsigned lanes) {
  unsigned log = 0;
  while (1u << log < lanes) ++log;
  return log;
}

// Kernels load whole vectors: the bytes behind the current word that a step may read (not use).
constexpr std::size_t read_ahead(unsigned lanes) { return 2 * std::size_t(lanes) + 64; }

// Vector encoders store whole vectors below the word pointer.
inline constexpr std::size_t kWriteBelow = 64;

// Where a decoder kernel stands.
struct DecodeCursor {
  const unsigned char* words;  // the next word
  unsigned char* out;          // where the next step's symbols go
  std::size_t steps;           // left to do
};

// The kernels of one instruction set for whole steps, by log2(lanes / kVectorLanes); null where the
// kernels of AVX2 are faster. Arguments are those of Encoder::steps and Decoder::steps below.
template <class EncodeTable, class DecodeTable>
struct LaneKernels {
  using Encode = void (*)(const EncodeTable&, std::uint32_t* states, const std::uint8_t* symbols,
                          std::size_t steps, unsigned char*& words) noexcept;
  using Decode = void (*)(const DecodeTable&, std::uint32_t* states, DecodeCursor&,
                          const unsigned char* limit) noexcept;
  Encode encode[4];
  Decode decode[4];
  bool need_slots;  // decoding looks up slots in memory, not the compact form of the table
};

// Which of them does so many lanes, kVectorLanes at least.
constexpr unsigned kernel_index(unsigned lanes) {
  PYINFO_ASSERT(is_lane_count(lanes) && lanes >= kVectorLanes);
  return log2_lanes(lanes / kVectorLanes);
}

// Few lanes for short inputs (a lane costs up to three bytes), many for long ones (they run side by
// side): the vector kernels of rANS wait for each other's results below 256, those of Huffman below
// 128. Together they cost less than half a percent there. `bits` is the predicted size of
// the coded symbols. Part of no format: decoders read the number of lanes.
constexpr unsigned choose_lanes(std::uint64_t bits, bool rans) {
  const std::uint64_t bytes = bits / 8;
  if (rans && bytes >= 163840) return 256;
  if (bytes >= 24576) return 128;
  if (bytes >= 12288) return 64;
  unsigned lanes = 1;
  while (lanes < kVectorLanes && bytes >= 64 * std::uint64_t{lanes}) lanes *= 2;
  return lanes;
}

// Symbols stored in the 16 free bits of an initial state: two bytes, or one 16-bit symbol.
template <class Symbol>
inline constexpr std::size_t kSymbolsPerState = 2 / sizeof(Symbol);

// How n symbols are divided: whole steps, the lanes of a last one, and those in the initial states.
template <class Symbol>
struct Division {
  std::size_t steps;
  unsigned rest;
  std::size_t in_states;

  Division(std::size_t n, unsigned lanes) noexcept
      : in_states(std::min<std::size_t>(n, kSymbolsPerState<Symbol> * lanes)) {
    steps = (n - in_states) / lanes;
    rest = unsigned((n - in_states) % lanes);
  }
};

// An upper bound of the payload, and the capacity that an encoder needs: a word per symbol, and the
// states.
constexpr std::size_t payload_bound(std::size_t n, unsigned lanes) {
  return 4 * std::size_t(lanes) + 2 * n;
}
constexpr std::size_t encode_capacity(std::size_t n, unsigned lanes) {
  return payload_bound(n, lanes) + kWriteBelow;
}

// Little-endian words and states.
inline void store16(unsigned char* p, std::uint32_t value) noexcept {
  p[0] = static_cast<unsigned char>(value);
  p[1] = static_cast<unsigned char>(value >> 8);
}
inline std::uint32_t load16(const unsigned char* p) noexcept {
  return std::uint32_t{p[0]} | std::uint32_t{p[1]} << 8;
}
inline void store32(unsigned char* p, std::uint32_t value) noexcept {
  store16(p, value);
  store16(p + 2, value >> 16);
}
inline std::uint32_t load32(const unsigned char* p) noexcept {
  return load16(p) | load16(p + 2) << 16;
}

// Encodes n > 0 symbols. The payload is written so that it ends at `end`, with encode_capacity(n,
// lanes) bytes of memory before that; returns where it begins.
//
// Encoder: using Symbol = std::uint8_t or std::uint16_t;
//   void push(std::uint32_t& state, Symbol, unsigned char*& words) const noexcept;
//   void steps(unsigned lanes, std::uint32_t* states, const Symbol* symbols, std::size_t steps,
//              unsigned char*& words) const noexcept;   // all of `symbols`, last step first
template <class Encoder>
unsigned char* encode_lanes(const Encoder& encoder, unsigned lanes,
                            const typename Encoder::Symbol* symbols, std::size_t n,
                            unsigned char* end) noexcept {
  PYINFO_ASSERT(is_lane_count(lanes));
  PYINFO_ASSERT(n > 0);
  using Symbol = typename Encoder::Symbol;
  const Division<Symbol> divided(n, lanes);
  const std::size_t coded = n - divided.in_states;
  alignas(64) std::uint32_t states[kMaxLanes];
  std::fill(states, states + lanes, kLowestState);
  for (std::size_t i = 0; i < divided.in_states; ++i) {
    const std::size_t lane = i / kSymbolsPerState<Symbol>;
    states[lane] |= std::uint32_t{symbols[coded + i]} << 8 * (i % kSymbolsPerState<Symbol>);
  }
  unsigned char* words = end;
  const Symbol* const last_step = symbols + divided.steps * lanes;
  for (unsigned lane = divided.rest; lane-- > 0;) {
    encoder.push(states[lane], last_step[lane], words);
  }
  encoder.steps(lanes, states, symbols, divided.steps, words);
  for (unsigned lane = lanes; lane-- > 0;) store32(words -= 4, states[lane]);
  return words;
}

// Decodes a payload of n > 0 symbols to `out`. Returns null, or what is wrong with the payload.
// Reads nothing outside the payload, writes nothing outside `out`, whatever the payload holds.
//
// Decoder: using Symbol = ...;
//   bool pop(std::uint32_t& state, Symbol&, const unsigned char*& words,
//            const unsigned char* end) const noexcept;    // false: no word left, or no such code
//   void steps(unsigned lanes, std::uint32_t* states, DecodeCursor&,
//              const unsigned char* limit) const noexcept;
//     // steps while cursor.steps > 0 and cursor.words <= limit; may read read_ahead(lanes) bytes
//     // from the words on; only called with lanes >= kVectorLanes
template <class Decoder>
const char* decode_lanes(const Decoder& decoder, unsigned lanes, const unsigned char* payload,
                         std::size_t size, typename Decoder::Symbol* out, std::size_t n) noexcept {
  PYINFO_ASSERT(is_lane_count(lanes));
  PYINFO_ASSERT(n > 0);
  using Symbol = typename Decoder::Symbol;
  if (size < 4 * std::size_t(lanes) || size % 2 != 0) return "the lane states are cut off";
  const Division<Symbol> divided(n, lanes);
  alignas(64) std::uint32_t states[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) {
    states[lane] = load32(payload + 4 * std::size_t(lane));
    if (states[lane] < kLowestState) return "a lane state is out of range";
  }
  const unsigned char* const end = payload + size;
  DecodeCursor cursor{payload + 4 * std::size_t(lanes), reinterpret_cast<unsigned char*>(out),
                      divided.steps};

  if (lanes >= kVectorLanes) {
    const std::size_t ahead = read_ahead(lanes);
    if (std::size_t(end - cursor.words) >= ahead) {
      decoder.steps(lanes, states, cursor, end - ahead);
    }
    if (cursor.steps > 0) {
      // The last words again, in memory that goes on behind them.
      unsigned char padded[2 * read_ahead(kMaxLanes)];
      const std::size_t left = std::size_t(end - cursor.words);
      std::memcpy(padded, cursor.words, left);
      std::memset(padded + left, 0, ahead);
      cursor.words = padded;
      decoder.steps(lanes, states, cursor, padded + left);
      const std::size_t used = std::size_t(cursor.words - padded);
      if (cursor.steps > 0 || used > left) return "the words end too early";
      cursor.words = end - left + used;
    }
  }
  Symbol* symbols = reinterpret_cast<Symbol*>(cursor.out);
  for (; cursor.steps > 0; --cursor.steps) {
    for (unsigned lane = 0; lane < lanes; ++lane) {
      if (!decoder.pop(states[lane], *symbols++, cursor.words, end)) {
        return "the words end too early or hold no valid code";
      }
    }
  }
  for (unsigned lane = 0; lane < divided.rest; ++lane) {
    if (!decoder.pop(states[lane], *symbols++, cursor.words, end)) {
      return "the words end too early or hold no valid code";
    }
  }
  if (cursor.words != end) return "words are left over";
  for (unsigned lane = 0; lane < lanes; ++lane) {
    if (states[lane] >> 16 != 1) return "the lane states do not return to their start";
  }
  for (std::size_t i = 0; i < kSymbolsPerState<Symbol> * lanes; ++i) {
    const std::uint32_t stored =
        (states[i / kSymbolsPerState<Symbol>] & 0xffff) >> 8 * (i % kSymbolsPerState<Symbol>);
    const Symbol symbol = static_cast<Symbol>(stored);
    if (i < divided.in_states) {
      *symbols++ = symbol;
    } else if (symbol != 0) {
      return "the lane states do not return to their start";
    }
  }
  return nullptr;
}

}  // namespace pyinfo::coding
