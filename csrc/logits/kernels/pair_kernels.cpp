// Sums and gradients of divergences between the softmaxes of two rows of logits. Compiled once per
// ISA.
//
// Where |e| is small, v - u = u (e^-e - 1) comes from the series, so that nothing cancels as the
// rows approach each other; elsewhere v is an exponential of its own.
#include "logits/kernels/exponential.hpp"
#include "simd/log_ratio.hpp"

namespace pyinfo::logits {
namespace {

using simd::LogRatio;

// (e^r - 1 - r) / r^2 for |r| < reach.
template <class T>
struct Near;
template <>
struct Near<double> {
  static constexpr double reach = 0.3465;
  PYINFO_INLINE static Vec<double> tail(Vec<double> r) { return simd::expm1_tail(r); }
};
template <>
struct Near<float> {
  static constexpr float reach = 1;
  PYINFO_INLINE static Vec<float> tail(Vec<float> r) {
    const auto c = [](float x) { return splat<float>(x); };
    const auto fma = [](Vec<float> a, Vec<float> b, Vec<float> x) {
      return simd::multiply_add<float>(a, b, x);
    };
    Vec<float> sum = fma(c(2.5428999e-05f), r, c(0.00020329186f));
    sum = fma(fma(sum, r, c(0.001388434f)), r, c(0.008330884f));
    sum = fma(fma(sum, r, c(0.041666776f)), r, c(0.16666697f));
    return fma(sum, r, c(0.5f));
  }
};

// u, v - u and u (e^-e - 1 + e) of each register of two rows.
template <class E>
class Relation {
 public:
  using T = typename E::T;
  using V = Vec<T>;

  PYINFO_INLINE explicit Relation(const Pair& pair) {
    double b_origin, lost;
    simd::two_sum<double>(pair.a_origin, -pair.center, b_origin, lost);
    lost -= pair.center_rest;
    a_origin_ = splat<T>(T(pair.a_origin));
    a_rest_ = splat<T>(T(pair.a_origin - double(T(pair.a_origin))));
    b_origin_ = splat<T>(T(b_origin));
    b_rest_ = splat<T>(T((b_origin - double(T(b_origin))) + lost));
    center_ = splat<T>(T(pair.center));
    center_rest_ = splat<T>(T((pair.center - double(T(pair.center))) + pair.center_rest));
    k_ = splat<T>(T(pair.inverse_temperature));
  }

  PYINFO_INLINE void operator()(V a, V b, V& u, V& excess, V& bregman) const {
    const V zero = splat<T>(0);
    u = exponential_(((a - a_origin_) - a_rest_) * k_);
    const V r = zero - distance(a, b);  // ln(v / u)
    const V square = r * r * Near<T>::tail(within_reach(r));
    bregman = u * square;
    excess = simd::multiply_add<T>(u, r, bregman);
    const V size = simd::absolute<T>(r);
    if (!simd::all_less<T>(size, splat<T>(Near<T>::reach))) far(a, b, r, size, u, excess, bregman);
  }

 private:
  // The tail's precondition; what it gives for larger ones is not used.
  PYINFO_INLINE static V within_reach(V r) {
#ifdef PYINFO_CHECKED
    return simd::minimum<T>(simd::maximum<T>(r, splat<T>(-Near<T>::reach)),
                            splat<T>(Near<T>::reach));
#else
    return r;
#endif
  }

  // e, as if the two differences were exact.
  PYINFO_INLINE V distance(V a, V b) const {
    V difference, error;
    if constexpr (E::is_narrow) {
      return (((a - b) - center_) - center_rest_) * k_;
    } else {
      const V minus = splat<T>(0) - b;
      simd::two_sum<V>(a, minus, difference, error);
      return ((difference - center_) + (error - center_rest_)) * k_;
    }
  }

  PYINFO_INLINE void far(V a, V b, V r, V size, V u, V& excess, V& bregman) const {
    const V zero = splat<T>(0), infinity = splat<T>(kInfinity<T>), masked = zero - infinity;
    const V v = exponential_(((b - b_origin_) - b_rest_) * k_);
    V e = zero - r;
    // The error of an infinite difference is a NaN.
    e = where_equal<T>(e, e, e, ((a - b) - center_) * k_);
    V scaled = where_equal<T>(b, masked, infinity, u * e);
    scaled = where_equal<T>(a, masked, zero, scaled);
    const V reach = splat<T>(Near<T>::reach);
    excess = where_less<T>(size, reach, excess, v - u);
    bregman = where_less<T>(size, reach, bregman, (v - u) + scaled);
  }

