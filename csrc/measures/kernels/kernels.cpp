#include "measures/kernels/kernels.hpp"

#include <algorithm>
#include <limits>

namespace pyinfo::measures {

PYINFO_KERNEL_TABLES(EntropyKernels, entropy_kernels)
PYINFO_KERNEL_TABLES(DivergenceKernels, divergence_kernels)

namespace {

// Looked up once: a short vector's measure takes some 20 ns.
struct ActiveTables {
  const EntropyKernels& entropy;
  const DivergenceKernels& divergence;
};
const ActiveTables& active_tables() noexcept {
  static const ActiveTables tables = {entropy_kernels(simd::active()),
                                      divergence_kernels(simd::active())};
  return tables;
}

}  // namespace

template <>
const KernelEntry<double>& kernel<double>(Kernel which) noexcept {
  const std::size_t i = static_cast<std::size_t>(which);
  const ActiveTables& active = active_tables();
  return i < kEntropyKernels ? active.entropy.f64[i] : active.divergence.f64[i - kEntropyKernels];
}
template <>
const KernelEntry<float>& kernel<float>(Kernel which) noexcept {
  const std::size_t i = static_cast<std::size_t>(which);
  const ActiveTables& active = active_tables();
  return i < kEntropyKernels ? active.entropy.f32[i] : active.divergence.f32[i - kEntropyKernels];
}

KernelShape shape(Kernel kernel) noexcept {
  switch (kernel) {
    case Kernel::sum:
      return {1, 1};
    case Kernel::x_log_x:
    case Kernel::remainder:
      return {1, 2};
    case Kernel::power:
      return {1, 3};
    case Kernel::hellinger:
    case Kernel::ratio_power:
      return {2, 4};
    default:
      return {2, 3};
  }
}

double Sums::overflowed(int i) const noexcept { return high[i]; }

Sums no_sums() noexcept {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return {{0, 0, 0, 0}, {0, 0, 0, 0}, infinity, -infinity, infinity};
}

void merge(Sums& sums, const Sums& next, int count) noexcept {
  for (int i = 0; i < count; ++i) {
    const double a = sums.high[i];
    const double b = next.high[i];
    const double sum = a + b;
    const double virtual_b = sum - a;
    sums.low[i] += next.low[i] + ((a - (sum - virtual_b)) + (b - virtual_b));
    sums.high[i] = sum;
  }
  sums.smallest = std::min(sums.smallest, next.smallest);
  sums.largest = std::max(sums.largest, next.largest);
  sums.support = std::min(sums.support, next.support);
}

}  // namespace pyinfo::measures
