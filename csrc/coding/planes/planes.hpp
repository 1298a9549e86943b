// Items of several bytes as byte planes: plane k holds byte k of every item.
//
// Where `rotated` is true, each item is read as a little-endian number of `planes` bytes, 2, 4 or
// 8, and rotated left by one bit first. A float's sign goes to the lowest bit then, so that its
// exponent begins with the top bit of the last plane: that of bfloat16 and float32 is all of this
// plane.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::coding {

constexpr bool can_be_rotated(std::size_t planes) noexcept {
  return planes == 2 || planes == 4 || planes == 8;
}

// to[k][i] = items[i * planes + k], of rotated items if so wanted. The planes must not overlap the
// items.
void split_planes(const unsigned char* items, std::size_t n_items, std::size_t planes, bool rotated,
                  unsigned char* const* to) noexcept;

// The way back.
void join_planes(const unsigned char* const* from, std::size_t n_items, std::size_t planes,
                 bool rotated, unsigned char* items) noexcept;

// Which of the byte values occur, by groups of eight: bit g is set if any of 8 g .. 8 g + 7 does.
std::uint32_t occurring_groups(const unsigned char* data, std::size_t size) noexcept;

// The definitions, and the oracles.
void split_planes_reference(const unsigned char* items, std::size_t n_items, std::size_t planes,
                            bool rotated, unsigned char* const* to) noexcept;
void join_planes_reference(const unsigned char* const* from, std::size_t n_items,
                           std::size_t planes, bool rotated, unsigned char* items) noexcept;
std::uint32_t occurring_groups_reference(const unsigned char* data, std::size_t size) noexcept;

struct PlanesKernels {
  void (*split)(const unsigned char* items, std::size_t n_items, std::size_t planes, bool rotated,
                unsigned char* const* to) noexcept;
  void (*join)(const unsigned char* const* from, std::size_t n_items, std::size_t planes,
               bool rotated, unsigned char* items) noexcept;
  std::uint32_t (*occurring_groups)(const unsigned char* data, std::size_t size) noexcept;
};
const PlanesKernels& planes_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::coding
