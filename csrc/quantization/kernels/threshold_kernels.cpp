// Sums of logarithms for the divergences of clipped histograms. Compiled once per ISA.
#include "quantization/kernels/kernels.hpp"
#include "quantization/kernels/rounding.hpp"

namespace pyinfo::quantization {
namespace {

PYINFO_INLINE double total(Vec<double> sum) {
  double all = 0;
  for (int i = 0; i < kLanes<double>; ++i) all += sum[i];
  return simd::kLn2<double> * all;
}

PYINFO_INLINE Vec<double> load_part(const double* p, std::size_t i, int count) {
  return count == kLanes<double> ? simd::load<double>(p + i)
                                 : simd::load_first<double>(p + i, count);
}

double grouped_information(const double* s, const double* z, std::size_t n) noexcept {
  Vec<double> sum = splat<double>(0);
  const Vec<double> one = splat<double>(1);
  each_register<double>(s, n, [&](Vec<double> v, std::size_t i, int count) {
    const Vec<double> sizes = load_part(z, i, count);
    const Vec<double> mean = simd::maximum<double>(v, one) / simd::maximum<double>(sizes, one);
    sum = simd::multiply_add<double>(v, simd::log2<double>(mean), sum);
  });
  return total(sum);
}

double cross_entropy(const double* weight, const double* value, std::size_t n,
                     double less) noexcept {
  Vec<double> sum = splat<double>(0);
  each_register<double>(weight, n, [&](Vec<double> v, std::size_t i, int count) {
    const Vec<double> smoothed = simd::maximum<double>(
        load_part(value, i, count) - splat<double>(less), splat<double>(1e-9));
    sum = simd::multiply_add<double>(v, simd::log2<double>(smoothed), sum);
  });
  return total(sum);
}

}  // namespace

extern const ThresholdKernels PYINFO_TABLE(threshold_kernels);
const ThresholdKernels PYINFO_TABLE(threshold_kernels) = {grouped_information, cross_entropy};

}  // namespace pyinfo::quantization
