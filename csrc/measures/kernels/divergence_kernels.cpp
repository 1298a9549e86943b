// Two-operand sums: what divergences are made of. Compiled once per ISA.
//
// All terms are non-negative and keep their relative accuracy as p approaches q, because they start
// from the difference p - q, which is exact there, and never from the ratio p / q or from two logs.
#include "measures/kernels/accumulate.hpp"
#include "simd/log_ratio.hpp"

namespace pyinfo::measures {
namespace {

using simd::LogRatio;

// p beside q: p as high + low where p is scaled by an inexact ratio, and the difference p - q.
template <class T, bool scaled>
class Pair {
 public:
  explicit Pair(const Parameters& parameters)
      : ratio_high_(splat<T>(T(parameters.ratio_high))),
        ratio_low_(splat<T>(
            T(parameters.ratio_high - double(T(parameters.ratio_high)) + parameters.ratio_low))) {}

  PYINFO_INLINE Vec<T> difference(Vec<T>& p, Vec<T> q) const {
    if constexpr (scaled) {
      Vec<T> product, rest;
      simd::two_product<T>(p, ratio_high_, product, rest);
      rest = simd::multiply_add<T>(p, ratio_low_, rest);
      p = product;
      return (product - q) + rest;
    } else {
      return p - q;
    }
  }

 private:
  Vec<T> ratio_high_, ratio_low_;
};

// q where p is positive: what the logarithm divides by.
template <class T>
PYINFO_INLINE Vec<T> denominator(Vec<T> p, Vec<T> q) {
  return where_equal<T>(p, splat<T>(0), splat<T>(1), q);
}

template <class T, bool scaled>
struct KullbackLeibler {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 3;
  static constexpr int exact_sums = 0b111;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = true;
  static constexpr bool in_halves = false;
  explicit KullbackLeibler(const Parameters& parameters) : pair(parameters) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>& support) const {
    const Vec<T> difference = pair.difference(p, q);
    support = minimum<T>(denominator<T>(p, q), support);
    terms[0] = LogRatio<T>(p, q, difference).bregman(p, q);
    terms[1] = p;
    terms[2] = difference;
  }
  Pair<T, scaled> pair;
};

template <class T, bool scaled>
struct JensenShannon {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 3;
  static constexpr int exact_sums = 0b111;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = false;
  static constexpr bool in_halves = true;
  explicit JensenShannon(const Parameters& parameters)
      : pair(parameters),
        weight_p(splat<T>(T(parameters.weight_p))),
        weight_q(splat<T>(T(parameters.weight_q))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>&) const {
    const Vec<T> difference = pair.difference(p, q);
    const Vec<T> mixture = simd::multiply_add<T>(weight_p, p, weight_q * q);
    const LogRatio<T> p_ratio(p, mixture, weight_q * difference);
    const LogRatio<T> q_ratio(q, mixture, splat<T>(0) - weight_p * difference);
    terms[0] = weight_p * p_ratio.bregman(p, mixture) + weight_q * q_ratio.bregman(q, mixture);
    terms[1] = p;
    terms[2] = difference;
  }
  Pair<T, scaled> pair;
  Vec<T> weight_p, weight_q;
};

template <class T, bool scaled>
struct Jeffreys {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 3;
  static constexpr int exact_sums = 0b111;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = true;
  static constexpr bool in_halves = true;
  explicit Jeffreys(const Parameters& parameters) : pair(parameters) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>& support) const {
    const Vec<T> difference = pair.difference(p, q);
    support = minimum<T>(denominator<T>(p, q), support);
    support = minimum<T>(denominator<T>(q, p), support);
    terms[0] = difference * LogRatio<T>(p, q, difference).value();
    terms[1] = p;
    terms[2] = difference;
  }
  Pair<T, scaled> pair;
};

template <class T, bool scaled>
struct Hellinger {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 4;
  static constexpr int exact_sums = 0b1011;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = false;
  static constexpr bool in_halves = false;
  explicit Hellinger(const Parameters& parameters) : pair(parameters) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>&) const {
    const Vec<T> difference = pair.difference(p, q);
    const Vec<T> root_p = simd::square_root<T>(p);
    const Vec<T> root_q = simd::square_root<T>(q);
    const Vec<T> root_sum = root_p + root_q;
    // sqrt p - sqrt q = (p - q) / (sqrt p + sqrt q), with 0 / 0 read as 0.
    const Vec<T> root_difference =
        difference / where_equal<T>(root_sum, splat<T>(0), splat<T>(1), root_sum);
    terms[0] = root_difference * root_difference;
    terms[1] = root_p * root_q;
    terms[2] = p;
    terms[3] = difference;
  }
  Pair<T, scaled> pair;
};

template <class T, bool scaled>
struct TotalVariation {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 3;
  static constexpr int exact_sums = 0b101;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = false;
  static constexpr bool in_halves = false;
  explicit TotalVariation(const Parameters& parameters) : pair(parameters) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>&) const {
    const Vec<T> difference = pair.difference(p, q);
    terms[0] = simd::absolute<T>(difference);
    terms[1] = p;
    terms[2] = difference;
  }
  Pair<T, scaled> pair;
};

template <class T, bool scaled>
struct RatioPower {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 4;
  static constexpr int exact_sums = 0b1011;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = true;
  static constexpr bool in_halves = true;
  explicit RatioPower(const Parameters& parameters)
      : pair(parameters),
        exponent(splat<T>(T(parameters.exponent))),
        inverse(splat<T>(T(1 / parameters.exponent))),
        lost(splat<T>(T(-(parameters.exponent + 1) / parameters.exponent))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>& support) const {
    const Vec<T> zero = splat<T>(0);
    const Vec<T> one = splat<T>(1);
    const Vec<T> difference = pair.difference(p, q);
    support = minimum<T>(denominator<T>(p, q), support);
    const LogRatio<T> ratio(p, q, difference);
    const Vec<T> y = exponent * ratio.value();
    Vec<T> power, fraction;
    const Vec<T> tail = simd::exponential(y, power, fraction);
    // e^y - 1 - y >= 0, without cancellation where power = 1.
    const Vec<T> small = y * y * tail;
    const Vec<T> large = simd::expm1(power, fraction) - y;
    const Vec<T> beyond = where_equal<T>(power, one, small, large);
    // Where q = 0 < p the term is a limit: -a p / e (for e < 0; for e > 0 the measure is infinite).
    const Vec<T> inside = ratio.bregman(p, q) + p * beyond * inverse;
    terms[0] = where_equal<T>(q, zero, p * lost, inside);
    terms[1] = where_equal<T>(q, zero, zero, p * simd::multiply_add<T>(power, fraction, power));
    terms[2] = p;
    terms[3] = difference;
  }
  Pair<T, scaled> pair;
  Vec<T> exponent, inverse, lost;
};

}  // namespace

extern const DivergenceKernels PYINFO_TABLE(divergence_kernels);
const DivergenceKernels PYINFO_TABLE(divergence_kernels) = {
    {entry<KullbackLeibler, double>(), entry<JensenShannon, double>(), entry<Jeffreys, double>(),
     entry<Hellinger, double>(), entry<TotalVariation, double>(), entry<RatioPower, double>()},
    {entry<KullbackLeibler, float>(), entry<JensenShannon, float>(), {}, {}, {}, {}},
};

}  // namespace pyinfo::measures
