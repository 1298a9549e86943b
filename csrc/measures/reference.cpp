#include "measures/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "measures/compensated_sum.hpp"

namespace pyinfo::measures::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLn2 = 0.693147180559945309417;

// An operand as multiples of a power of two, so that its sum neither overflows nor underflows.
struct Weights {
  int exponent = 0;    // values are mantissa * 2^exponent
  double divisor = 1;  // what makes the mantissas a distribution (1 if they are taken as they are)

  double share(double x) const noexcept { return std::ldexp(x, -exponent) / divisor; }
  // log2 of the share, also where the share itself underflows.
  double log2_share(double x) const noexcept {
    int binades = 0;
    const double mantissa = std::frexp(x, &binades);
    if (divisor == 1 && exponent == 0) return std::log2(x);
    return (binades - exponent) + std::log2(mantissa / divisor);
  }
};

template <class T>
Weights weights_of(const Source<T>& source, int operand, Normalization normalization) {
  if (normalization != Normalization::divide) return {};
  double largest = 0;
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      largest = std::max(largest, double(operand == 0 ? p[i] : q[i]));
  });
  Weights weights;
  weights.exponent = std::ilogb(largest);
  CompensatedSum sum;
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      sum.add(std::ldexp(double(operand == 0 ? p[i] : q[i]), -weights.exponent));
  });
  weights.divisor = sum.value();
  return weights;
}

// -p log2 p of shares; a share above one half is 1 - (the others), whose log1p keeps the digits.
template <class T>
double entropy_bits(const Request& request, const Source<T>& source) {
  const Weights weights = weights_of(source, 0, request.p);
  const bool divided = request.p == Normalization::divide;
  CompensatedSum bits;
  CompensatedSum others;
  double dominant = 0;
  source.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double x = double(p[i]);
      const double share = weights.share(x);
      if (x == 0) continue;
      if (divided && share > 0.5 && dominant == 0) {
        dominant = share;
        continue;
      }
      others.add(share);
      bits.add(-share * weights.log2_share(x));
    }
  });
  if (dominant > 0) bits.add(-dominant * std::log1p(-others.value()) / kLn2);
  return bits.value();
}

template <class T>
double cross_entropy_bits(const Request& request, const Source<T>& source) {
  const Weights p_weights = weights_of(source, 0, request.p);
  const Weights q_weights = weights_of(source, 1, request.q);
  CompensatedSum bits;
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      if (p[i] == 0) continue;
      bits.add(-p_weights.share(double(p[i])) * q_weights.log2_share(double(q[i])));
    }
  });
  return bits.value();
}

// The largest share, as the logarithm that keeps its digits: -log2.
template <class T>
double min_entropy_bits(const Weights& weights, bool divided, const Source<T>& source) {
  double largest = 0;
  source.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, double(p[i]));
  });
  if (!divided || weights.share(largest) <= 0.5) return -weights.log2_share(largest);
  CompensatedSum others;
  bool seen = false;
  source.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      if (double(p[i]) == largest && !seen)
        seen = true;
      else
        others.add(weights.share(double(p[i])));
    }
  });
  return -std::log1p(-others.value()) / kLn2;
}

template <class T>
double support_size(const Source<T>& source) {
  std::size_t count = 0;
  source.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) count += p[i] > 0 ? 1 : 0;
  });
  return double(count);
}

// log2 of the sum of p^alpha, by way of the largest share.
template <class T>
double log2_power_sum(const Weights& weights, const Source<T>& source, double alpha) {
  double largest = 0;
  source.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, double(p[i]));
  });
  const double top = weights.log2_share(largest);
  CompensatedSum sum;
  source.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      if (p[i] > 0) sum.add(std::exp2(alpha * (weights.log2_share(double(p[i])) - top)));
  });
  return alpha * top + std::log2(sum.value());
}

