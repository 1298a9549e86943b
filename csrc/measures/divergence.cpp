// Divergences and distances between p and q from the kernels' sums.
//
// A divergence of distributions is a sum of non-negative terms (Bregman's form), so it is never
// negative and keeps its digits as p approaches q. Where p or q is divided by its sum, p is scaled
// by the ratio of the sums inside the kernel, in twice the precision, and the result by q's sum.
#include <cmath>
#include <limits>
#include <utility>

#include "measures/measure.hpp"
#include "measures/reference.hpp"

namespace pyinfo::measures {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLog2E = 1.44269504088896340736;
constexpr Result kInvalid = {0, Fault::invalid};

// The sums of a divergence's kernel, checked, in units of `divisor`.
struct Answer {
  enum Kind { sums_are_good, result_is_final, reference_is_due } kind = sums_are_good;
  Result result;  // if it is final: a fault or a NaN
  const Sums* sums = nullptr;
  double divisor = 1;

  double share(int i) const noexcept {
    return divisor == 1 ? sums->total(i) : sums->total(i) / divisor;
  }
};

Answer final(Result result) {
  Answer answer;
  answer.kind = Answer::result_is_final;
  answer.result = result;
  return answer;
}

// Sums that are not finite: an infinity or a NaN among the values, or an overflow.
template <class T>
Answer beyond_range(const Source<T>& source) {
  const Sums p = source.sum_of(0);
  const Sums q = source.sum_of(1);
  if (p.largest == kInfinity || q.largest == kInfinity) return final(kInvalid);
  const double sum = p.total(0) + q.total(0);
  if (std::isnan(sum)) return final({sum});
  Answer answer;
  answer.kind = Answer::reference_is_due;
  return answer;
}

// Whether the operands whose sums these are may be answered from them; else `answer` says what is
// wrong.
template <class T>
void check(const Request& request, const Source<T>& source, double p_sum, double q_sum,
           Answer& answer) {
  if (!values_are_valid(source, *answer.sums, p_sum + q_sum) ||
      (request.p != Normalization::divide &&
       !sum_is_valid(p_sum, request.p, request.p_tolerance)) ||
      (request.q != Normalization::divide && !sum_is_valid(q_sum, request.q, request.q_tolerance)))
    answer = final(kInvalid);
  else if (!(p_sum + q_sum <= kLargestWeight<T>))
    answer = beyond_range(source);
}

// ask() where p or q is divided by its sum.
template <class T>
void ask_scaled(const Request& request, const Source<T>& source, Kernel kernel,
                const Parameters& parameters, int difference, Answer& answer) {
  double total[2] = {1, 1};
  double rest[2] = {0, 0};
  const Normalization normalization[2] = {request.p, request.q};
  for (int i = 0; i < 2; ++i) {
    if (normalization[i] != Normalization::divide) continue;
    const Sums sums = source.sum_of(i);
    if (sums.smallest < 0 || sums.total(0) == 0 || sums.largest == kInfinity)
      return void(answer = final(kInvalid));
    total[i] = sums.total(0);
    rest[i] = sums.low[0] - (total[i] - sums.high[0]);
  }
  // q's sum / p's sum as a double-double.
  const double ratio = total[1] / total[0];
  if (!is_moderate<T>(total[0]) || !is_moderate<T>(total[1]) || !is_moderate<T>(ratio)) {
    for (int i = 0; i < 2; ++i) {
      const double tolerance = i == 0 ? request.p_tolerance : request.q_tolerance;
      if (normalization[i] == Normalization::check &&
          !sum_is_valid(source.sum_of(i).total(0), normalization[i], tolerance))
        return void(answer = final(kInvalid));
    }
    return void(answer = beyond_range(source));
  }
  const double remainder = std::fma(-ratio, total[0], total[1]) + (rest[1] - ratio * rest[0]);
  Parameters scaled = parameters;
  scaled.scaled = ratio != 1 || remainder != 0;
  scaled.ratio_high = ratio;
  scaled.ratio_low = remainder / total[0];
  answer.divisor = total[1] + rest[1];
  answer.sums = &source.sums(kernel, scaled);
  const double scaled_p = answer.sums->total(difference - 1);
  const double p_sum = scaled_p / (scaled.ratio_high + scaled.ratio_low);
  const double q_sum = scaled_p - answer.sums->total(difference);
  check(request, source, p_sum, q_sum, answer);
}

// `difference` is the place of the sum of p - q among the kernel's sums; the sum of p is before it.
// `answer` is fresh, and filled where it lies: a copy would have to wait for what was just written.
template <class T>
void ask(const Request& request, const Source<T>& source, Kernel kernel,
         const Parameters& parameters, int difference, Answer& answer) {
  if (request.p == Normalization::divide || request.q == Normalization::divide)
    return ask_scaled(request, source, kernel, parameters, difference, answer);
  answer.sums = &source.sums(kernel, parameters);
  const double p_sum = answer.sums->total(difference - 1);
  const double q_sum = p_sum - answer.sums->total(difference);
  check(request, source, p_sum, q_sum, answer);
}

// phi(1 + r) = (1 + r) ln(1 + r) - r.
double bregman_of_excess(double r) noexcept {
  return std::abs(r) < 1e-5 ? r * r * (0.5 - r / 6) : (1 + r) * std::log1p(r) - r;
}

// A divergence of positive measures is that of their shapes, times p's sum, and that of their sums.
// Distributions' sums are 1 but for rounding, which is no part of their divergence: `between` is
// what is between the sums.
double of_shapes(const Request& request, const Answer& answer, double nats, double between) {
  if (request.p == Normalization::as_is) return nats;
  return (nats - between) / (request.p == Normalization::check ? answer.share(1) : 1);
}

template <class T>
bool is_tiny(double value) noexcept {
  return value != 0 && std::abs(value) < kSmallestResult<T>;
}

}  // namespace

