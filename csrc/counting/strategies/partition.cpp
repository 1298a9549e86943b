#include "counting/strategies/partition.hpp"

#include <algorithm>

#include "simd/assert.hpp"

namespace pyinfo::counting {

PYINFO_KERNEL_TABLES(PartitionKernels, partition_kernels)

void sort_partitioned(Key* keys, std::size_t n, std::size_t largest) noexcept {
  static const PartitionKernels& kernels = partition_kernels(simd::active());
  kernels.sort(keys, n, largest);
  PYINFO_ASSERT(std::is_sorted(keys, keys + n));  // else they were not in such parts
}

void sort_partitioned_reference(Key* keys, std::size_t n, std::size_t) noexcept {
  std::sort(keys, keys + n);
}

}  // namespace pyinfo::counting
