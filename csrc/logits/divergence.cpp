// Entropy and divergences from the kernels' sums.
//
// With e = k (a - b - c) for any c, u = e^(k a) and v = u e^-e up to a factor, S the sum of u,
//   t = sum (v - u) / S,   F = sum u (e^-e - 1 + e) / S,   KL(p || q) = F - (t - log1p(t)),
// where all terms of F are at least 0. Little cancels as long as t^2 is not much larger than F,
// which c = a - b where a is largest sees to for flat rows and for peaked ones. Where it does not,
// c is the difference of the logarithms of the sums, which makes t 0. Of long rows a sample says
// first about what that is.
//
// Rows whose differences overflow are done over, slowly.
#include <cmath>
#include <limits>

#include "logits/each_row.hpp"
#include "logits/extreme_rows.hpp"
#include "logits/logits.hpp"
#include "logits/row_kernels.hpp"
#include "simd/assert.hpp"

namespace pyinfo::logits {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// t - log1p(t) >= 0 to all digits: with s = t / (2 + t), s (t - 2 s^2 (1 / 3 + s^2 / 5 + ...)).
double above_log1p(double t) noexcept {
  if (!(std::abs(t) < 0.25)) return t - std::log1p(t);
  const double s = t / (2 + t);
  const double z = s * s;
  double series = 1.0 / 23;
  for (int k = 21; k >= 3; k -= 2) series = series * z + 1.0 / k;
  return s * (t - 2 * z * series);
}

constexpr std::size_t kSampled = 8192;  // rows of so many logits
constexpr std::size_t kSample = 512;

// Two rows related: the pair with e = ln(p / q), the sum of u, and KL(p || q).
struct Related {
  Pair pair;
  double sum = kNaN;
  double kl = kNaN;
  bool is_centered = false;
};

class Divergence {
 public:
  Divergence(const Rows& a, const Rows& b, double temperature) noexcept
      : rows_(row_kernels(a.type())),
        pairs_(pair_kernels(a.type())),
        a_(a),
        b_(b),
        inverse_temperature_(1 / temperature) {
    PYINFO_ASSERT(a.count() == b.count() && a.classes() == b.classes() && a.type() == b.type());
    PYINFO_ASSERT(temperature > 0);
  }

  const PairKernels& kernels() const noexcept { return pairs_; }
  double inverse_temperature() const noexcept { return inverse_temperature_; }

  Related relate(std::size_t i) const noexcept {
    Related found{{a_.row(i), b_.row(i), a_.classes(), 0, 0, 0, inverse_temperature_}};
    Pair& pair = found.pair;
    const Largest top = rows_.largest(pair.a, pair.n);
    if (!std::isfinite(top.value)) {
      pair.a_origin = pair.center = kNaN;
      return found;
    }
    pair.a_origin = top.value;
    pair.center = top.value - rows_.element(pair.b, top.index);
    if (std::isfinite(pair.center)) {
      if (pair.n >= kSampled) center_by_sample(pair);
      if (sum_terms(found)) return found;
    }
    if (!recentered(found)) {
      center_exactly(found, top);
      if (!sum_terms(found)) recentered(found);
    }
    return found;
  }

  // Whether differences may have overflowed.
  bool is_extreme(const Related& found, std::size_t i) const noexcept {
    const double far = a_.type() == elements::Element::float64
                           ? std::numeric_limits<double>::max() / 8
                           : double(std::numeric_limits<float>::max()) / 8;
    if (!(std::abs(found.pair.a_origin) < far && std::abs(found.pair.center) < far)) return true;
    if (std::isinf(found.kl)) return !leaves_out(b_, a_, i);
    return std::isnan(found.kl);
  }

 private:
  // Moves the center to where t is 0. False if more digits are lost than need be: the sums were not
  // about it.
  bool sum_terms(Related& found) const noexcept {
    PairSums sums;
    pairs_.sums(found.pair, sums);
    const double t = sums.excess / sums.u;
    const double f = sums.bregman / sums.u;
    const double lost = above_log1p(t);
    found.sum = sums.u;
    found.kl = f - lost;
    if (found.kl < 0) found.kl = 0;
    found.is_centered = t > -0.999 && t < 1e6;
    if (found.is_centered) move_center(found.pair, -std::log1p(t) / inverse_temperature_);
    return found.is_centered && !(lost > 0.9 * f);
  }
  bool recentered(Related& found) const noexcept {
    return found.is_centered && (sum_terms(found), true);
  }

  // Moves the center to where t is about 0, as the first logits and the largest one have it: of
  // long rows that differ much, no second sum will be needed then.
  void center_by_sample(Pair& pair) const noexcept {
    Pair sample = pair;
    sample.n = kSample;
    PairSums sums;
    pairs_.sums(sample, sums);
    const double share = double(pair.n) / double(kSample);
    const double t = share * sums.excess / (1 + share * sums.u);  // the largest: u = v = 1
    if (t > -0.999 && t < 1e6) move_center(pair, -std::log1p(t) / inverse_temperature_);
  }

