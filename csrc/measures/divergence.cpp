// Divergences and distances between p and q from the kernels' sums.
//
// A divergence of distributions is a sum of non-negative terms (Bregman's form), so it is never
// negative and keeps its digits as p approaches q. Where p or q is divided by its sum, p is scaled
// by the ratio of the sums inside the kernel, in twice the precision, and the result by q's sum.
#include <cmath>
#include <utility>

#include "measures/measure_table.hpp"
#include "simd/assert.hpp"

namespace pyinfo::measures {
namespace {

// The sums of a divergence's kernel, checked, in units of `divisor`. Or the result, if it is known
// already: a fault or a NaN.
struct DivergenceSums {
  enum Status { good, final, beyond_range } status = good;
  Result result;
  Sums storage;
  const Sums* sums = nullptr;
  double divisor = 1;

  DivergenceSums() = default;
  DivergenceSums(const DivergenceSums&) = delete;
  DivergenceSums& operator=(const DivergenceSums&) = delete;

  double share(int i) const noexcept {
    return divisor == 1 ? sums->total(i) : sums->total(i) / divisor;
  }
  void finish(Result with) noexcept {
    status = final;
    result = with;
  }
};

// Sums that are not finite: an infinity or a NaN among the values, or an overflow.
template <class T>
void find_cause(const Slice<T>& slice, DivergenceSums& found) {
  const Sums p = slice.sum_of(0);
  const Sums q = slice.sum_of(1);
  if (p.largest == kInfinity || q.largest == kInfinity) return found.finish(kInvalid);
  const double sum = p.total(0) + q.total(0);
  if (std::isnan(sum)) return found.finish({sum});
  found.status = DivergenceSums::beyond_range;
}

// Whether the operands, whose sums these are, are valid and within range.
template <class T>
void check(const Request& request, const Slice<T>& slice, double p_sum, double q_sum,
           DivergenceSums& found) {
  if (!values_are_valid(slice, *found.sums, p_sum + q_sum) ||
      (request.p != Normalization::divide &&
       !sum_is_valid(p_sum, request.p, request.p_tolerance)) ||
      (request.q != Normalization::divide && !sum_is_valid(q_sum, request.q, request.q_tolerance)))
    found.finish(kInvalid);
  else if (!(p_sum + q_sum <= kLargestWeight<T>))
    find_cause(slice, found);
}

// divergence_sums() where p or q is divided by its sum.
template <class T>
void scaled_sums(const Request& request, const Slice<T>& slice, Kernel kernel,
                 const Parameters& parameters, int difference, DivergenceSums& found) {
  double total[2] = {1, 1};
  double rest[2] = {0, 0};
  const Normalization normalization[2] = {request.p, request.q};
  for (int i = 0; i < 2; ++i) {
    if (normalization[i] != Normalization::divide) continue;
    const Sums sums = slice.sum_of(i);
    if (sums.smallest < 0 || sums.total(0) == 0 || sums.largest == kInfinity)
      return found.finish(kInvalid);
    total[i] = sums.total(0);
    rest[i] = sums.low[0] - (total[i] - sums.high[0]);
  }
  // q's sum / p's sum as a double-double.
  const double ratio = total[1] / total[0];
  if (!is_moderate<T>(total[0]) || !is_moderate<T>(total[1]) || !is_moderate<T>(ratio)) {
    for (int i = 0; i < 2; ++i) {
      const double tolerance = i == 0 ? request.p_tolerance : request.q_tolerance;
      if (normalization[i] == Normalization::check &&
          !sum_is_valid(slice.sum_of(i).total(0), normalization[i], tolerance))
        return found.finish(kInvalid);
    }
    return find_cause(slice, found);
  }
  const double remainder = std::fma(-ratio, total[0], total[1]) + (rest[1] - ratio * rest[0]);
  Parameters scaled = parameters;
  scaled.scaled = ratio != 1 || remainder != 0;
  scaled.ratio_high = ratio;
  scaled.ratio_low = remainder / total[0];
  found.divisor = total[1] + rest[1];
  found.sums = &slice.sums(kernel, scaled, found.storage);
  const double scaled_p = found.sums->total(difference - 1);
  const double p_sum = scaled_p / (scaled.ratio_high + scaled.ratio_low);
  const double q_sum = scaled_p - found.sums->total(difference);
  check(request, slice, p_sum, q_sum, found);
}

// `difference` is the place of the sum of p - q among the kernel's sums; the sum of p is before it.
// `found` is fresh, and filled where it lies: a copy would have to wait for what was just written.
template <class T>
void divergence_sums(const Request& request, const Slice<T>& slice, Kernel kernel,
                     const Parameters& parameters, int difference, DivergenceSums& found) {
  PYINFO_ASSERT(difference == shape(kernel).sums - 1);
  if (request.p == Normalization::divide || request.q == Normalization::divide)
    return scaled_sums(request, slice, kernel, parameters, difference, found);
  found.sums = &slice.sums(kernel, parameters, found.storage);
  const double p_sum = found.sums->total(difference - 1);
  const double q_sum = p_sum - found.sums->total(difference);
  check(request, slice, p_sum, q_sum, found);
}

// The result where there are no good sums.
template <class T>
Result without_sums(const Measure& measure, const Request& request, const Slice<T>& slice,
                    const DivergenceSums& found) {
  return found.status == DivergenceSums::final ? found.result
                                               : reference::fallback(measure, request, slice);
}

// Of numbers that are no distributions, the divergence is what Bregman's form and the difference of
// the sums leave of each other. Where they are larger than it by such a factor, the terms are added
// up as they are.
template <class T>
constexpr double kMostCancelled = sizeof(T) == 8 ? 16 : 4;

// phi(1 + r) = (1 + r) ln(1 + r) - r.
double bregman_of_excess(double r) noexcept {
  return std::abs(r) < 1e-5 ? r * r * (0.5 - r / 6) : (1 + r) * std::log1p(r) - r;
}

// A divergence of positive measures is that of their shapes, times p's sum, and that of their sums.
// Distributions' sums are 1 but for rounding, which is no part of their divergence: `between` is
// what is between the sums.
double of_shapes(const Request& request, const DivergenceSums& found, double nats, double between) {
  if (request.p == Normalization::as_is) return nats;
  return (nats - between) / (request.p == Normalization::check ? found.share(1) : 1);
}

}  // namespace

template <class T>
Result kl_divergence(const Request& request, const Slice<T>& slice) {
  constexpr const Measure& measure = row("kl_divergence");
  DivergenceSums found;
  divergence_sums(request, slice, Kernel::kl, kPlain, 2, found);
  if (found.status != DivergenceSums::good) return without_sums(measure, request, slice, found);
  if (found.sums->support == 0) return {kInfinity};
  const double r = found.share(2);  // the sums' difference
  const bool as_is = request.p == Normalization::as_is;
  const double nats =
      as_is ? found.share(0) + r : of_shapes(request, found, found.share(0), bregman_of_excess(r));
  if (found.sums->support < kSmallestArgument<T> || is_tiny<T>(nats) ||
      (as_is && found.share(0) + std::abs(r) > kMostCancelled<T> * std::abs(nats)))
    return reference::fallback(measure, request, slice);
  return {request.unit * kLog2E * (as_is ? nats + 0.0 : not_negative(nats))};
}

template <class T>
Result js_divergence(const Request& request, const Slice<T>& slice) {
  constexpr const Measure& measure = row("js_divergence");
  Parameters parameters;
  parameters.weight_p = request.weight_p;
  parameters.weight_q = request.weight_q;
  DivergenceSums found;
  divergence_sums(request, slice, Kernel::js, parameters, 2, found);
  if (found.status != DivergenceSums::good) return without_sums(measure, request, slice, found);
  const double r = found.share(2);
  const double between = request.weight_p * bregman_of_excess(request.weight_q * r) +
                         request.weight_q * bregman_of_excess(-request.weight_p * r);
  const double nats = of_shapes(request, found, found.share(0), between);
  if (is_tiny<T>(nats)) return reference::fallback(measure, request, slice);
  return {request.unit * kLog2E * not_negative(nats)};
}

template <class T>
Result js_distance(const Request& request, const Slice<T>& slice) {
  Result result = js_divergence(request, slice);
  result.value = std::sqrt(result.value);
  return result;
}

Result jeffreys_divergence(const Request& request, const Slice<double>& slice) {
  constexpr const Measure& measure = row("jeffreys_divergence");
  DivergenceSums found;
  divergence_sums(request, slice, Kernel::jeffreys, kPlain, 2, found);
  if (found.status != DivergenceSums::good) return without_sums(measure, request, slice, found);
  if (found.sums->support == 0) return {kInfinity};
  const double r = found.share(2);
  const double nats = of_shapes(request, found, found.share(0), r * std::log1p(r));
  if (found.sums->support < kSmallestArgument<double> || is_tiny<double>(nats))
    return reference::fallback(measure, request, slice);
  return {request.unit * kLog2E * not_negative(nats)};
}

Result hellinger_distance(const Request& request, const Slice<double>& slice) {
  constexpr const Measure& measure = row("hellinger_distance");
  DivergenceSums found;
  divergence_sums(request, slice, Kernel::hellinger, kPlain, 3, found);
  if (found.status != DivergenceSums::good) return without_sums(measure, request, slice, found);
  return {std::sqrt(0.5 * found.share(0))};
}

Result bhattacharyya_distance(const Request& request, const Slice<double>& slice) {
  constexpr const Measure& measure = row("bhattacharyya_distance");
  DivergenceSums found;
  divergence_sums(request, slice, Kernel::hellinger, kPlain, 3, found);
  if (found.status != DivergenceSums::good) return without_sums(measure, request, slice, found);
  const double coefficient = found.share(1);
  if (coefficient == 0) return {kInfinity};
  if (request.p == Normalization::as_is) {
    // BC = (sum of p + sum of q) / 2 - H^2.
    const double rest = 0.5 * found.share(0);
    double beyond = coefficient - 1;
    if (std::abs(beyond) < 1 / kMostCancelled<double> && rest < 1)
      beyond =
          0.5 * (reference::sum_beyond_one(slice, 0) + reference::sum_beyond_one(slice, 1)) - rest;
    else
      return {-request.unit * std::log2(coefficient) + 0.0};
    return {-request.unit * kLog2E * std::log1p(beyond) + 0.0};
  }
  // BC = 1 - H^2 with Hellinger's distance H, whose square keeps its digits near p = q.
  const double nats =
      coefficient > 0.5 ? -std::log1p(-0.5 * found.share(0)) : -std::log(coefficient);
  return {request.unit * kLog2E * not_negative(nats)};
}

Result total_variation_distance(const Request& request, const Slice<double>& slice) {
  constexpr const Measure& measure = row("total_variation_distance");
  DivergenceSums found;
  divergence_sums(request, slice, Kernel::total_variation, kPlain, 2, found);
  if (found.status != DivergenceSums::good) return without_sums(measure, request, slice, found);
  return {0.5 * found.share(0)};
}

Result renyi_divergence(const Request& request, const Slice<double>& slice) {
  constexpr const Measure& measure = row("renyi_divergence");
  const double alpha = request.alpha;
  if (alpha == 1) return kl_divergence(request, slice);
  const bool as_is = request.p == Normalization::as_is;
  if (alpha < 1e-300 || alpha > 1e100) {  // the limits, or as good as one
    DivergenceSums found;
    divergence_sums(request, slice, Kernel::total_variation, kPlain, 2, found);
    if (found.status == DivergenceSums::final) return found.result;
    Request limit = request;
    limit.alpha = alpha < 1 ? 0 : kInfinity;
    return reference::fallback(measure, limit, slice);
  }
  // D_a(p || q) = a / (1 - a) D_{1 - a}(q || p): so the kernel's order is never below one half,
  // where its terms are well conditioned. The exponent is the order less 1, without rounding.
  const bool exchange = alpha < 0.5;
  const double exponent = exchange ? -alpha : alpha - 1;
  const double factor = exchange ? alpha / (1 - alpha) : 1;
  Request of_kernel = request;
  if (exchange) {
    std::swap(of_kernel.p, of_kernel.q);
    std::swap(of_kernel.p_tolerance, of_kernel.q_tolerance);
  }
  const Slice<double> exchanged = slice.exchanged();
  const Slice<double>& operands = exchange ? exchanged : slice;
  Parameters parameters;
  parameters.exponent = exponent;
  DivergenceSums found;
  divergence_sums(of_kernel, operands, Kernel::ratio_power, parameters, 3, found);
  if (found.status != DivergenceSums::good) return without_sums(measure, request, slice, found);
  const double excess = found.share(0);
  const double power_sum = found.share(1);
  if (found.sums->support == 0 && exponent > 0) return {kInfinity};
  if (!is_moderate<double>(power_sum) || is_tiny<double>(excess) ||
      (found.sums->support < kSmallestArgument<double> && found.sums->support > 0))
    return reference::fallback(measure, request, slice);
  // The power sum is 1 + exponent * excess, which says it better while it is near 1. Of numbers
  // that are no distributions, what their sums differ by and what p's differs from 1 come to that.
  double beyond = exponent * excess;
  bool near_one = power_sum >= 0.5 && power_sum <= 2;
  if (as_is) near_one = std::abs(power_sum - 1) < 1 / kMostCancelled<double>;
  if (as_is && near_one) {
    const double difference = found.share(3);
    beyond = exponent * (excess + difference) + reference::sum_beyond_one(operands, 0);
    if (std::abs(exponent) * (std::abs(excess) + std::abs(difference)) >
        kMostCancelled<double> * std::abs(beyond))
      return reference::fallback(measure, request, slice);
  }
  const double nats = (near_one ? std::log1p(beyond) : std::log(power_sum)) / exponent;
  return {request.unit * kLog2E * factor * (as_is ? nats + 0.0 : not_negative(nats))};
}

template Result kl_divergence<double>(const Request&, const Slice<double>&);
template Result kl_divergence<float>(const Request&, const Slice<float>&);
template Result js_divergence<double>(const Request&, const Slice<double>&);
template Result js_divergence<float>(const Request&, const Slice<float>&);
template Result js_distance<double>(const Request&, const Slice<double>&);
template Result js_distance<float>(const Request&, const Slice<float>&);

}  // namespace pyinfo::measures
