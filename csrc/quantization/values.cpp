#include "quantization/values.hpp"

#include "elements/convert.hpp"
#include "quantization/kernels/kernels.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {

PYINFO_KERNEL_TABLES(ValueKernels, value_kernels)

void load(const Values& values, std::size_t first, std::size_t n, float* to) noexcept {
  PYINFO_ASSERT(std::size_t(values.type) < kFloatElements);
  PYINFO_ASSERT(first <= values.size && n <= values.size - first);
  static const ValueKernels& kernels = value_kernels(simd::active());
  kernels.to_float[std::size_t(values.type)](values.at(first), to, n);
}

void load(const Values& values, std::size_t first, std::size_t n, double* to) noexcept {
  PYINFO_ASSERT(std::size_t(values.type) < kFloatElements);
  PYINFO_ASSERT(first <= values.size && n <= values.size - first);
  static const elements::ConvertKernels& kernels = elements::convert_kernels(simd::active());
  kernels.to_f64[std::size_t(values.type)](values.at(first), to, n);
}

}  // namespace pyinfo::quantization
