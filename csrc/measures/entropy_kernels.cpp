// One-operand sums and the cross term: what entropies are made of. Compiled once per ISA.
#include "measures/accumulate.hpp"

namespace pyinfo::measures {
namespace {

template <class T>
struct Sum {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 1;
  explicit Sum(const Parameters& parameters) : scale(splat<T>(T(parameters.scale))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>&) const {
    terms[0] = p * scale;
  }
  Vec<T> scale;
};

template <class T>
struct XLogX {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 2;
  explicit XLogX(const Parameters& parameters) : scale(splat<T>(T(parameters.scale))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>&) const {
    const Vec<T> x = p * scale;
    terms[0] = x * simd::log2<T>(maximum<T>(x, splat<T>(simd::Format<T>::smallest)));
    terms[1] = x;
  }
  Vec<T> scale;
};

template <class T>
struct Remainder {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 2;
  explicit Remainder(const Parameters& parameters)
      : scale(splat<T>(T(parameters.scale))), cap(splat<T>(T(parameters.cap))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>&) const {
    const Vec<T> scaled = p * scale;
    const Vec<T> x = where_less<T>(cap, scaled, splat<T>(0), scaled);
    terms[0] = x * simd::log2<T>(maximum<T>(x, splat<T>(simd::Format<T>::smallest)));
    terms[1] = x;
  }
  Vec<T> scale, cap;
};

template <class T>
struct XLogY {
  using value_type = T;
  static constexpr int operands = 2;
  static constexpr int sums = 3;
  explicit XLogY(const Parameters& parameters) : scale(splat<T>(T(parameters.scale))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T> q, Vec<T> (&terms)[sums], Vec<T>& support) const {
    const Vec<T> y = q * scale;
    support = minimum<T>(where_equal<T>(p, splat<T>(0), splat<T>(1), y), support);
    // A NaN in y has no logarithm here; it reaches the result through the sum of q.
    terms[0] = p * simd::log2<T>(maximum<T>(y, splat<T>(simd::Format<T>::smallest)));
    terms[1] = p;
    terms[2] = y;
  }
  Vec<T> scale;
};

template <class T>
struct Power {
  using value_type = T;
  static constexpr int operands = 1;
  static constexpr int sums = 3;
  explicit Power(const Parameters& parameters)
      : scale(splat<T>(T(parameters.scale))), exponent(splat<T>(T(parameters.exponent))) {}
  PYINFO_INLINE void operator()(Vec<T> p, Vec<T>, Vec<T> (&terms)[sums], Vec<T>& support) const {
    const Vec<T> x = p * scale;
    support = minimum<T>(where_equal<T>(x, splat<T>(0), splat<T>(1), x), support);
    const Vec<T> log = simd::log2<T>(maximum<T>(x, splat<T>(simd::Format<T>::smallest)));
    Vec<T> power, fraction;
    simd::exponential(exponent * (log * splat<T>(simd::kLn2<T>)), power, fraction);
    terms[0] = x * simd::expm1(power, fraction);
    terms[1] = x * simd::multiply_add<T>(power, fraction, power);
    terms[2] = x;
  }
  Vec<T> scale, exponent;
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
    {unscaled_entry<Sum, double>(), unscaled_entry<XLogX, double>(),
     unscaled_entry<Remainder, double>(), unscaled_entry<XLogY, double>(),
     unscaled_entry<Power, double>()},
    {unscaled_entry<Sum, float>(), unscaled_entry<XLogX, float>(),
     unscaled_entry<Remainder, float>(), unscaled_entry<XLogY, float>(), {}},
    information<double>,
    information<float>,
};

}  // namespace pyinfo::measures
