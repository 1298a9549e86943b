// Sums and gradients of divergences between the softmaxes of two rows of logits. Compiled once per
// ISA.
//
// Where |e| is small, v - u = u (e^-e - 1) comes from the series, so that nothing cancels as the
// rows approach each other; elsewhere v is an exponential of its own.
#include "logits/kernels/exponential.hpp"

namespace pyinfo::logits {
namespace {

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

// A polynomial of these coefficients, the highest power's first.
template <class T, class... Coefficients>
PYINFO_INLINE Vec<T> horner(Vec<T> z, T first, Coefficients... others) {
  Vec<T> sum = splat<T>(first);
  ((sum = simd::multiply_add<T>(sum, z, splat<T>(others))), ...);
  return sum;
}

// Of the mean of e^h and e^-h, for z = h^2 and |2 h| < reach: (h sinh h - cosh h ln cosh h) / z,
// (h cosh h - sinh h (1 + ln cosh h)) / h^3 and ln(cosh h) / z.
template <class T>
struct Halves;
template <>
struct Halves<double> {
  PYINFO_INLINE static Vec<double> even(Vec<double> z) {
    return horner<double>(z, -9.999660380049784e-05, 0.00036614588843250634, -0.0013888874749951744,
                          0.006944444434491168, 2.5636398659447633e-14, 0.5);
  }
  PYINFO_INLINE static Vec<double> odd(Vec<double> z) {
    return horner<double>(z, -0.00014487082193026272, 0.00042591018422886864,
                          -0.0012323837045540014, 0.0036596119439312315, -0.011309523809278296,
                          0.033333333333332875, -0.16666666666666666);
  }
  PYINFO_INLINE static Vec<double> log_cosh(Vec<double> z) {
    return horner<double>(z, 0.000247213597538547, -0.00073821828017466, 0.0021869409895764825,
                          -0.006746031663378213, 0.02222222222180823, -0.08333333333333255, 0.5);
  }
};
template <>
struct Halves<float> {
  PYINFO_INLINE static Vec<float> even(Vec<float> z) {
    return horner<float>(z, -0.0012225913f, 0.006919348f, 1.2297718e-06f, 0.5f);
  }
  PYINFO_INLINE static Vec<float> odd(Vec<float> z) {
    return horner<float>(z, 0.003110615f, -0.011227012f, 0.033329286f, -0.16666664f);
  }
  PYINFO_INLINE static Vec<float> log_cosh(Vec<float> z) {
    return horner<float>(z, 0.001784095f, -0.00666193f, 0.022214886f, -0.083333105f, 0.5f);
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
    u = exponential_(u_exponent(a));
    const V r = log_ratio(a, b);
    const V square = r * r * Near<T>::tail(within_reach(r));
    bregman = u * square;
    excess = simd::multiply_add<T>(u, r, bregman);
    if (!is_near(r)) far(a, b, r, u, excess, bregman);
  }

  PYINFO_INLINE V v(V b) const { return exponential_(v_exponent(b)); }
  // The larger of u and v.
  PYINFO_INLINE V larger(V a, V b) const {
    return exponential_(simd::maximum<T>(u_exponent(a), v_exponent(b)));
  }
  // The root of u v.
  PYINFO_INLINE V middle(V a, V b) const {
    return exponential_((u_exponent(a) + v_exponent(b)) * splat<T>(T(0.5)));
  }
  // Of all ratios of a register.
  PYINFO_INLINE static bool is_near(V ratio) {
    return simd::all_less<T>(simd::absolute<T>(ratio), splat<T>(Near<T>::reach));
  }
  // ln(v / u), -e.
  PYINFO_INLINE V log_ratio(V a, V b) const { return splat<T>(0) - distance(a, b); }
  // The error of an infinite difference is a NaN, which this infinity takes the place of.
  PYINFO_INLINE V mended(V a, V b, V ratio) const {
    return where_equal<T>(ratio, ratio, ratio, splat<T>(0) - ((a - b) - center_) * k_);
  }
  // The tail's precondition; what it gives for larger ones is not used.
  PYINFO_INLINE static V within_reach(V r) {
#ifdef PYINFO_CHECKED
    return simd::minimum<T>(simd::maximum<T>(r, splat<T>(-Near<T>::reach)),
                            splat<T>(Near<T>::reach));
#else
    return r;
#endif
  }

 private:
  PYINFO_INLINE V u_exponent(V a) const { return ((a - a_origin_) - a_rest_) * k_; }
  PYINFO_INLINE V v_exponent(V b) const { return ((b - b_origin_) - b_rest_) * k_; }

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

