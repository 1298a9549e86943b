#include "measures/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "elements/compensated_sum.hpp"
#include "measures/measure_table.hpp"

namespace pyinfo::measures::reference {
namespace {

using elements::CompensatedSum;

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
Weights weights_of(const Slice<T>& slice, int operand, Normalization normalization) {
  if (normalization != Normalization::divide) return {};
  double largest = 0;
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      largest = std::max(largest, double(operand == 0 ? p[i] : q[i]));
  });
  Weights weights;
  weights.exponent = std::ilogb(largest);
  CompensatedSum sum;
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      sum.add(std::ldexp(double(operand == 0 ? p[i] : q[i]), -weights.exponent));
  });
  weights.divisor = sum.value();
  return weights;
}

// -p log2 p of shares; a share above one half is 1 - (the others), whose log1p keeps the digits.
template <class T>
double entropy_bits(const Request& request, const Slice<T>& slice) {
  const Weights weights = weights_of(slice, 0, request.p);
  const bool divided = request.p == Normalization::divide;
  CompensatedSum bits;
  CompensatedSum others;
  double dominant = 0;
  slice.each_block([&](const T* p, const T*, std::size_t n) {
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
double cross_entropy_bits(const Request& request, const Slice<T>& slice) {
  const Weights p_weights = weights_of(slice, 0, request.p);
  const Weights q_weights = weights_of(slice, 1, request.q);
  CompensatedSum bits;
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      if (p[i] == 0) continue;
      bits.add(-p_weights.share(double(p[i])) * q_weights.log2_share(double(q[i])));
    }
  });
  return bits.value();
}

// The largest share, as the logarithm that keeps its digits: -log2.
template <class T>
double min_entropy_bits(const Weights& weights, bool divided, const Slice<T>& slice) {
  double largest = 0;
  slice.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, double(p[i]));
  });
  if (!divided || weights.share(largest) <= 0.5) return -weights.log2_share(largest);
  CompensatedSum others;
  bool seen = false;
  slice.each_block([&](const T* p, const T*, std::size_t n) {
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
double support_size(const Slice<T>& slice) {
  std::size_t count = 0;
  slice.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) count += p[i] > 0 ? 1 : 0;
  });
  return double(count);
}

// log2 of the sum of p^alpha, by way of the largest share; or, where that leaves less of itself, of
// 1 + (sum of p - 1) + sum of (p^alpha - p).
template <class T>
double log2_power_sum(const Weights& weights, const Slice<T>& slice, double alpha) {
  double largest = 0;
  slice.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, double(p[i]));
  });
  const double top = weights.log2_share(largest);
  CompensatedSum sum;
  CompensatedSum beyond;
  CompensatedSum changes;
  beyond.add(-1);
  slice.each_block([&](const T* p, const T*, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      if (p[i] == 0) continue;
      const double bits = weights.log2_share(double(p[i]));
      const double share = weights.share(double(p[i]));
      sum.add(std::exp2(alpha * (bits - top)));
      beyond.add(share);
      const double change = share * std::expm1((alpha - 1) * kLn2 * bits);
      beyond.add(change);
      changes.add(std::abs(change));
    }
  });
  const double rest = std::log2(sum.value());
  const double log2_sum = alpha * top + rest;
  if (std::abs(log2_sum) < 0.5 && changes.value() < std::abs(alpha * top) + rest)
    return std::log1p(beyond.value()) / kLn2;
  return log2_sum;
}

// alpha = 0: -log2 of q's mass where p is positive.
template <class T>
double support_divergence_bits(const Weights& q_weights, const Slice<T>& slice,
                               bool distributions) {
  CompensatedSum covered;
  CompensatedSum missed;
  CompensatedSum beyond;  // what is covered, less 1
  beyond.add(-1);
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double share = q_weights.share(double(q[i]));
      (p[i] > 0 ? covered : missed).add(share);
      if (p[i] > 0) beyond.add(share);
    }
  });
  if (!(covered.value() > 0.5 && covered.value() < 2)) return -std::log2(covered.value());
  return -std::log1p(distributions ? -missed.value() : beyond.value()) / kLn2;
}