template <class T>
Result kl_divergence(const Request& request, const Source<T>& source) {
  Answer answer;
  ask(request, source, Kernel::kl, kPlain, 2, answer);
  if (answer.kind == Answer::result_is_final) return answer.result;
  if (answer.kind == Answer::reference_is_due)
    return reference::answer(request, Measure::kl_divergence, source);
  if (answer.sums->support == 0) return {kInfinity};
  const double r = answer.share(2);  // the sums' difference
  const double nats = request.p == Normalization::as_is
                          ? answer.share(0) + r
                          : of_shapes(request, answer, answer.share(0), bregman_of_excess(r));
  if (answer.sums->support < kSmallestArgument<T> || is_tiny<T>(nats))
    return reference::answer(request, Measure::kl_divergence, source);
  return {request.unit * kLog2E *
          (request.p == Normalization::as_is ? nats + 0.0 : not_negative(nats))};
}

template <class T>
Result js_divergence(const Request& request, const Source<T>& source) {
  Parameters parameters;
  parameters.weight_p = request.weight_p;
  parameters.weight_q = request.weight_q;
  Answer answer;
  ask(request, source, Kernel::js, parameters, 2, answer);
  if (answer.kind == Answer::result_is_final) return answer.result;
  if (answer.kind == Answer::reference_is_due)
    return reference::answer(request, Measure::js_divergence, source);
  const double r = answer.share(2);
  const double between = request.weight_p * bregman_of_excess(request.weight_q * r) +
                         request.weight_q * bregman_of_excess(-request.weight_p * r);
  const double nats = of_shapes(request, answer, answer.share(0), between);
  if (is_tiny<T>(nats)) return reference::answer(request, Measure::js_divergence, source);
  return {request.unit * kLog2E * not_negative(nats)};
}

Result jeffreys_divergence(const Request& request, const Source<double>& source) {
  Answer answer;
  ask(request, source, Kernel::jeffreys, kPlain, 2, answer);
  if (answer.kind == Answer::result_is_final) return answer.result;
  if (answer.kind == Answer::reference_is_due)
    return reference::answer(request, Measure::jeffreys_divergence, source);
  if (answer.sums->support == 0) return {kInfinity};
  const double r = answer.share(2);
  const double nats = of_shapes(request, answer, answer.share(0), r * std::log1p(r));
  if (answer.sums->support < kSmallestArgument<double> || is_tiny<double>(nats))
    return reference::answer(request, Measure::jeffreys_divergence, source);
  return {request.unit * kLog2E * not_negative(nats)};
}

Result hellinger_distance(const Request& request, const Source<double>& source) {
  Answer answer;
  ask(request, source, Kernel::hellinger, kPlain, 3, answer);
  if (answer.kind == Answer::result_is_final) return answer.result;
  if (answer.kind == Answer::reference_is_due)
    return reference::answer(request, Measure::hellinger_distance, source);
  return {std::sqrt(0.5 * answer.share(0))};
}

Result bhattacharyya_distance(const Request& request, const Source<double>& source) {
  Answer answer;
  ask(request, source, Kernel::hellinger, kPlain, 3, answer);
  if (answer.kind == Answer::result_is_final) return answer.result;
  if (answer.kind == Answer::reference_is_due)
    return reference::answer(request, Measure::bhattacharyya_distance, source);
  const double coefficient = answer.share(1);
  if (coefficient == 0) return {kInfinity};
  if (request.p == Normalization::as_is) return {-request.unit * std::log2(coefficient) + 0.0};
  // BC = 1 - H^2 with Hellinger's distance H, whose square keeps its digits near p = q.
  const double nats =
      coefficient > 0.5 ? -std::log1p(-0.5 * answer.share(0)) : -std::log(coefficient);
  return {request.unit * kLog2E * not_negative(nats)};
}

