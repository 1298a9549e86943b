// e^(x - origin) on registers, to about one ULP. For kernel files.
//
// x is taken apart into n ln 2 + r, and the origin's own multiple of ln 2 is subtracted from n, an
// integer: no rounded difference is ever exponentiated. Origins beyond `direct` are subtracted from
// x, which is exact for every x whose exponential is not 0.
#pragma once

#include "logits/kernels/elements.hpp"

namespace pyinfo::logits {
namespace {

template <class T>
struct Steps;
template <>
struct Steps<float> {
  static constexpr float ln2_high = 0.693359375f;  // 9 bits: its multiples are exact
  static constexpr float ln2_low = -2.12194440054691e-4f;
  static constexpr float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  static constexpr float direct = 192;
  static constexpr int least = -127;  // 2^least is 0 then
  static constexpr int most = 100;
};
template <>
struct Steps<double> {
  static constexpr double ln2_high = 6.93147180369123816490e-01;
  static constexpr double ln2_low = 1.90821492927058770002e-10;
  static constexpr double magic = 6755399441055744.0;
  static constexpr double direct = 1600;
  static constexpr int least = -1023;
  static constexpr int most = 900;
};

// Largest sum of a few hundred exponentials none of which was cut off at 2^most.
template <class T>
constexpr double kOverflow = sizeof(T) == 8 ? 0x1p890 : 0x1p90;

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2. Coefficients: tools/fit_polynomials.py.
PYINFO_INLINE Vec<double> exponential_tail(Vec<double> r) { return simd::expm1_tail(r); }
PYINFO_INLINE Vec<float> exponential_tail(Vec<float> r) {
  const auto c = [](float x) { return splat<float>(x); };
  const auto fma = [](Vec<float> a, Vec<float> b, Vec<float> x) {
    return simd::multiply_add<float>(a, b, x);
  };
  return fma(
      fma(fma(fma(c(0.0013941124f), r, c(0.00836318f)), r, c(0.041666374f)), r, c(0.16666576f)), r,
      c(0.5f));
}

PYINFO_INLINE int whole_steps(double x) {  // of ln 2, the nearest
  const double steps = x * simd::kLog2E<double>;
  return int(steps < 0 ? steps - 0.5 : steps + 0.5);
}

template <class T>
PYINFO_INLINE Origin origin_near(double x) {
  Origin origin;
  if (x > -Steps<T>::direct && x < Steps<T>::direct)
    origin.steps = whole_steps(x);
  else
    origin.shift = x;
  return origin;
}

// e^y / 2^steps; 0 where that is below 2^least, 2^most where it is above. NaN gives NaN.
template <class T>
struct Exponential {
  using S = Steps<T>;
  using U = typename simd::UnsignedOf<T>::type;
  Vec<T> least, most;
  U bias;

  PYINFO_INLINE explicit Exponential(int steps = 0)
      : least(splat<T>(T(simd::kLn2<double> * (steps + S::least)))),
        most(splat<T>(T(simd::kLn2<double> * (steps + S::most)))),
        bias(U(int(simd::Format<T>::exponent_bias) - steps) << simd::Format<T>::mantissa_bits) {}

  PYINFO_INLINE Vec<T> operator()(Vec<T> y) const {
    // The second argument is what a NaN in it gives.
    y = simd::minimum<T>(most, simd::maximum<T>(least, y));
    const Vec<T> shifted = simd::multiply_add<T>(y, splat<T>(simd::kLog2E<T>), splat<T>(S::magic));
    const Vec<T> n = shifted - splat<T>(S::magic);
    Vec<T> r = simd::multiply_add<T>(n, splat<T>(-S::ln2_high), y);
    r = simd::multiply_add<T>(n, splat<T>(-S::ln2_low), r);
    const Vec<T> fraction = simd::multiply_add<T>(r * r, exponential_tail(r), r);
    const Vec<T> power =
        simd::from_bits<T>((simd::bits<T>(shifted) << simd::Format<T>::mantissa_bits) + bias);
    return simd::multiply_add<T>(power, fraction, power);
  }
};

}  // namespace
}  // namespace pyinfo::logits
