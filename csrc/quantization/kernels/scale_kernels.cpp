// Errors of many steps at once, lanes being steps, and of one, lanes being weights. Compiled once
// per ISA.
#include "quantization/kernels/kernels.hpp"
#include "quantization/kernels/rounding.hpp"

namespace pyinfo::quantization {
namespace {

constexpr std::size_t kWide = kLanes<float>;
constexpr std::size_t kRegisters = kCandidates / kWide < 2 ? 1 : 2;

// The integer next to |x| / step, at most `high`: rounded by the addition of a product.
PYINFO_INLINE Vec<float> integer(Vec<float> magnitude, Vec<float> inverse, float high) {
  const Vec<float> shifted =
      simd::multiply_add<float>(magnitude, inverse, splat<float>(kRound<float>));
  const Vec<float> most = splat<float>(high + kRound<float>);
  return simd::minimum<float>(shifted, most) - splat<float>(kRound<float>);
}

// Finite, so that 0 stays 0.
PYINFO_INLINE float inverse_of(float step) { return step > 1e-36f ? 1 / step : 1e36f; }

PYINFO_INLINE void add_to(double* to, Vec<float> v) {
  Vec<double> first, second;
  simd::widen(v, first, second);
  double* const rest = to + kLanes<double>;
  simd::store<double>(to, simd::load<double>(to) + first);
  simd::store<double>(rest, simd::load<double>(rest) + second);
}

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
  const auto add = [&](std::size_t i, Vec<float>(&to)[kRegisters]) {
    const Vec<float> magnitude = simd::absolute<float>(splat<float>(x[i]));
    for (std::size_t r = 0; r < kRegisters; ++r) {
      const Vec<float> distance =
          simd::multiply_add<float>(integer(magnitude, inverse[r], high), back[r], magnitude);
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
    add_to(errors + r * kWide, even[r] + odd[r]);
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

// For the steps of kSome registers.
constexpr std::size_t kSome = kRoundings / kWide < 2 ? 1 : 2;

template <bool kWeighted>
PYINFO_INLINE void some_roundings(const float* x, const float* weight, std::size_t n,
                                  const float* inverses, float unit, float high, double* products,
                                  double* squares) {
  Vec<float> inverse[kSome], product[2][kSome], square[2][kSome];
  for (std::size_t r = 0; r < kSome; ++r) {
    inverse[r] = simd::load<float>(inverses + r * kWide) * splat<float>(inverse_of(unit));
    for (int which = 0; which < 2; ++which) product[which][r] = square[which][r] = splat<float>(0);
  }
  const auto add = [&](std::size_t i, int which) {
    const Vec<float> magnitude = simd::absolute<float>(splat<float>(x[i]));
    for (std::size_t r = 0; r < kSome; ++r) {
      const Vec<float> q = integer(magnitude, inverse[r], high);
      const Vec<float> counted = kWeighted ? q * splat<float>(weight[i]) : q;
      product[which][r] = simd::multiply_add<float>(counted, magnitude, product[which][r]);
      square[which][r] = simd::multiply_add<float>(counted, q, square[which][r]);
    }
  };
  std::size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    add(i, 0);
    add(i + 1, 1);
  }
  if (i < n) add(i, 0);
  for (std::size_t r = 0; r < kSome; ++r) {
    add_to(products + r * kWide, product[0][r] + product[1][r]);
    add_to(squares + r * kWide, square[0][r] + square[1][r]);
  }
}

void roundings(const float* x, const float* weight, std::size_t n, const float* inverses,
               float unit, float high, double* products, double* squares) noexcept {
  PYINFO_ASSERT(n <= kBlock);
  for (std::size_t c = 0; c < kRoundings; c += kSome * kWide) {
    if (weight == nullptr)
      some_roundings<false>(x, weight, n, inverses + c, unit, high, products + c, squares + c);
    else
      some_roundings<true>(x, weight, n, inverses + c, unit, high, products + c, squares + c);
  }
}

PYINFO_INLINE double total(Vec<float> v) {
  Vec<double> low, high;
  simd::widen(v, low, high);
  const Vec<double> both = low + high;
  double sum = 0;
  for (int k = 0; k < kLanes<double>; ++k) sum += both[k];
  return sum;
}

void sums(const float* x, const float* weight, std::size_t n, float step, float high,
          StepSums& to) noexcept {
  PYINFO_ASSERT(n <= kBlock);
  Vec<float> error = splat<float>(0), product = error, square = error;
  each_register<float>(x, n, [&](Vec<float> v, std::size_t i, int count) {
    const Vec<float> magnitude = simd::absolute<float>(v);
    const Vec<float> q = integer(magnitude, splat<float>(inverse_of(step)), high);
    const Vec<float> distance = simd::multiply_add<float>(q, splat<float>(-step), magnitude);
    Vec<float> w = splat<float>(1);
    if (weight != nullptr)
      w = count == kLanes<float> ? simd::load<float>(weight + i)
                                 : simd::load_first<float>(weight + i, count);
    error = simd::multiply_add<float>(distance * w, distance, error);
    product = simd::multiply_add<float>(magnitude * w, q, product);
    square = simd::multiply_add<float>(q * w, q, square);
  });
  to.error += total(error);
  to.product += total(product);
  to.square += total(square);
}

}  // namespace

extern const ScaleKernels PYINFO_TABLE(scale_kernels);
const ScaleKernels PYINFO_TABLE(scale_kernels) = {errors, roundings, sums};

}  // namespace pyinfo::quantization
