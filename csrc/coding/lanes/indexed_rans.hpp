// Indexed rANS on lanes: rANS in which every symbol has a table of its own, chosen by an index that
// both sides know. The engine of learned compression: J. Balle et al., "Variational image
// compression with a scale hyperprior" (arXiv:1802.01436, 2018) code each latent with the table of
// its scale.
//
// Symbols are dealt to lanes, and states are renormalised, as in lanes.hpp; a lane differs from one
// of rans_lanes.hpp only in where intervals come from. push() and pop() define what a lane does;
// kernels do whole steps, with the same result bit for bit. Kernels see symbols of 16 bits: what is
// not in its table (escapes) is coded as the table's last interval and reported by its place.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/lanes.hpp"
#include "coding/models/indexed_tables.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::coding {

inline void push(const IndexedTables& tables, std::uint32_t number, std::uint32_t& state,
                 unsigned char*& words) noexcept {
  const int precision = tables.precision();
  const std::uint32_t interval = tables.interval(number);
  const std::uint32_t frequency = interval >> 16;
  std::uint32_t x = state;
  if (x >= std::uint64_t{frequency} << (32 - precision)) {
    store16(words -= 2, x);
    x >>= 16;
  }
  const auto quotient =
      static_cast<std::uint32_t>((x * tables.reciprocal(number)) >> (32 + precision));
  // quotient << precision | start + remainder
  state = x + quotient * ((1u << precision) - frequency) + (interval & 0xffff);
}

// False if no word is left. The number of the symbol's interval comes back in `number`.
inline bool pop(const IndexedTables& tables, std::size_t table, std::uint32_t& state,
                std::uint32_t& number, const unsigned char*& words,
                const unsigned char* end) noexcept {
  const int precision = tables.precision();
  std::uint32_t x = state;
  const std::uint32_t slot = x & ((1u << precision) - 1);
  number = tables.number_of(table, slot);
  const std::uint32_t interval = tables.interval(number);
  x = (interval >> 16) * (x >> precision) + slot - (interval & 0xffff);
  if (x < kLowestState) {
    if (words == end) return false;
    x = x << 16 | load16(words);
    words += 2;
  }
  state = x;
  return true;
}

// Where a decoder kernel stands, as DecodeCursor; and what it has found to be escapes.
struct IndexedCursor {
  const unsigned char* words;
  const std::uint8_t* indexes;  // of the next step
  std::int16_t* out;            // where its symbols go
  std::size_t steps;            // left to do
  std::uint16_t* escapes;       // where the next place goes
  std::uint32_t place;          // of the next step's first symbol
};

// Only for tables.fit_kernels(), indexes below tables.count() and lanes >= kVectorLanes.
struct IndexedKernels {
  // The numbers of the symbols' intervals; the places of those that are escapes, rising. Returns
  // how many these are. n <= 65536.
  std::size_t (*find)(const IndexedLookups&, const std::int16_t* symbols,
                      const std::uint8_t* indexes, std::size_t n, std::uint16_t* numbers,
                      std::uint16_t* escapes) noexcept;
  // All steps, the last first. Writes up to kWriteBelow bytes below the words.
  void (*encode)(const IndexedLookups&, unsigned lanes, std::uint32_t* states,
                 const std::uint16_t* numbers, std::size_t steps, unsigned char*& words) noexcept;
  // Steps while cursor.steps > 0 and cursor.words <= limit; reads up to read_ahead(lanes) bytes
  // from the words on.
  void (*decode)(const IndexedLookups&, unsigned lanes, std::uint32_t* states, IndexedCursor&,
                 const unsigned char* limit) noexcept;
};

const IndexedKernels& indexed_kernels(simd::Isa isa) noexcept;
const IndexedKernels& indexed_kernels();  // of simd::coder_isa()

}  // namespace pyinfo::coding
