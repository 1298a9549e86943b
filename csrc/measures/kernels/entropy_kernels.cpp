// One-operand sums and the cross term: what entropies are made of. Compiled once per ISA.
#include "measures/kernels/accumulate.hpp"

namespace pyinfo::measures {
namespace {

// p, times the scale where there is one.
template <class T, bool scaled>
class Scale {
 public:
  explicit Scale(const Parameters& parameters) : scale_(splat<T>(T(parameters.scale))) {}
  PYINFO_INLINE Vec<T> operator()(Vec<T> x) const {
    if constexpr (scaled)
      return x * scale_;
    else
      return x;
  }

 private:
  Vec<T> scale_;
};

template <class T>
PYINFO_INLINE Vec<T> log2_or_finite(Vec<T> x) {
  return simd::log2<T>(maximum<T>(x, splat<T>(simd::Format<T>::smallest)));
}

template <class T, bool scaled>
struct Sum {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 1;
  static constexpr int exact_sums = 1;
  static constexpr bool tracks_largest = true;
  static constexpr bool tracks_support = false;
  static constexpr bool in_halves = false;
  explicit Sum(const Parameters& parameters) : scale(parameters) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>&) const {
    terms[0] = scale(p);
  }
  Scale<T, scaled> scale;
};

template <class T, bool scaled>
struct XLogX {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 2;
  static constexpr int exact_sums = scaled ? 3 : 1;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = false;
  static constexpr bool in_halves = false;
  explicit XLogX(const Parameters& parameters) : scale(parameters) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>&) const {
    const Vec<T> x = scale(p);
    terms[0] = x * log2_or_finite<T>(x);
    terms[1] = x;
  }
  Scale<T, scaled> scale;
};

template <class T, bool scaled>
struct Remainder {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 2;
  static constexpr int exact_sums = 3;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = false;
  static constexpr bool in_halves = false;
  explicit Remainder(const Parameters& parameters)
      : scale(parameters), cap(splat<T>(T(parameters.cap))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>&) const {
    const Vec<T> all = scale(p);
    const Vec<T> x = where_less<T>(cap, all, splat<T>(0), all);
    terms[0] = x * log2_or_finite<T>(x);
    terms[1] = x;
  }
  Scale<T, scaled> scale;
  Vec<T> cap;
};

template <class T, bool scaled>
struct XLogY {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 3;
  static constexpr int exact_sums = 3;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = true;
  static constexpr bool in_halves = false;
  explicit XLogY(const Parameters& parameters) : scale(parameters) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>& support) const {
    const Vec<T> y = scale(q);
    support = minimum<T>(where_equal<T>(p, splat<T>(0), splat<T>(1), y), support);
    // A NaN in y has no logarithm here; it reaches the result through the sum of q.
    terms[0] = p * log2_or_finite<T>(y);
    terms[1] = p;
    terms[2] = y;
  }
  Scale<T, scaled> scale;
};

template <class T, bool scaled>
struct Power {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 3;
  static constexpr int exact_sums = 7;
  static constexpr bool tracks_largest = false;
  static constexpr bool tracks_support = true;
  static constexpr bool in_halves = true;
  explicit Power(const Parameters& parameters)
      : scale(parameters), exponent(splat<T>(T(parameters.exponent))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>& support) const {
    const Vec<T> x = scale(p);
    support = minimum<T>(where_equal<T>(x, splat<T>(0), splat<T>(1), x), support);
    Vec<T> power, fraction;
    simd::exponential(exponent * (log2_or_finite<T>(x) * splat<T>(simd::kLn2<T>)), power, fraction);
    terms[0] = x * simd::expm1(power, fraction);
    terms[1] = x * simd::multiply_add<T>(power, fraction, power);
    terms[2] = x;
  }
  Scale<T, scaled> scale;
  Vec<T> exponent;
};

template <class T>
void information(const T* p, T* out, std::size_t n, T factor_high, T factor_low) noexcept {
  constexpr std::size_t lanes = kLanes<T>;
  const auto content = [=](Vec<T> x) {
    // Values above 1 by rounding count as 1; a NaN stays one through x * 0.
    const Vec<T> one = splat<T>(1);
    Vec<T> high, low;
    simd::log2_pair<T>(where_less<T>(one, x, one, x), high, low);
    const Vec<T> bits = splat<T>(0) - high;
    const Vec<T> rest = bits * splat<T>(factor_low) - low * splat<T>(factor_high);
    const Vec<T> value = simd::multiply_add<T>(bits, splat<T>(factor_high), rest);
    return where_equal<T>(x, splat<T>(0), splat<T>(kInfinity<T>), value + x * splat<T>(0));
  };
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) store<T>(out + i, content(load<T>(p + i)));
  if (i < n) {
    const int rest = int(n - i);
    simd::store_first<T>(out + i, content(load_first<T>(p + i, rest)), rest);
  }
}

}  // namespace

extern const EntropyKernels PYINFO_TABLE(entropy_kernels);
const EntropyKernels PYINFO_TABLE(entropy_kernels) = {
    {entry<Sum, double>(), entry<XLogX, double>(), entry<Remainder, double>(),
     entry<XLogY, double>(), entry<Power, double>()},
    {entry<Sum, float>(),
     entry<XLogX, float>(),
     entry<Remainder, float>(),
     entry<XLogY, float>(),
     {}},
    information<double>,
    information<float>,
};

}  // namespace pyinfo::measures
