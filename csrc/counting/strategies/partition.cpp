#include "counting/strategies/partition.hpp"

#include <algorithm>

#include "simd/assert.hpp"
#include "simd/changing_isa.hpp"

namespace pyinfo::counting {

PYINFO_KERNEL_TABLES(PartitionKernels, partition_kernels)

namespace {

// No key is less than one that lies `largest` or more before it, so in an earlier part.
[[maybe_unused]] bool is_partitioned(const Key* keys, std::size_t n, std::size_t largest) noexcept {
  if (n > 0 && largest == 0) return false;
  Key most = 0;
  for (std::size_t i = largest; i < n; ++i) {
    most = std::max(most, keys[i - largest]);
    if (keys[i] < most) return false;
  }
  return true;
}

}  // namespace

void sort_partitioned(Key* keys, std::size_t n, std::size_t largest) noexcept {
  PYINFO_CHOSEN_ONCE const PartitionKernels& kernels = partition_kernels(simd::active());
  PYINFO_ASSERT(is_partitioned(keys, n, largest));
  kernels.sort(keys, n, largest);
  PYINFO_ASSERT(std::is_sorted(keys, keys + n));
}

void sort_partitioned_reference(Key* keys, std::size_t n, std::size_t) noexcept {
  std::sort(keys, keys + n);
}

}  // namespace pyinfo::counting
