#include "counting/strategies/partition.hpp"

#include <algorithm>

namespace pyinfo::counting {

PYINFO_KERNEL_TABLES(PartedKernels, parted_kernels)

void sort_parted(Key* keys, std::size_t n, std::size_t largest) noexcept {
  static const PartedKernels& kernels = parted_kernels(simd::active());
  kernels.sort(keys, n, largest);
}

void sort_parted_reference(Key* keys, std::size_t n, std::size_t) noexcept {
  std::sort(keys, keys + n);
}

}  // namespace pyinfo::counting