Result total_variation_distance(const Request& request, const Source<double>& source) {
  Answer answer;
  ask(request, source, Kernel::total_variation, kPlain, 2, answer);
  if (answer.kind == Answer::result_is_final) return answer.result;
  if (answer.kind == Answer::reference_is_due)
    return reference::answer(request, Measure::total_variation_distance, source);
  return {0.5 * answer.share(0)};
}

Result renyi_divergence(const Request& request, const Source<double>& source) {
  const double alpha = request.alpha;
  if (alpha == 1) return kl_divergence(request, source);
  const bool as_is = request.p == Normalization::as_is;
  if (alpha < 1e-300 || alpha > 1e100) {  // the limits, or as good as one
    Answer answer;
    ask(request, source, Kernel::total_variation, kPlain, 2, answer);
    if (answer.kind == Answer::result_is_final) return answer.result;
    Request limit = request;
    limit.alpha = alpha < 1 ? 0 : kInfinity;
    return reference::answer(limit, Measure::renyi_divergence, source);
  }
  // D_a(p || q) = a / (1 - a) D_{1 - a}(q || p): so the kernel's order is never below one half,
  // where its terms are well conditioned. The exponent is the order less 1, without rounding.
  const bool exchange = alpha < 0.5;
  const double exponent = exchange ? -alpha : alpha - 1;
  const double factor = exchange ? alpha / (1 - alpha) : 1;
  Request asked = request;
  if (exchange) {
    std::swap(asked.p, asked.q);
    std::swap(asked.p_tolerance, asked.q_tolerance);
  }
  const Source<double> exchanged = source.swapped();
  const Source<double>& operands = exchange ? exchanged : source;
  Parameters parameters;
  parameters.exponent = exponent;
  Answer answer;
  ask(asked, operands, Kernel::ratio_power, parameters, 3, answer);
  if (answer.kind == Answer::result_is_final) return answer.result;
  if (answer.kind == Answer::reference_is_due)
    return reference::answer(request, Measure::renyi_divergence, source);
  const double excess = answer.share(0);
  const double power_sum = answer.share(1);
  if (answer.sums->support == 0 && exponent > 0) return {kInfinity};
  if (!is_moderate<double>(power_sum) || is_tiny<double>(excess) ||
      (answer.sums->support < kSmallestArgument<double> && answer.sums->support > 0))
    return reference::answer(request, Measure::renyi_divergence, source);
  // The power sum is 1 + exponent * excess, which says it better while it is near 1.
  const double nats = !as_is && power_sum >= 0.5 && power_sum <= 2
                          ? std::log1p(exponent * excess) / exponent
                          : std::log(power_sum) / exponent;
  return {request.unit * kLog2E * factor * (as_is ? nats + 0.0 : not_negative(nats))};
}

FirstQuestion first_question(const Request& request) noexcept {
  FirstQuestion question;
  const bool divides = request.p == Normalization::divide ||
                       (operands(request.measure) == 2 && request.q == Normalization::divide);
  question.known = !divides;
  switch (request.measure) {
    case Measure::entropy:
      question.kernel = Kernel::x_log_x;
      question.known = true;  // divided or not: with a scale that evaluate() finds
      break;
    case Measure::cross_entropy:
      question.kernel = Kernel::x_log_y;
      break;
    case Measure::kl_divergence:
      question.kernel = Kernel::kl;
      break;
    case Measure::js_divergence:
    case Measure::js_distance:
      question.kernel = Kernel::js;
      question.parameters.weight_p = request.weight_p;
      question.parameters.weight_q = request.weight_q;
      break;
    case Measure::jeffreys_divergence:
      question.kernel = Kernel::jeffreys;
      break;
    case Measure::hellinger_distance:
    case Measure::bhattacharyya_distance:
      question.kernel = Kernel::hellinger;
      break;
    case Measure::total_variation_distance:
      question.kernel = Kernel::total_variation;
      break;
    default:
      question.known = false;  // the orders 0, 1 and infinity ask differently: slice by slice
  }
  return question;
}

template Result kl_divergence<double>(const Request&, const Source<double>&);
template Result kl_divergence<float>(const Request&, const Source<float>&);
template Result js_divergence<double>(const Request&, const Source<double>&);
template Result js_divergence<float>(const Request&, const Source<float>&);

}  // namespace pyinfo::measures