// log2 of the ratio of two shares, also where one of them underflows.
double log2_share_ratio(const Weights& p_weights, double p, const Weights& q_weights, double q) {
  const double a = p_weights.share(p);
  const double b = q_weights.share(q);
  if (a > 0.5 * b && a < 2 * b) return log_ratio(a, b) / kLn2;
  return p_weights.log2_share(p) - q_weights.log2_share(q);
}

// The power sum less 1, of shares: 1 + e * excess, e = alpha - 1, excess = sum of q phi(p/q) +
// p (e^y - 1 - y) / e, y = e ln(p/q): all terms positive for e > 0.
struct PowerSumOfRatios {
  CompensatedSum excess;
  // Of numbers that are no distributions, the sum of p - q is added to the excess; or else, where
  // p and q are far apart, the power sum is that of p (for alpha < 1/2, of q) and `changes`.
  CompensatedSum difference;
  CompensatedSum changes;
  CompensatedSum change_sizes;

  void add(double a, double b, double alpha) {
    const double e = alpha - 1;
    difference.add(a);
    difference.add(-b);
    if (a == 0 || b == 0) {
      excess.add(a == 0 ? b : -alpha * a / e);
      change(alpha < 0.5 ? -b : -a);
      return;
    }
    const double ratio = log_ratio(a, b);
    const double y = e * ratio;
    const double beyond = std::abs(y) < 1e-5 ? y * y * (0.5 + y / 6) : std::expm1(y) - y;
    excess.add(bregman(a, b) + a * beyond / e);
    change(alpha < 0.5 ? b * std::expm1(alpha * ratio) : a * std::expm1(y));
  }
  // Of numbers that are no distributions, and how much larger the terms are.
  template <class T>
  double as_is_beyond_one(const Slice<T>& slice, double alpha, double& size) const {
    const double e = alpha - 1;
    size = std::abs(e) * (std::abs(excess.value()) + std::abs(difference.value()));
    if (size <= change_sizes.value())
      return sum_beyond_one(slice, 0) + e * (excess.value() + difference.value());
    size = change_sizes.value();
    return sum_beyond_one(slice, alpha < 0.5 ? 1 : 0) + changes.value();
  }

 private:
  void change(double by) {
    changes.add(by);
    change_sizes.add(std::abs(by));
  }
};

// Other orders, in bits.
template <class T>
double renyi_divergence_bits(const Weights& p_weights, const Weights& q_weights,
                             const Slice<T>& slice, double alpha, bool distributions) {
  const double e = alpha - 1;
  double top = -kInfinity;  // log2 of the largest term
  double top_size = 0;      // of what it is the sum of
  PowerSumOfRatios less_one;
  const auto exponent = [&](double p, double q) {
    if (p == 0) return -kInfinity;
    if (q == 0) return alpha > 1 ? kInfinity : -kInfinity;
    return p_weights.log2_share(p) + e * log2_share_ratio(p_weights, p, q_weights, q);
  };
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      const double bits = exponent(double(p[i]), double(q[i]));
      if (bits > top) {
        top = bits;
        top_size = std::abs(p_weights.log2_share(double(p[i])));
      }
      less_one.add(p_weights.share(double(p[i])), q_weights.share(double(q[i])), alpha);
    }
  });
  if (std::isinf(top)) return top / e;
  CompensatedSum sum;
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      sum.add(std::exp2(exponent(double(p[i]), double(q[i])) - top));
  });
  const double rest = std::log2(sum.value());
  const double log2_sum = top + rest;
  if (distributions) {
    if (std::abs(log2_sum) < 1) return std::log1p(e * less_one.excess.value()) / (e * kLn2);
  } else if (std::abs(log2_sum) < 0.5) {
    double size = 0;
    const double beyond = less_one.as_is_beyond_one(slice, alpha, size);
    if (size <= top_size + rest) return std::log1p(beyond) / (e * kLn2);
  }
  return log2_sum / e;
}

// alpha = infinity: log2 of the largest p / q.
template <class T>
double max_divergence_bits(const Weights& p_weights, const Weights& q_weights,
                           const Slice<T>& slice) {
  double largest = -kInfinity;
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
      if (p[i] == 0) continue;
      largest = std::max(
          largest, q[i] == 0 ? kInfinity
                             : log2_share_ratio(p_weights, double(p[i]), q_weights, double(q[i])));
    }
  });
  return largest;
}

