// Symbols of which one value prevails: a bitmap says where the others are. And bitmaps by where
// their bits change.
//
// Bit i of a bitmap is bit i % 8 of byte i / 8; bits behind the last one are 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::coding {

constexpr std::size_t bitmap_size(std::size_t n) noexcept { return (n + 7) / 8; }

// Writes bitmap_size(n) bytes, bit i set where symbol i is not `usual`, and these symbols in their
// order to `others`, which has memory for n of them. Returns how many there are.
std::size_t split_symbols(const unsigned char* symbols, std::size_t n, unsigned char usual,
                          unsigned char* bitmap, unsigned char* others) noexcept;

// The way back: the bitmap must have as many bits set as there are others, and none behind the
// last symbol.
void merge_symbols(const unsigned char* bitmap, std::size_t n, const unsigned char* others,
                   std::size_t n_others, unsigned char usual, unsigned char* symbols) noexcept;

// How many bits of a bitmap of n bits are set, those behind the last one included.
std::size_t count_bits(const unsigned char* bitmap, std::size_t n) noexcept;

// Sets bit i to bit i xor bit i - 1, the one before the first being 0: the edges of runs.
void to_edges(const unsigned char* bitmap, std::size_t n, unsigned char* edges) noexcept;
// The way back; may be done in place. Bits behind the last one become 0.
void from_edges(const unsigned char* edges, std::size_t n, unsigned char* bitmap) noexcept;

// The definitions, and the oracles.
std::size_t split_symbols_reference(const unsigned char* symbols, std::size_t n,
                                    unsigned char usual, unsigned char* bitmap,
                                    unsigned char* others) noexcept;
void merge_symbols_reference(const unsigned char* bitmap, std::size_t n,
                             const unsigned char* others, unsigned char usual,
                             unsigned char* symbols) noexcept;
void to_edges_reference(const unsigned char* bitmap, std::size_t n, unsigned char* edges) noexcept;
void from_edges_reference(const unsigned char* edges, std::size_t n,
                          unsigned char* bitmap) noexcept;

struct BitmapKernels {
  std::size_t (*split)(const unsigned char* symbols, std::size_t n, unsigned char usual,
                       unsigned char* bitmap, unsigned char* others) noexcept;
  void (*merge)(const unsigned char* bitmap, std::size_t n, const unsigned char* others,
                std::size_t n_others, unsigned char usual, unsigned char* symbols) noexcept;
  std::size_t (*count)(const unsigned char* bytes, std::size_t size) noexcept;
};
const BitmapKernels& bitmap_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::coding
