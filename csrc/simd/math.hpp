// Logarithms, exponentials and ratios on registers. For kernel files, like vec.hpp.
//
// ln(m) for m in [0.75, 1.5) comes from 2 atanh(s), s = (m - 1) / (m + 1), |s| <= 0.2: a division
// and seven coefficients replace the twenty that a polynomial in m - 1 would need, and the same
// seven serve ln(p/q) with s = (p - q) / (p + q), where no ratio is ever rounded.
// Coefficients: tools/fit_polynomials.py.
#pragma once

#include <limits>

#include "simd/assert.hpp"
#include "simd/vec.hpp"

namespace pyinfo::simd {
namespace {

template <class T>
struct Format;
template <>
struct Format<double> {
  static constexpr int mantissa_bits = 52;
  static constexpr std::uint64_t exponent_bias = 1023;
  static constexpr std::uint64_t exponent_field = 0x7ff;
  static constexpr std::uint64_t three_quarters = 0x3fe8000000000000;
  static constexpr std::uint64_t magic = 0x4330000000000000;  // 2^52: integers in the low bits
  static constexpr double magic_value = 4503599627370496.0;
  // Arguments of logarithms are raised to this; the caller mends what it matters for (source.hpp).
  static constexpr double smallest = 0x1p-1020;
};
template <>
struct Format<float> {
  static constexpr int mantissa_bits = 23;
  static constexpr std::uint32_t exponent_bias = 127;
  static constexpr std::uint32_t exponent_field = 0xff;
  static constexpr std::uint32_t three_quarters = 0x3f400000;
  static constexpr std::uint32_t magic = 0x4b000000;
  static constexpr float magic_value = 8388608.0f;
  static constexpr float smallest = 0x1p-124f;
};

template <class T>
constexpr T kLn2 = T(0.693147180559945309417);
// ln(2) minus its rounded value.
template <class T>
constexpr T kLn2Rest = sizeof(T) == 8 ? T(2.319046813846299558e-17) : T(-1.904654323148236017e-09);
template <class T>
constexpr T kLog2E = T(1.44269504088896340736);
// log2(e) minus its rounded value.
template <class T>
constexpr T kLog2ERest = sizeof(T) == 8 ? T(2.0355273740931033e-17) : T(1.9259629911266175e-08);

#ifdef PYINFO_CHECKED
// Whether no lane is outside [least, most]; a NaN is not.
template <class T>
PYINFO_INLINE bool is_within(Vec<T> x, T least, T most) {
  for (int i = 0; i < kLanes<T>; ++i)
    if (x[i] < least || x[i] > most) return false;
  return true;
}
// Of what logarithms take.
template <class T>
PYINFO_INLINE bool is_raised(Vec<T> x) {
  return is_within<T>(x, Format<T>::smallest, std::numeric_limits<T>::infinity());
}
#endif

// unit * (ln((1 + s) / (1 - s)) - 2 s) / s^3, accurate for z = s^2 <= 0.04; `unit` is folded into
// the coefficients by the compiler.
PYINFO_INLINE Vec<double> atanh_tail(Vec<double> z, double unit = 1) {
  using V = Vec<double>;
  const auto c = [unit](double x) { return splat<double>(x * unit); };
  const auto fma = [](V a, V b, V x) { return multiply_add<double>(a, b, x); };
#ifdef PYINFO_FUSED
  // Horner: the fewest operations; other registers' chains fill the time that its own takes.
  V sum = fma(c(0.1536748910064089), z, c(0.15250287791773223));
  sum = fma(sum, z, c(0.18186350589119765));
  sum = fma(sum, z, c(0.2222213865039709));
  sum = fma(sum, z, c(0.2857142939324704));
  sum = fma(sum, z, c(0.3999999999617456));
  return fma(sum, z, c(0.6666666666667268));
#else
  // Without fused operations its chain would be twice as long: Estrin.
  const V z2 = z * z;
  const V low = fma(fma(c(0.2222213865039709), z, c(0.2857142939324704)), z2,
                    fma(c(0.3999999999617456), z, c(0.6666666666667268)));
  const V high =
      fma(c(0.1536748910064089), z2, fma(c(0.15250287791773223), z, c(0.18186350589119765)));
  return fma(high, z2 * z2, low);
#endif
}
PYINFO_INLINE Vec<float> atanh_tail(Vec<float> z, float unit = 1) {
  using V = Vec<float>;
  const auto c = [unit](float x) { return splat<float>(x * unit); };
  const auto fma = [](V a, V b, V x) { return multiply_add<float>(a, b, x); };
  return fma(fma(c(0.3035925f), z, c(0.39957902f)), z, c(0.6666695f));
}

// x = 2^exponent * mantissa with mantissa in [0.75, 1.5), for Format::smallest <= x < the largest
// / 2. Of other x the exponent is unspecified, and the mantissa any number in this range.
template <class T>
PYINFO_INLINE void split(Vec<T> x, Vec<T>& exponent, Vec<T>& mantissa) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  // 4/3 as rounded carries 1.5, and nothing below it, into the next binade.
  const Vec<T> carried = x * splat<T>(T(4.0 / 3));
  if constexpr (sizeof(T) == 8) {
    mantissa = _mm512_getmant_pd(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
    exponent = _mm512_getexp_pd(carried);
  } else {
    mantissa = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_zero);
    exponent = _mm512_getexp_ps(carried);
  }
#else
  using F = Format<T>;
  using U = typename UnsignedOf<T>::type;
  constexpr U bias = U(F::exponent_bias + 1) << F::mantissa_bits;  // keeps the field non-negative
  const Bits<T> shifted = bits<T>(x) + U(bias - F::three_quarters);
  const Bits<T> field = shifted >> F::mantissa_bits;
  exponent = from_bits<T>(field | F::magic) - splat<T>(F::magic_value + T(F::exponent_bias + 1));
  mantissa = from_bits<T>((shifted & U((U(1) << F::mantissa_bits) - 1)) + F::three_quarters);
#endif
}

// ln(1 + f) for f in [-0.25, 0.5), as fdlibm arranges it: the rounding of s only meets small terms.
template <class T>
PYINFO_INLINE Vec<T> ln_near_one_correction(Vec<T> f) {
  PYINFO_ASSERT(is_within<T>(f, T(-0.25), T(0.5)));
  const Vec<T> s = f / (f + splat<T>(2));
  const Vec<T> z = s * s;
  const Vec<T> half_square = f * f * splat<T>(T(0.5));
  return half_square - s * multiply_add<T>(z, atanh_tail(z), half_square);
}

// log2(x) for sums, where errors of an ULP or so average out. x >= Format::smallest.
template <class T>
PYINFO_INLINE Vec<T> log2(Vec<T> x) {
  PYINFO_ASSERT(is_raised<T>(x));
  Vec<T> e, m;
  split<T>(x, e, m);
  const Vec<T> s = (m - splat<T>(1)) / (m + splat<T>(1));
  const Vec<T> z = s * s;
  const Vec<T> tail = multiply_add<T>(z, atanh_tail(z, kLog2E<T>), splat<T>(2 * kLog2E<T>));
  return multiply_add<T>(s, tail, e);
}

// log2 as high + low, so that a change of base costs no accuracy. x may be subnormal.
template <class T>
PYINFO_INLINE void log2_pair(Vec<T> x, Vec<T>& high, Vec<T>& low) {
  constexpr T tiny = sizeof(T) == 8 ? T(0x1p-1000) : T(0x1p-100f);  // above Format::smallest
  constexpr int lift = Format<T>::mantissa_bits + 3;
  constexpr T factor = T(std::uint64_t(1) << lift);
  const Vec<T> lifted = where_less<T>(x, splat<T>(tiny), x * splat<T>(factor), x);
  const Vec<T> offset = where_less<T>(x, splat<T>(tiny), splat<T>(T(lift)), splat<T>(0));
  Vec<T> e, m;
  split<T>(maximum<T>(lifted, splat<T>(Format<T>::smallest)), e, m);
  e = e - offset;
  const Vec<T> f = m - splat<T>(1);
  const Vec<T> correction = ln_near_one_correction<T>(f);
  const Vec<T> ln = f - correction;
  const Vec<T> ln_rest = (f - ln) - correction;
  Vec<T> product, rest;
  two_product<T>(ln, splat<T>(kLog2E<T>), product, rest);
  rest = rest + multiply_add<T>(ln, splat<T>(kLog2ERest<T>), ln_rest * splat<T>(kLog2E<T>));
  high = e + product;
  low = ((e - high) + product) + rest;
}

// For ln(p / q): q times a power of two that brings it within [p / 1.5, p * 1.5], and the exponent
// of that power. Both arguments >= Format::smallest.
template <class T>
PYINFO_INLINE void align(Vec<T> p, Vec<T> q, Vec<T>& aligned_q, Vec<T>& exponent) {
  using F = Format<T>;
  using U = typename UnsignedOf<T>::type;
  // The difference of the bit patterns is log2(p / q) to within 0.09; the field wraps around, wide
  // enough for every exponent, with its middle in the sign bit.
  PYINFO_ASSERT(is_raised<T>(p) && is_raised<T>(q));
  constexpr U middle = U(1) << (sizeof(T) * 8 - 1);
  const Bits<T> difference = bits<T>(p) - bits<T>(q) + U(middle + (U(1) << (F::mantissa_bits - 1)));
  exponent = from_bits<T>((difference >> F::mantissa_bits) | F::magic) -
             splat<T>(F::magic_value + T(middle >> F::mantissa_bits));
  aligned_q =
      from_bits<T>(bits<T>(q) + ((difference & U(~((U(1) << F::mantissa_bits) - 1))) ^ middle));
}

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2.
PYINFO_INLINE Vec<double> expm1_tail(Vec<double> r) {
  PYINFO_ASSERT(is_within<double>(r, -0.34657360, 0.34657360));
  using V = Vec<double>;
  const auto c = [](double x) { return splat<double>(x); };
  const auto fma = [](V a, V b, V x) { return multiply_add<double>(a, b, x); };
  const V r2 = r * r;
  const V r4 = r2 * r2;
  const V low = fma(fma(c(0.008333333333326136), r, c(0.041666666666666685)), r2,
                    fma(c(0.1666666666666667), r, c(0.5)));
  const V middle = fma(fma(c(2.755725540541868e-06), r, c(2.4801587347364753e-05)), r2,
                       fma(c(0.00019841269874816656), r, c(0.001388888888887439)));
  const V high = fma(c(2.0921598979730786e-09), r2,
                     fma(c(2.5105214787552445e-08), r, c(2.755725288574598e-07)));
  return fma(fma(high, r4, middle), r4, low);
}

// e^y = power * (1 + fraction), power a power of two, |fraction| < 0.42; y is clamped to
// [-708, 709]. Returns (e^r - 1 - r) / r^2 of the remainder r = y - ln(power).
PYINFO_INLINE Vec<double> exponential(Vec<double> y, Vec<double>& power, Vec<double>& fraction) {
  using V = Vec<double>;
  constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer
  constexpr double ln2_high = 6.93147180369123816490e-01;
  constexpr double ln2_low = 1.90821492927058770002e-10;
  const auto c = [](double x) { return splat<double>(x); };
  y = minimum<double>(maximum<double>(y, c(-708)), c(709));
  const V shifted = y * c(kLog2E<double>) + c(round_magic);
  const V n = shifted - c(round_magic);
  const V r = (y - n * c(ln2_high)) - n * c(ln2_low);
  power = from_bits<double>((bits<double>(shifted) << 52) + (std::uint64_t(1023) << 52));
  const V tail = expm1_tail(r);
  fraction = multiply_add<double>(r * r, tail, r);
  return tail;
}

// e^y - 1, accurate near 0.
PYINFO_INLINE Vec<double> expm1(Vec<double> power, Vec<double> fraction) {
  return multiply_add<double>(power, fraction, power - splat<double>(1));
}

}  // namespace
}  // namespace pyinfo::simd