  static void move_center(Pair& pair, double by) noexcept {
    const double center = pair.center + by;
    const double back = center - pair.center;
    pair.center_rest += (pair.center - (center - back)) + (by - back);
    pair.center = center;
  }

  // The logarithm of the sum over a row, as far as it is above the largest logit.
  double above_top(const void* x, std::size_t n, const Largest& top) const noexcept {
    Spread spread{top.value, top.index, inverse_temperature_, 0, 0};
    rows_.spread(x, n, spread);
    return std::log1p(spread.rest) / inverse_temperature_;
  }

  void center_exactly(Related& found, const Largest& a_top) const noexcept {
    Pair& pair = found.pair;
    const Largest b_top = rows_.largest(pair.b, pair.n);
    pair.center = kNaN;
    if (!std::isfinite(b_top.value)) return;
    const double a_rest = above_top(pair.a, pair.n, a_top);
    const double b_rest = above_top(pair.b, pair.n, b_top);
    pair.a_origin = a_top.value + a_rest;
    pair.center = a_top.value - b_top.value;
    pair.center_rest = 0;
    move_center(pair, a_rest - b_rest);
  }

  const RowKernels& rows_;
  const PairKernels& pairs_;
  const Rows& a_;
  const Rows& b_;
  double inverse_temperature_;
};

}  // namespace

void kl_divergence(const Rows& a, const Rows& b, double temperature, const Results& results) {
  check_results(results, b);
  const Divergence divergence(a, b, temperature);
  each_row(a.count(), a.classes(), results.threads, [&](std::size_t i) {
    const Related found = divergence.relate(i);
    if (divergence.is_extreme(found, i)) {
      const ExtremeRows rows(a, b, i, divergence.inverse_temperature());
      if (rows.are_defined()) {
        results.values[i] = results.unit * rows.kl();
        if (results.gradient != nullptr)
          rows.kl_gradient(results.unit * results.scale * divergence.inverse_temperature(),
                           *results.gradient);
        return;
      }
    }
    results.values[i] = results.unit * found.kl;
    if (results.gradient == nullptr) return;
    const double factor =
        results.unit * results.scale * divergence.inverse_temperature() / found.sum;
    divergence.kernels().kl_gradient(found.pair, factor, results.gradient->row(i));
  });
}

void js_divergence(const Rows& a, const Rows& b, double temperature, double weight_a,
                   double weight_b, const Results& results) {
  PYINFO_ASSERT(weight_a >= 0 && weight_b >= 0);
  check_results(results, b);
  const Divergence divergence(a, b, temperature);
  each_row(a.count(), a.classes(), results.threads, [&](std::size_t i) {
    const Related found = divergence.relate(i);
    MixtureSums sums;
    divergence.kernels().mixture(found.pair, weight_a, weight_b, sums);
    const double js = sums.divergence / found.sum;
    if (std::isnan(js) || divergence.is_extreme(found, i)) {
      const ExtremeRows rows(a, b, i, divergence.inverse_temperature());
      if (rows.are_defined()) {
        results.values[i] = results.unit * rows.js(weight_a, weight_b);
        if (results.gradient != nullptr)
          rows.js_gradient(weight_a, weight_b,
                           results.unit * results.scale * divergence.inverse_temperature(),
                           *results.gradient);
        return;
      }
    }
    results.values[i] = results.unit * (js < 0 ? 0 : js);
    if (results.gradient == nullptr) return;
    const double factor =
        results.unit * results.scale * divergence.inverse_temperature() * weight_b / found.sum;
    divergence.kernels().js_gradient(found.pair, weight_a, weight_b, factor, sums.of_b / found.sum,
                                     results.gradient->row(i));
  });
}

void entropy(const Rows& x, double temperature, const Results& results) {
  PYINFO_ASSERT(temperature > 0);
  check_results(results, x);
  const RowKernels& kernels = row_kernels(x.type());
  each_row(x.count(), x.classes(), results.threads, [&](std::size_t i) {
    const void* const row = x.row(i);
    const Largest top = kernels.largest(row, x.classes());
    Spread spread{top.value, top.index, 1 / temperature, kNaN, kNaN};
    if (std::isfinite(top.value)) kernels.spread(row, x.classes(), spread);
    const double mean = spread.moment / (1 + spread.rest);
    results.values[i] = results.unit * (std::log1p(spread.rest) + mean);
    if (results.gradient == nullptr) return;
    const double factor =
        results.unit * results.scale * spread.inverse_temperature / (1 + spread.rest);
    kernels.entropy_gradient(row, results.gradient->row(i), x.classes(),
                             {top.value, spread.inverse_temperature, factor, mean});
  });
}

}  // namespace pyinfo::logits
