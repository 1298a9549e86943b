// How items are divided: chunks of chunk_items items, the last one perhaps shorter. Each is split
// into planes of its own, and each plane of a chunk is a block.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/assert.hpp"

namespace pyinfo::coding {

constexpr std::uint64_t chunk_count(std::uint64_t items, std::uint32_t chunk_items) noexcept {
  return items / chunk_items + (items % chunk_items != 0 ? 1 : 0);
}

// Items of chunk `chunk`, one of chunk_count(items, chunk_items).
constexpr std::uint32_t chunk_symbols(std::uint64_t items, std::uint32_t chunk_items,
                                      std::uint64_t chunk) noexcept {
  PYINFO_ASSERT(chunk < chunk_count(items, chunk_items));
  const std::uint64_t left = items - chunk * chunk_items;
  return left < chunk_items ? std::uint32_t(left) : chunk_items;
}

// Planes lie a little more than their size apart, lest they compete for the same lines of caches.
constexpr std::size_t plane_stride(std::size_t n) noexcept { return (n + 63) / 64 * 64 + 64; }

}  // namespace pyinfo::coding
