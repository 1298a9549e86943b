#include "quantization/values.hpp"

#include <cmath>

#include "elements/convert.hpp"
#include "quantization/kernels/kernels.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {

PYINFO_KERNEL_TABLES(ValueKernels, value_kernels)

namespace {

template <class T>
void scale(T* x, std::size_t n, int exponent) noexcept {
  if (exponent == 0) return;
  const double factor = std::ldexp(1.0, exponent);
  for (std::size_t i = 0; i < n; ++i) x[i] = T(double(x[i]) * factor);
}

}  // namespace

int unit_of_squares(float largest) noexcept {
  PYINFO_ASSERT(std::isfinite(largest) && largest >= 0);
  if (largest == 0 || (largest > 0x1p-36f && largest < 0x1p58f)) return 0;
  int exponent;
  std::frexp(largest, &exponent);
  return exponent;
}

void load(const Values& values, std::size_t first, std::size_t n, float* to) noexcept {
  PYINFO_ASSERT(std::size_t(values.type) < kFloatElements);
  PYINFO_ASSERT(first <= values.size && n <= values.size - first);
  static const ValueKernels& kernels = value_kernels(simd::active());
  kernels.to_float[std::size_t(values.type)](values.at(first), to, n);
  scale(to, n, values.exponent);
}

void load(const Values& values, std::size_t first, std::size_t n, double* to) noexcept {
  PYINFO_ASSERT(std::size_t(values.type) < kFloatElements);
  PYINFO_ASSERT(first <= values.size && n <= values.size - first);
  static const elements::ConvertKernels& kernels = elements::convert_kernels(simd::active());
  kernels.to_f64[std::size_t(values.type)](values.at(first), to, n);
  scale(to, n, values.exponent);
}

}  // namespace pyinfo::quantization
