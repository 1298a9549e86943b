// The end of a sort: keys that have been partitioned into small parts.
#pragma once

#include <cstddef>

#include "counting/strategies/keys.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::counting {

// Sorts n keys in parts of at most `largest`, no key of a part being less than one of an earlier
// part.
void sort_partitioned(Key* keys, std::size_t n, std::size_t largest) noexcept;

// The definition, and the oracle.
void sort_partitioned_reference(Key* keys, std::size_t n, std::size_t largest) noexcept;

struct PartitionKernels {
  void (*sort)(Key* keys, std::size_t n, std::size_t largest) noexcept;
};
const PartitionKernels& partition_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::counting