  Exponential<T> exponential_;
  V a_origin_, a_rest_, b_origin_, b_rest_, center_, center_rest_, k_;
};

// Sums of terms(a, b, &sums) along both rows.
template <class E, int kSums, class Terms>
PYINFO_INLINE void sum_pairs(const Pair& pair, Total<typename E::T> (&totals)[kSums],
                             const Terms& terms) {
  using T = typename E::T;
  const auto* const b = static_cast<const typename E::Stored*>(pair.b);
  const std::size_t ahead = next_row(pair.n * sizeof *b);  // a has been read, b has not
  sum_registers<E>(static_cast<const typename E::Stored*>(pair.a), pair.n, ahead, totals,
                   [&](Vec<T> v, std::size_t i, std::size_t count, Vec<T>(&sums)[kSums]) {
                     if (count == kLanes<T>) {
                       prefetch<kLanes<T> * sizeof *b>(b + i, kAhead);
                       terms(v, E::load(b + i), sums);
                     } else {
                       terms(v, load_some<E>(b + i, count, E::lowest()), sums);
                     }
                   });
}
template <class E, class Step>
PYINFO_INLINE void map_pair(const Pair& pair, void* out, const Step& step) {
  const auto* const b = static_cast<const typename E::Stored*>(pair.b);
  map_registers<E, E>(
      static_cast<const typename E::Stored*>(pair.a), static_cast<typename E::Stored*>(out), pair.n,
      [&](Vec<typename E::T> v, std::size_t i, std::size_t count) {
        return step(v, count == kLanes<typename E::T> ? E::load(b + i)
                                                      : load_some<E>(b + i, count, E::lowest()));
      });
}

template <class E>
void pair_sums(const Pair& pair, PairSums& out) noexcept {
  using T = typename E::T;
  const Relation<E> relation(pair);
  Total<T> totals[3];
  sum_pairs<E>(pair, totals, [&](Vec<T> a, Vec<T> b, Vec<T>(&sums)[3]) {
    relation(a, b, sums[0], sums[1], sums[2]);
  });
  out = {totals[0].value(), totals[1].value(), totals[2].value()};
}

template <class E>
void kl_gradient(const Pair& pair, double scale, void* out) noexcept {
  using T = typename E::T;
  const Relation<E> relation(pair);
  const Vec<T> factor = splat<T>(T(scale));
  map_pair<E>(pair, out, [&](Vec<T> a, Vec<T> b) {
    Vec<T> u, excess, bregman;
    relation(a, b, u, excess, bregman);
    return factor * excess;
  });
}

// u, v and their mixture m, and u - v to more digits than they have.
template <class E>
class Mixture {
 public:
  using T = typename E::T;
  using V = Vec<T>;

  PYINFO_INLINE Mixture(const Pair& pair, double weight_a, double weight_b)
      : relation_(pair), a_(splat<T>(T(weight_a))), b_(splat<T>(T(weight_b))) {}

  PYINFO_INLINE void operator()(V a, V b) {
    V bregman;
    relation_(a, b, u, excess, bregman);
    v = u + excess;
    m = simd::multiply_add<T>(b_, excess, u);
  }
  PYINFO_INLINE V u_over_m() const {  // w_a u phi(u / m)
    return a_ * LogRatio<T>(u, m, splat<T>(0) - b_ * excess).bregman(u, m);
  }
  PYINFO_INLINE LogRatio<T> v_to_m() const { return LogRatio<T>(v, m, a_ * excess); }

  V u, v, m, excess;

 private:
  Relation<E> relation_;
  V a_, b_;
};

template <class E>
void mixture_sums(const Pair& pair, double weight_a, double weight_b, MixtureSums& out) noexcept {
  using T = typename E::T;
  Mixture<E> mixture(pair, weight_a, weight_b);
  Total<T> totals[2];
  sum_pairs<E>(pair, totals, [&](Vec<T> a, Vec<T> b, Vec<T>(&sums)[2]) {
    mixture(a, b);
    sums[0] = mixture.u_over_m();
    sums[1] = mixture.v_to_m().bregman(mixture.v, mixture.m);
  });
  out.of_b = totals[1].value();
  out.divergence = totals[0].value() + weight_b * out.of_b;
}

template <class E>
void js_gradient(const Pair& pair, double weight_a, double weight_b, double scale, double mean,
                 void* out) noexcept {
  using T = typename E::T;
  Mixture<E> mixture(pair, weight_a, weight_b);
  const Vec<T> factor = splat<T>(T(scale)), offset = splat<T>(T(mean));
  map_pair<E>(pair, out, [&](Vec<T> a, Vec<T> b) {
    mixture(a, b);
    return factor * mixture.v * (mixture.v_to_m().value() - offset);
  });
}

template <class E>
constexpr PairKernels kPairKernels = {pair_sums<E>, mixture_sums<E>, kl_gradient<E>,
                                      js_gradient<E>};

}  // namespace

extern const LogitPairKernels PYINFO_TABLE(logit_pair_kernels);
const LogitPairKernels PYINFO_TABLE(logit_pair_kernels) = {
    {kPairKernels<Plain<double>>, kPairKernels<Plain<float>>, kPairKernels<Half>,
     kPairKernels<Brain>}};

}  // namespace pyinfo::logits