// The sum of the term over shares.
template <class T>
double sum_over_shares(const Request& request, const Slice<T>& slice, Definition::Term term) {
  const bool two = slice.operands() == 2;
  const Weights p_weights = weights_of(slice, 0, request.p);
  const Weights q_weights = two ? weights_of(slice, 1, request.q) : Weights{};
  CompensatedSum sum;
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
      sum.add(
          term(request, p_weights.share(double(p[i])), two ? q_weights.share(double(q[i])) : 0.0));
  });
  return sum.value();
}

}  // namespace

template <class T>
double sum_beyond_one(const Slice<T>& slice, int operand) {
  PYINFO_ASSERT(operand < slice.operands());
  CompensatedSum sum;
  sum.add(-1);
  slice.each_block([&](const T* p, const T* q, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) sum.add(double(operand == 0 ? p[i] : q[i]));
  });
  return sum.value();
}

double log_ratio(double a, double b) noexcept {
  if (a < 0.5 * b || b < 0.5 * a) {
    const double ratio = a / b;
    return std::isnormal(ratio) ? std::log(ratio) : std::log(a) - std::log(b);
  }
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
double entropy(const Request& request, const Slice<T>& slice) {
  return request.unit * entropy_bits(request, slice);
}

template <class T>
double cross_entropy(const Request& request, const Slice<T>& slice) {
  return request.unit * cross_entropy_bits(request, slice);
}

double renyi_entropy(const Request& request, const Slice<double>& slice) {
  const double alpha = request.alpha;
  if (alpha == 1) return request.unit * entropy_bits(request, slice);
  if (alpha == 0) return request.unit * std::log2(support_size(slice));
  const Weights weights = weights_of(slice, 0, request.p);
  if (alpha > 1e100)
    return request.unit * min_entropy_bits(weights, request.p == Normalization::divide, slice);
  return request.unit / (1 - alpha) * log2_power_sum(weights, slice, alpha);
}

double tsallis_entropy(const Request& request, const Slice<double>& slice) {
  const double alpha = request.alpha;
  if (alpha == 1) return kLn2 * entropy_bits(request, slice);
  if (alpha == 0) return support_size(slice) - 1;
  if (alpha > 1e100) return 0;
  return -std::expm1(kLn2 * log2_power_sum(weights_of(slice, 0, request.p), slice, alpha)) /
         (alpha - 1);
}

double renyi_divergence(const Request& request, const Slice<double>& slice) {
  const double alpha = request.alpha;
  const bool distributions = request.p != Normalization::as_is;
  const Weights p_weights = weights_of(slice, 0, request.p);
  const Weights q_weights = weights_of(slice, 1, request.q);
  if (alpha == 0) return request.unit * support_divergence_bits(q_weights, slice, distributions);
  if (alpha > 1e100) return request.unit * max_divergence_bits(p_weights, q_weights, slice);
  return request.unit * renyi_divergence_bits(p_weights, q_weights, slice, alpha, distributions);
}

template <class T>
double evaluate(const Measure& measure, const Request& request, const Slice<T>& slice) {
  PYINFO_ASSERT(measure.operands == slice.operands());
  const Definition& definition = measure.definition;
  if (definition.term != nullptr)
    return definition.of_sum(request, sum_over_shares(request, slice, definition.term));
  if constexpr (sizeof(T) == 8)
    return definition.f64(request, slice);
  else
    return definition.f32(request, slice);
}

template double sum_beyond_one<double>(const Slice<double>&, int);
template double entropy<double>(const Request&, const Slice<double>&);
template double entropy<float>(const Request&, const Slice<float>&);
template double cross_entropy<double>(const Request&, const Slice<double>&);
template double cross_entropy<float>(const Request&, const Slice<float>&);
template double evaluate<double>(const Measure&, const Request&, const Slice<double>&);
template double evaluate<float>(const Measure&, const Request&, const Slice<float>&);

}  // namespace pyinfo::measures::reference