// alpha = 0: -log2 of q's mass where p is positive.
template <class T>
double support_divergence_bits(const Weights& q_weights, const Source<T>& source,
                               bool distributions) {
  CompensatedSum covered;
  CompensatedSum missed;
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      (p[i] > 0 ? covered : missed).add(q_weights.share(double(q[i])));
  });
  return distributions && covered.value() > 0.5 ? -std::log1p(-missed.value()) / kLn2
                                                : -std::log2(covered.value());
}

// Other orders, in bits. With e = alpha - 1 the power sum is 1 + e * excess,
// excess = sum of q phi(p/q) + p (e^y - 1 - y) / e, y = e ln(p/q): all terms positive for e > 0.
template <class T>
double renyi_divergence_bits(const Weights& p_weights, const Weights& q_weights,
                             const Source<T>& source, double alpha, bool distributions) {
  const double e = alpha - 1;
  double top = -kInfinity;  // log2 of the largest term
  CompensatedSum excess;
  const auto exponent = [&](double p, double q) {
    if (p == 0) return -kInfinity;
    if (q == 0) return alpha > 1 ? kInfinity : -kInfinity;
    return p_weights.log2_share(p) + e * (p_weights.log2_share(p) - q_weights.log2_share(q));
  };
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      top = std::max(top, exponent(double(p[i]), double(q[i])));
      const double a = p_weights.share(double(p[i]));
      const double b = q_weights.share(double(q[i]));
      if (a == 0 || b == 0) {
        excess.add(a == 0 ? b : -alpha * a / e);
        continue;
      }
      const double y = e * log_ratio(a, b);
      const double beyond = std::abs(y) < 1e-5 ? y * y * (0.5 + y / 6) : std::expm1(y) - y;
      excess.add(bregman(a, b) + a * beyond / e);
    }
  });
  if (std::isinf(top)) return top / e;
  CompensatedSum sum;
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      sum.add(std::exp2(exponent(double(p[i]), double(q[i])) - top));
  });
  const double log2_sum = top + std::log2(sum.value());
  if (distributions && std::abs(log2_sum) < 1) return std::log1p(e * excess.value()) / (e * kLn2);
  return log2_sum / e;
}

// alpha = infinity: log2 of the largest p / q.
template <class T>
double max_divergence_bits(const Weights& p_weights, const Weights& q_weights,
                           const Source<T>& source) {
  double largest = -kInfinity;
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      if (p[i] == 0) continue;
      const double a = p_weights.share(double(p[i]));
      const double b = q_weights.share(double(q[i]));
      if (q[i] == 0)
        largest = kInfinity;
      else if (a > 0.5 * b && a < 2 * b)
        largest = std::max(largest, log_ratio(a, b) / kLn2);
      else
        largest = std::max(largest,
                           p_weights.log2_share(double(p[i])) - q_weights.log2_share(double(q[i])));
    }
  });
  return largest;
}

// The sum of f(p, q) over shares.
template <class T, class F>
double sum_over_shares(const Request& request, const Source<T>& source, F f) {
  const Weights p_weights = weights_of(source, 0, request.p);
  const Weights q_weights = weights_of(source, 1, request.q);
  CompensatedSum sum;
  source.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      sum.add(f(p_weights.share(double(p[i])), q_weights.share(double(q[i]))));
  });
  return sum.value();
}

}  // namespace

double log_ratio(double a, double b) noexcept {
  if (a < 0.5 * b || b < 0.5 * a) return std::log(a) - std::log(b);
  return 2 * std::atanh((a - b) / (a + b));
}

double bregman(double a, double b) noexcept {
  if (a == 0) return b;
  if (b == 0) return kInfinity;
  const double difference = a - b;
  if (a < 0.8 * b || b < 0.8 * a) return a * log_ratio(a, b) - difference;
  // With s = (a - b) / (a + b): a ln(a/b) - (a - b) = s (a - b) + a (2 atanh s - 2 s).
  const double s = difference / (a + b);
  const double z = s * s;
  double tail = 0;  // 2 atanh(s) - 2 s = 2 s (z/3 + z^2/5 + ...), |s| <= 1/9
  for (int k = 12; k >= 1; --k) tail = z * (tail + 1.0 / (2 * k + 1));
  return s * (difference + 2 * a * tail);
}

