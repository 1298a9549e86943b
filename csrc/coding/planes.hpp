// Items of several bytes as byte planes: plane k holds byte k of every item.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::coding {

// to[k][i] = items[i * planes + k].
void split_planes(const unsigned char* items, std::size_t n_items, std::size_t planes,
                  unsigned char* const* to) noexcept;

// items[i * planes + k] = from[k][i].
void join_planes(const unsigned char* const* from, std::size_t n_items, std::size_t planes,
                 unsigned char* items) noexcept;

// Which of the byte values occur, by groups of eight: bit g is set if any of 8 g .. 8 g + 7 does.
std::uint32_t occurring_groups(const unsigned char* data, std::size_t size) noexcept;

// The definitions, and the oracles.
void split_planes_reference(const unsigned char* items, std::size_t n_items, std::size_t planes,
                            unsigned char* const* to) noexcept;
void join_planes_reference(const unsigned char* const* from, std::size_t n_items,
                           std::size_t planes, unsigned char* items) noexcept;
std::uint32_t occurring_groups_reference(const unsigned char* data, std::size_t size) noexcept;

struct PlanesKernels {
  void (*split)(const unsigned char* items, std::size_t n_items, std::size_t planes,
                unsigned char* const* to) noexcept;
  void (*join)(const unsigned char* const* from, std::size_t n_items, std::size_t planes,
               unsigned char* items) noexcept;
  std::uint32_t (*occurring_groups)(const unsigned char* data, std::size_t size) noexcept;
};
const PlanesKernels& planes_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::coding
