// ln(p / q) on registers, in parts that divergences are put together from. For kernel files.
#pragma once

#include "simd/math.hpp"

namespace pyinfo::simd {
namespace {

// ln(p / q) = exponent ln 2 + s (2 + tail), taken apart so that divergences can be put together
// without cancellation.
template <class T>
struct LogRatio {
  // `difference` is p - q, better than subtracting the rounded operands would give it.
  PYINFO_INLINE LogRatio(Vec<T> p, Vec<T> q, Vec<T> difference) {
    const Vec<T> zero = splat<T>(0);
    const Vec<T> raised_p = maximum<T>(p, splat<T>(Format<T>::smallest));
    const Vec<T> raised_q = maximum<T>(q, splat<T>(Format<T>::smallest));
    align<T>(raised_p, raised_q, aligned_q, exponent);
    aligned_q = where_equal<T>(exponent, zero, q, aligned_q);
    delta = where_equal<T>(exponent, zero, difference, p - aligned_q);
    s = delta / (raised_p + aligned_q);
    const Vec<T> z = s * s;
    tail = z * atanh_tail(z);
  }

  PYINFO_INLINE Vec<T> value() const {
    return multiply_add<T>(exponent, splat<T>(kLn2<T>), s * (tail + splat<T>(2)));
  }

  // q phi(p / q) = p ln(p / q) - p + q >= 0.
  PYINFO_INLINE Vec<T> bregman(Vec<T> p, Vec<T> q) const {
    const Vec<T> near = s * multiply_add<T>(p, tail, delta);
    // p and q at large cancel here to a few bits of their logarithm: it is given a few more.
    const Vec<T> steps = p * exponent;
    const Vec<T> fine = multiply_add<T>(steps, splat<T>(kLn2Rest<T>), near);
    const Vec<T> coarse = multiply_add<T>(steps, splat<T>(kLn2<T>), q - aligned_q);
    return coarse + fine;
  }

  Vec<T> exponent, aligned_q, delta, s, tail;
};

}  // namespace
}  // namespace pyinfo::simd
