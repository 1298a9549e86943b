// Errors of many steps at once, lanes being steps, and of one, lanes being weights. Compiled once
// per ISA.
#include "quantization/kernels/kernels.hpp"
#include "quantization/kernels/rounding.hpp"

namespace pyinfo::quantization {
namespace {

constexpr std::size_t kWide = kLanes<float>;
constexpr std::size_t kRegisters = kCandidates / kWide < 2 ? 1 : 2;

// The integer next to |x| / step, at most `high`.
PYINFO_INLINE Vec<float> integer(Vec<float> magnitude, Vec<float> inverse, Vec<float> high) {
  return round_even<float>(simd::minimum<float>(magnitude * inverse, high));
}

// Finite, so that 0 stays 0.
PYINFO_INLINE float inverse_of(float step) { return step > 1e-36f ? 1 / step : 1e36f; }

// For the steps of kRegisters registers.
template <bool kWeighted>
PYINFO_INLINE void some_errors(const float* x, const float* weight, std::size_t n,
                               const float* ratios, const float* inverses, float unit, float high,
                               double* errors) {
  Vec<float> back[kRegisters], inverse[kRegisters], even[kRegisters], odd[kRegisters];
  for (std::size_t r = 0; r < kRegisters; ++r) {
    back[r] = simd::load<float>(ratios + r * kWide) * splat<float>(-unit);
    inverse[r] = simd::load<float>(inverses + r * kWide) * splat<float>(inverse_of(unit));
    even[r] = odd[r] = splat<float>(0);
  }
  const Vec<float> most = splat<float>(high);
  const auto add = [&](std::size_t i, Vec<float>(&to)[kRegisters]) {
    const Vec<float> magnitude = simd::absolute<float>(splat<float>(x[i]));
    for (std::size_t r = 0; r < kRegisters; ++r) {
      const Vec<float> distance =
          simd::multiply_add<float>(integer(magnitude, inverse[r], most), back[r], magnitude);
      const Vec<float> counted = kWeighted ? distance * splat<float>(weight[i]) : distance;
      to[r] = simd::multiply_add<float>(counted, distance, to[r]);
    }
  };
  std::size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    add(i, even);
    add(i + 1, odd);
  }
  if (i < n) add(i, even);
  for (std::size_t r = 0; r < kRegisters; ++r) {
    const Vec<float> both = even[r] + odd[r];
    for (std::size_t k = 0; k < kWide; ++k) errors[r * kWide + k] += double(both[int(k)]);
  }
}

void errors(const float* x, const float* weight, std::size_t n, const float* ratios,
            const float* inverses, float unit, float high, double* to) noexcept {
  PYINFO_ASSERT(n <= kBlock);
  for (std::size_t c = 0; c < kCandidates; c += kRegisters * kWide) {
    if (weight == nullptr)
      some_errors<false>(x, weight, n, ratios + c, inverses + c, unit, high, to + c);
    else
      some_errors<true>(x, weight, n, ratios + c, inverses + c, unit, high, to + c);
  }
}

void sums(const float* x, const float* weight, std::size_t n, float step, float high,
          StepSums& to) noexcept {
  PYINFO_ASSERT(n <= kBlock);
  Vec<float> error = splat<float>(0), product = error, square = error;
  each_register<float>(x, n, [&](Vec<float> v, std::size_t i, int count) {
    const Vec<float> magnitude = simd::absolute<float>(v);
    const Vec<float> q = integer(magnitude, splat<float>(inverse_of(step)), splat<float>(high));
    const Vec<float> distance = simd::multiply_add<float>(q, splat<float>(-step), magnitude);
    Vec<float> w = splat<float>(1);
    if (weight != nullptr)
      w = count == kLanes<float> ? simd::load<float>(weight + i)
                                 : simd::load_first<float>(weight + i, count);
    error = simd::multiply_add<float>(distance * w, distance, error);
    product = simd::multiply_add<float>(magnitude * w, q, product);
    square = simd::multiply_add<float>(q * w, q, square);
  });
  for (int k = 0; k < kLanes<float>; ++k) {
    to.error += double(error[k]);
    to.product += double(product[k]);
    to.square += double(square[k]);
  }
}

}  // namespace

extern const ScaleKernels PYINFO_TABLE(scale_kernels);
const ScaleKernels PYINFO_TABLE(scale_kernels) = {errors, sums};

}  // namespace pyinfo::quantization
