// The end of a sort: keys that have been partitioned into small parts.
#pragma once

#include <cstddef>

#include "counting/strategies/keys.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::counting {

// Sorts n keys that lie in parts of at most `largest` keys, each of them not below those of the
// parts before.
void sort_partitioned(Key* keys, std::size_t n, std::size_t largest) noexcept;

// The definition, and the oracle.
void sort_partitioned_reference(Key* keys, std::size_t n, std::size_t largest) noexcept;

struct PartitionKernels {
  void (*sort)(Key* keys, std::size_t n, std::size_t largest) noexcept;
};
const PartitionKernels& partition_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::counting
