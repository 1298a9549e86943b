// Entropies and cross-entropy from the kernels' sums.
#include <cmath>
#include <limits>
#include <optional>

#include "measures/measure_table.hpp"

namespace pyinfo::measures {
namespace {

constexpr const Measure& kEntropy = row("entropy");
constexpr const Measure& kCrossEntropy = row("cross_entropy");
constexpr double kMostCancelled = 16;  // digits lost by adding what nearly cancels

// The entropy in bits of weights of which one outweighs all others together: H = log S - T / S
// would cancel. With the largest weight m and the rest R = S - m summed without it, H = m/S log(1 +
// R/m) + (R log S - sum of x log x over the rest) / S, all terms positive.
template <class T>
double dominated_entropy(const Slice<T>& slice, double scale, double total, double largest) {
  Parameters parameters;
  parameters.scaled = true;
  parameters.scale = scale;
  parameters.cap = total / 2;
  Sums storage;
  const Sums& rest = slice.sums(Kernel::remainder, parameters, storage);
  const double m = largest * scale;
  const double r = rest.total(1);
  const double sum = m + r;
  return (m * std::log1p(r / m) / kLn2 + (r * std::log2(sum) - rest.total(0))) / sum;
}

// Bits of weights divided by their sum, in one pass: with x scaled so that S is near 1,
// H = log S - T / S, S = sum x, T = sum x log x.
template <class T>
Result entropy_of_weights(const Request& request, const Slice<T>& slice) {
  Parameters parameters;
  parameters.scaled = true;
  if (slice.known() != nullptr) {
    parameters.scale = slice.known()->scale;
  } else {
    double estimate = slice.estimate_sum();
    if (!is_moderate<T>(estimate)) estimate = slice.sum_of(0).total(0);
    if (is_moderate<T>(estimate)) parameters.scale = std::ldexp(1.0, -std::ilogb(estimate));
  }
  Sums storage;
  const Sums* sums = &slice.sums(Kernel::x_log_x, parameters, storage);
  double total = sums->total(1);
  if (!values_are_valid(slice, *sums, total)) return kInvalid;
  if (std::isnan(total)) return {total};
  if (total == 0 && slice.sum_of(0).largest == 0) return kInvalid;
  if (!is_moderate<T>(total / parameters.scale))
    return reference::fallback(kEntropy, request, slice);
  double bits = std::log2(total) - sums->total(0) / total;
  if (!(std::abs(std::log2(total)) <= bits) && !(total >= 0.5 && total <= 2)) {
    // The estimate was far off, and digits cancelled: once more with the right power of two.
    parameters.scale *= std::ldexp(1.0, -std::ilogb(total));
    sums = &slice.sums(Kernel::x_log_x, parameters, storage);
    total = sums->total(1);
    bits = std::log2(total) - sums->total(0) / total;
  }
  if (bits < 1) {
    const double largest = slice.sum_of(0).largest;
    if (largest * parameters.scale > total / 2)
      bits = dominated_entropy(slice, parameters.scale, total, largest);
  }
  if (is_tiny<T>(bits)) return reference::fallback(kEntropy, request, slice);
  return {request.unit * not_negative(bits)};
}

}  // namespace

template <class T>
Result entropy(const Request& request, const Slice<T>& slice) {
  if (request.p == Normalization::divide) return entropy_of_weights(request, slice);
  Sums storage;
  const Sums& sums = slice.sums(Kernel::x_log_x, kPlain, storage);
  const double total = sums.total(1);
  if (!values_are_valid(slice, sums, total) || !sum_is_valid(total, request.p, request.p_tolerance))
    return kInvalid;
  const double bits = -sums.total(0);
  if (is_tiny<T>(bits) || total > kLargestWeight<T>)
    return reference::fallback(kEntropy, request, slice);
  return {request.unit * (request.p == Normalization::check ? not_negative(bits) : bits + 0.0)};
}

template <class T>
Result cross_entropy(const Request& request, const Slice<T>& slice) {
  Parameters parameters;
  double q_total = 1;
  if (request.q == Normalization::divide) {
    const Sums q = slice.sum_of(1);
    q_total = q.total(0);
    if (!values_are_valid(slice, q, q_total) || q_total == 0) return kInvalid;
    parameters.scaled = true;
    if (is_moderate<T>(q_total)) parameters.scale = std::ldexp(1.0, -std::ilogb(q_total));
  }
  Sums storage;
  const Sums& sums = slice.sums(Kernel::x_log_y, parameters, storage);
  const double p_sum = sums.total(1);
  const double q_sum = sums.total(2) / parameters.scale;
  if (!values_are_valid(slice, sums, p_sum + q_sum) ||
      !sum_is_valid(p_sum, request.p, request.p_tolerance) ||
      !sum_is_valid(q_sum, request.q, request.q_tolerance))
    return kInvalid;
  if (std::isnan(p_sum) || std::isnan(q_sum)) return {p_sum + q_sum};
  if (sums.support == 0) return {kInfinity};
  const bool divide_p = request.p == Normalization::divide;
  const bool divide_q = request.q == Normalization::divide;
  if (sums.support < kSmallestArgument<T> || p_sum + q_sum > kLargestWeight<T> ||
      (divide_q && !is_moderate<T>(q_total)) || (divide_p && !is_moderate<T>(p_sum)))
    return reference::fallback(kCrossEntropy, request, slice);
  double bits = -sums.total(0);
  if (divide_q) bits += std::log2(q_total * parameters.scale) * p_sum;
  if (divide_p) bits /= p_sum;
  if (divide_q && bits < 1) {
    // Close to 0 digits cancel; both parts of H(p, q) = H(p) + D(p || q) keep theirs.
    const Result own = entropy(request, slice);
    const Result wasted = kl_divergence(request, slice);
    return {own.value + wasted.value};
  }
  if (is_tiny<T>(bits)) return reference::fallback(kCrossEntropy, request, slice);
  return {request.unit * (request.p == Normalization::as_is ? bits + 0.0 : not_negative(bits))};
}

namespace {

// Whether p is a distribution, and its sum in `total`; for orders that need nothing else of a
// kernel.
Result check_weights(const Request& request, const Slice<double>& slice, double& total) {
  const Sums sums = slice.sum_of(0);
  total = sums.total(0);
  if (!values_are_valid(slice, sums, total) || !sum_is_valid(total, request.p, request.p_tolerance))
    return kInvalid;
  return {total};
}

// Order 0, or one that differs from infinity by less than rounding.
bool is_limit(double alpha) noexcept { return alpha == 0 || alpha > 1e100; }

// The power sums of order alpha: sums.total(0) of p^alpha - p, total(1) of p^alpha, total(2) of p.
// Or the result, where these do not serve.
struct PowerSums {
  Sums sums;
  std::optional<Result> result;
};

PowerSums power_sums(const Measure& measure, const Request& request, const Slice<double>& slice) {
  const bool divide = request.p == Normalization::divide;
  double divisor = 1;
  if (divide || is_limit(request.alpha)) {
    const Result checked = check_weights(request, slice, divisor);
    if (checked.fault != Fault::none || std::isnan(divisor)) return {{}, checked};
    if (is_limit(request.alpha) || !is_moderate<double>(divisor))
      return {{}, reference::fallback(measure, request, slice)};
  }
  Parameters parameters;
  parameters.exponent = request.alpha - 1;
  parameters.scaled = divide;
  parameters.scale = 1 / divisor;
  Sums storage;
  const Sums& sums = slice.sums(Kernel::power, parameters, storage);
  const double total = sums.total(2);
  if (!values_are_valid(slice, sums, total) ||
      (!divide && !sum_is_valid(total, request.p, request.p_tolerance)))
    return {{}, kInvalid};
  if (std::isnan(total)) return {{}, Result{total}};
  if (sums.support < kSmallestArgument<double>)
    return {{}, reference::fallback(measure, request, slice)};
  return {sums, std::nullopt};
}

}  // namespace

namespace {

// Of numbers that are no distribution: the power sum less 1, which near order 1 is mostly what the
// sum of p is beyond 1 and what the powers add. Nothing where they leave too little of each other.
std::optional<double> power_sum_beyond_one(const Slice<double>& slice, const Sums& sums) {
  const double change = sums.total(0);
  const double beyond = reference::sum_beyond_one(slice, 0) + change;
  if (std::abs(change) > kMostCancelled * std::abs(beyond)) return std::nullopt;
  return beyond;
}
bool is_near_one(double power_sum) noexcept { return std::abs(power_sum - 1) < 1 / kMostCancelled; }

}  // namespace

Result renyi_entropy(const Request& request, const Slice<double>& slice) {
  constexpr const Measure& measure = row("renyi_entropy");
  const double alpha = request.alpha;
  if (alpha == 1) return entropy(request, slice);
  const auto [sums, result] = power_sums(measure, request, slice);
  if (result) return *result;
  const double power_sum = sums.total(1);
  if (!is_moderate<double>(power_sum)) return reference::fallback(measure, request, slice);
  const bool as_is = request.p == Normalization::as_is;
  const auto of_bits = [&](double bits) -> Result {
    return {request.unit * (as_is ? bits + 0.0 : not_negative(bits))};
  };
  if (as_is && is_near_one(power_sum)) {
    const std::optional<double> beyond = power_sum_beyond_one(slice, sums);
    if (!beyond) return reference::fallback(measure, request, slice);
    return of_bits(std::log1p(*beyond) / (1 - alpha) / kLn2);
  }
  // Near alpha = 1 the power sum is near 1: its distance from the sum of p keeps the digits.
  if (!as_is && power_sum >= 0.5 && power_sum <= 2)
    return of_bits(std::log1p(sums.total(0) / sums.total(2)) / (1 - alpha) / kLn2);
  return of_bits(std::log2(power_sum) / (1 - alpha));
}

Result tsallis_entropy(const Request& request, const Slice<double>& slice) {
  constexpr const Measure& measure = row("tsallis_entropy");
  const double alpha = request.alpha;
  if (alpha == 1) {
    Request nats = request;
    nats.unit = kLn2;
    return entropy(nats, slice);
  }
  const auto [sums, result] = power_sums(measure, request, slice);
  if (result) return *result;
  if (request.p == Normalization::as_is) {
    if (!is_near_one(sums.total(1))) return {(1 - sums.total(1)) / (alpha - 1) + 0.0};
    const std::optional<double> beyond = power_sum_beyond_one(slice, sums);
    if (!beyond) return reference::fallback(measure, request, slice);
    return {-*beyond / (alpha - 1) + 0.0};
  }
  return {not_negative(-sums.total(0) / (alpha - 1))};
}

template Result entropy<double>(const Request&, const Slice<double>&);
template Result entropy<float>(const Request&, const Slice<float>&);
template Result cross_entropy<double>(const Request&, const Slice<double>&);
template Result cross_entropy<float>(const Request&, const Slice<float>&);

}  // namespace pyinfo::measures
