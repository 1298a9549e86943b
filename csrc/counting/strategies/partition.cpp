#include "counting/strategies/partition.hpp"

#include <algorithm>

namespace pyinfo::counting {

extern const PartedKernels parted_kernels_portable;
#ifdef PYINFO_HAVE_AVX512
extern const PartedKernels parted_kernels_sse4, parted_kernels_avx2, parted_kernels_avx512;
#endif

namespace {

constexpr simd::Tables<PartedKernels> kTables = PYINFO_TABLES(parted_kernels);

}  // namespace

const PartedKernels& parted_kernels(simd::Isa isa) noexcept { return kTables[isa]; }

void sort_parted(Key* keys, std::size_t n, std::size_t largest) noexcept {
  static const PartedKernels& kernels = kTables[simd::active()];
  kernels.sort(keys, n, largest);
}

void sort_parted_reference(Key* keys, std::size_t n, std::size_t) noexcept {
  std::sort(keys, keys + n);
}

}  // namespace pyinfo::counting