template <class T>
double evaluate(const Request& request, const Source<T>& source) {
  const bool as_is = request.p == Normalization::as_is;
  const double alpha = request.alpha;
  switch (request.measure) {
    case Measure::entropy:
      return request.unit * entropy_bits(request, source);
    case Measure::cross_entropy:
      return request.unit * cross_entropy_bits(request, source);
    case Measure::renyi_entropy: {
      if (alpha == 1) return request.unit * entropy_bits(request, source);
      if (alpha == 0) return request.unit * std::log2(support_size(source));
      const Weights weights = weights_of(source, 0, request.p);
      if (alpha > 1e100)
        return request.unit * min_entropy_bits(weights, request.p == Normalization::divide, source);
      return request.unit / (1 - alpha) * log2_power_sum(weights, source, alpha);
    }
    case Measure::tsallis_entropy:
      if (alpha == 1) return kLn2 * entropy_bits(request, source);
      if (alpha == 0) return support_size(source) - 1;
      if (alpha > 1e100) return 0;
      return -std::expm1(kLn2 * log2_power_sum(weights_of(source, 0, request.p), source, alpha)) /
             (alpha - 1);
    case Measure::kl_divergence:
      // Of distributions, the sum of (p - q) is 0 and adding p's and q's rounding errors is wrong.
      return request.unit / kLn2 * sum_over_shares(request, source, [&](double p, double q) {
               return as_is && q > 0 ? bregman(p, q) + (p - q) : bregman(p, q);
             });
    case Measure::js_distance: {
      Request squared = request;
      squared.measure = Measure::js_divergence;
      return std::sqrt(evaluate(squared, source));
    }
    case Measure::js_divergence:
      return request.unit / kLn2 * sum_over_shares(request, source, [&](double p, double q) {
               const double m = request.weight_p * p + request.weight_q * q;
               return m == 0 ? 0.0
                             : request.weight_p * bregman(p, m) + request.weight_q * bregman(q, m);
             });
    case Measure::jeffreys_divergence:
      return request.unit / kLn2 * sum_over_shares(request, source, [](double p, double q) {
               if (p == q) return 0.0;
               return p == 0 || q == 0 ? kInfinity : (p - q) * log_ratio(p, q);
             });
    case Measure::renyi_divergence: {
      const Weights p_weights = weights_of(source, 0, request.p);
      const Weights q_weights = weights_of(source, 1, request.q);
      if (alpha == 0) return request.unit * support_divergence_bits(q_weights, source, !as_is);
      if (alpha > 1e100) return request.unit * max_divergence_bits(p_weights, q_weights, source);
      return request.unit * renyi_divergence_bits(p_weights, q_weights, source, alpha, !as_is);
    }
    case Measure::hellinger_distance:
      return std::sqrt(0.5 * sum_over_shares(request, source, [](double p, double q) {
                         const double root = std::sqrt(p) + std::sqrt(q);
                         const double difference = root == 0 ? 0.0 : (p - q) / root;
                         return difference * difference;
                       }));
    case Measure::bhattacharyya_distance:
      return -request.unit * std::log2(sum_over_shares(request, source, [](double p, double q) {
        return std::sqrt(p) * std::sqrt(q);
      }));
    case Measure::total_variation_distance:
      return 0.5 *
             sum_over_shares(request, source, [](double p, double q) { return std::abs(p - q); });
  }
  return std::numeric_limits<double>::quiet_NaN();
}

template double evaluate<double>(const Request&, const Source<double>&);
template double evaluate<float>(const Request&, const Source<float>&);

}  // namespace pyinfo::measures::reference