  PYINFO_INLINE void far(V a, V b, V r, V u, V& excess, V& bregman) const {
    const V zero = splat<T>(0), infinity = splat<T>(kInfinity<T>), masked = zero - infinity;
    const V size = simd::absolute<T>(r);
    const V v = exponential_(v_exponent(b));
    const V e = zero - mended(a, b, r);
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

// ln(m) of m = 1 + g, and what differs from it by little: m ln(m) - g >= 0 and g - ln(m) >= 0.
template <class T>
struct Logarithm {
  using V = Vec<T>;

  // From ln(1 + f) = s (2 + tail), s = f / (2 + f): where f is g, nothing is subtracted from what
  // is nearly as large.
  PYINFO_INLINE Logarithm(V g, V m) {
    const V zero = splat<T>(0), one = splat<T>(1), two = splat<T>(2);
    V exponent, mantissa;
    simd::split<T>(simd::maximum<T>(m, splat<T>(simd::Format<T>::smallest)), exponent, mantissa);
    const V f = where_equal<T>(exponent, zero, g, mantissa - one);
    const V s = f / (f + two);
    const V z = s * s;
    const V tail = z * simd::atanh_tail(z);
    log = simd::multiply_add<T>(exponent, splat<T>(simd::kLn2<T>), s * (tail + two));
    above = where_equal<T>(exponent, zero, s * simd::multiply_add<T>(m, tail, g),
                           simd::multiply_add<T>(m, log, zero - g));
    gap = where_equal<T>(exponent, zero, s * (g - tail), g - log);
  }

  V log, above, gap;
};

// The mixture m = w_a u + w_b v, seen from the larger of u and v: with r = ln(smaller / larger) <=
// 0 and w the smaller one's weight, smaller = larger (1 + x) and m = larger (1 + g), where x = e^r
// - 1 and g = w x. The terms of the larger and the smaller one are
//   larger phi(larger / m) = larger (g - ln(1 + g)),
//   smaller phi(smaller / m) = m ((1 + q) ln(1 + q) - q), 1 + q = (1 + x) / (1 + g).
// Of two weights of a half, both are got with one logarithm: w_a u phi(u / m) + w_b v phi(v / m) is
// larger (w B - P), B = (1 + x) r - x >= 0, P = (1 + g) ln(1 + g) - g >= 0, and P at most a half of
// w B.
template <class E, bool kHalves>
class Mixture {
 public:
  using T = typename E::T;
  using V = Vec<T>;

  PYINFO_INLINE Mixture(const Pair& pair, double weight_a, double weight_b)
      : relation_(pair), a_(splat<T>(T(weight_a))), b_(splat<T>(T(weight_b))) {}

  // w_a u phi(u / m) + w_b v phi(v / m), and v phi(v / m).
  PYINFO_INLINE void sums(V a, V b, V& divergence, V& of_v) const {
    const V zero = splat<T>(0);
    const V d = relation_.log_ratio(a, b);
    if (kHalves && Relation<E>::is_near(d)) {
      const V h = d * splat<T>(T(0.5)), z = h * h;
      const V scaled = relation_.middle(a, b) * z;
      divergence = scaled * Halves<T>::even(z);
      of_v = simd::multiply_add<T>(scaled * h, Halves<T>::odd(z), divergence);
      return;
    }
    const Seen t = seen(a, b, d);
    const Logarithm<T> of_m(t.w * t.x, t.m);
    V of_smaller;
    if constexpr (kHalves) {
      const V x_of_larger = (t.w - splat<T>(1)) * t.x;
      of_smaller = simd::multiply_add<T>(x_of_larger, of_m.log, t.B - of_m.above);
      divergence = t.larger * simd::multiply_add<T>(t.w, t.B, zero - of_m.above);
    } else {
      of_smaller = t.m * t.smaller_over_m().above;
      divergence = t.larger * simd::multiply_add<T>(t.w, of_smaller, t.other * of_m.gap);
    }
    of_v = t.larger * where_less<T>(t.v_low, zero, of_smaller, of_m.gap);
  }

  // v (ln(v / m) - offset)
  PYINFO_INLINE V gradient(V a, V b, V offset) const {
    const V zero = splat<T>(0);
    const V d = relation_.log_ratio(a, b);
    if (kHalves && Relation<E>::is_near(d)) {
      const V h = d * splat<T>(T(0.5)), z = h * h;
      return relation_.v(b) * ((h - z * Halves<T>::log_cosh(z)) - offset);
    }
    const Seen t = seen(a, b, d);
    const Logarithm<T> of_m(t.w * t.x, t.m);
    V log_ratio = t.v_low - of_m.log;
    if constexpr (!kHalves)
      log_ratio = where_less<T>(t.v_low, zero, t.smaller_over_m().log, log_ratio);
    const V x = where_less<T>(t.v_low, zero, t.x, zero);
    return simd::multiply_add<T>(t.larger, x, t.larger) * (log_ratio - offset);
  }

 private:
  struct Seen {
    V larger, x, B;
    V power;     // 1 + x, and
    V m;         // m / larger, to more digits than a sum with 1 has where they are small
    V w, other;  // the weights of the smaller and the larger one
    V v_low;     // r where v is the smaller one, 0 elsewhere

    PYINFO_INLINE Logarithm<T> smaller_over_m() const {
      const V divisor = simd::maximum<T>(m, splat<T>(simd::Format<T>::smallest));
      return Logarithm<T>(other * x / divisor, power / divisor);
    }
  };

  PYINFO_INLINE Seen seen(V a, V b, V d) const {
    const V zero = splat<T>(0), one = splat<T>(1);
    const bool is_near = Relation<E>::is_near(d);
    Seen t;
    t.larger = relation_.larger(a, b);
    if (!is_near) d = relation_.mended(a, b, d);
    const V r = zero - simd::absolute<T>(d);
    t.v_low = simd::minimum<T>(d, zero);
    t.w = where_less<T>(d, zero, b_, a_);
    t.other = where_less<T>(d, zero, a_, b_);
    const V tail = Near<T>::tail(Relation<E>::within_reach(r));
    const V square = r * r;
    t.x = simd::multiply_add<T>(square, tail, r);
    t.B = square * simd::multiply_add<T>(tail, r - one, one);
    t.power = one + t.x;
    if (!is_near) far(r, t);
    t.m = simd::multiply_add<T>(t.w, t.power, t.other);
    return t;
  }

  // x and B of ratios that the series does not reach.
  PYINFO_INLINE void far(V ratio, Seen& t) const {
    const V zero = splat<T>(0), one = splat<T>(1), reach = splat<T>(-Near<T>::reach);
    // A ratio of 0, or of nothing to nothing, is as good as e^-direct, which is 0.
    const V r = simd::maximum<T>(ratio, splat<T>(-Steps<T>::direct));
    const V power = exponential_(r);
    t.x = where_less<T>(reach, r, t.x, power - one);
    t.B = where_less<T>(reach, r, t.B, simd::multiply_add<T>(power, r, one - power));
    t.power = where_less<T>(reach, r, t.power, power);
    t.v_low = where_less<T>(t.v_low, zero, r, zero);
  }

  Relation<E> relation_;
  Exponential<T> exponential_;
  V a_, b_;
};

template <class E, bool kHalves>
PYINFO_INLINE void sum_mixture(const Pair& pair, double weight_a, double weight_b,
                               MixtureSums& out) {
  using T = typename E::T;
  const Mixture<E, kHalves> mixture(pair, weight_a, weight_b);
  Total<T> totals[2];
  sum_pairs<E>(pair, totals,
               [&](Vec<T> a, Vec<T> b, Vec<T>(&sums)[2]) { mixture.sums(a, b, sums[0], sums[1]); });
  out = {totals[0].value(), totals[1].value()};
}
template <class E, bool kHalves>
PYINFO_INLINE void write_js_gradient(const Pair& pair, double weight_a, double weight_b,
                                     double scale, double mean, void* out) {
  using T = typename E::T;
  const Mixture<E, kHalves> mixture(pair, weight_a, weight_b);
  const Vec<T> factor = splat<T>(T(scale)), offset = splat<T>(T(mean));
  map_pair<E>(pair, out,
              [&](Vec<T> a, Vec<T> b) { return factor * mixture.gradient(a, b, offset); });
}

bool are_halves(double weight_a, double weight_b) { return weight_a == 0.5 && weight_b == 0.5; }

template <class E>
void mixture_sums(const Pair& pair, double weight_a, double weight_b, MixtureSums& out) noexcept {
  if (are_halves(weight_a, weight_b))
    sum_mixture<E, true>(pair, weight_a, weight_b, out);
  else
    sum_mixture<E, false>(pair, weight_a, weight_b, out);
}

template <class E>
void js_gradient(const Pair& pair, double weight_a, double weight_b, double scale, double mean,
                 void* out) noexcept {
  if (are_halves(weight_a, weight_b))
    write_js_gradient<E, true>(pair, weight_a, weight_b, scale, mean, out);
  else
    write_js_gradient<E, false>(pair, weight_a, weight_b, scale, mean, out);
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
