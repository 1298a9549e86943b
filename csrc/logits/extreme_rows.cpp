#include "logits/extreme_rows.hpp"

#include <cmath>
#include <limits>

#include "logits/row_kernels.hpp"

namespace pyinfo::logits {
namespace {

// Of two doubles so scaled, the difference is one; what underflows is nothing beside what is large.
constexpr double kQuarter = 0.25;

// x (ln x - ln y), 0 for x = 0.
double term(double log_x, double log_y) noexcept {
  const double x = std::exp(log_x);
  return x == 0 ? 0 : x * (log_x - log_y);
}

// ln(weight_a p + weight_b q), -inf for 0.
double log_mixture(double weight_a, double log_p, double weight_b, double log_q) noexcept {
  return std::log(weight_a * std::exp(log_p) + weight_b * std::exp(log_q));
}

}  // namespace

bool leaves_out(const Rows& q, const Rows& p, std::size_t row) noexcept {
  const auto element = row_kernels(p.type()).element;
  const auto is_masked = [&](const Rows& rows, std::size_t i) {
    return element(rows.row(row), i) == -std::numeric_limits<double>::infinity();
  };
  for (std::size_t i = 0; i < p.classes(); ++i)
    if (is_masked(q, i) && !is_masked(p, i)) return true;
  return false;
}

ExtremeRows::LogSoftmax::LogSoftmax(const Rows& rows, std::size_t row,
                                    double inverse_temperature) noexcept
    : element_(row_kernels(rows.type()).element),
      x_(rows.row(row)),
      inverse_temperature_(inverse_temperature),
      quarter_top_(-std::numeric_limits<double>::infinity()) {
  for (std::size_t i = 0; i < rows.classes(); ++i) {
    const double x = kQuarter * element_(x_, i);
    if (!(x <= quarter_top_)) quarter_top_ = x;
    if (std::isnan(quarter_top_)) return;
  }
  if (!is_defined()) return;
  double sum = 0;
  for (std::size_t i = 0; i < rows.classes(); ++i) sum += std::exp(above_top(i));
  log_sum_ = std::log(sum);
}

bool ExtremeRows::LogSoftmax::is_defined() const noexcept { return std::isfinite(quarter_top_); }

double ExtremeRows::LogSoftmax::quarter_above_top(std::size_t i) const noexcept {
  return kQuarter * element_(x_, i) - quarter_top_;
}

ExtremeRows::ExtremeRows(const Rows& a, const Rows& b, std::size_t row,
                         double inverse_temperature) noexcept
    : a_(a),
      b_(b),
      row_(row),
      inverse_temperature_(inverse_temperature),
      p_(a, row, inverse_temperature),
      q_(b, row, inverse_temperature) {}

double ExtremeRows::kl() const noexcept {
  if (leaves_out(b_, a_, row_)) return std::numeric_limits<double>::infinity();
  double sum = 0;  // its quarter: the mean may be finite where the logarithm of a ratio is not
  for (std::size_t i = 0; i < a_.classes(); ++i) {
    const double p = std::exp(p_[i]);
    if (p > 0) sum += p * (p_.quarter_above_top(i) - q_.quarter_above_top(i));
  }
  const double kl = 4 * inverse_temperature_ * sum + (q_.log_sum() - p_.log_sum());
  return kl < 0 ? 0 : kl;
}

void ExtremeRows::kl_gradient(double factor, const Rows& out) const noexcept {
  const auto set = row_kernels(out.type()).set_element;
  for (std::size_t i = 0; i < a_.classes(); ++i)
    set(out.row(row_), i, factor * (std::exp(q_[i]) - std::exp(p_[i])));
}

double ExtremeRows::js(double weight_a, double weight_b) const noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < a_.classes(); ++i) {
    const double log_m = log_mixture(weight_a, p_[i], weight_b, q_[i]);
    if (weight_a > 0) sum += weight_a * term(p_[i], log_m);
    if (weight_b > 0) sum += weight_b * term(q_[i], log_m);
  }
  return sum < 0 ? 0 : sum;
}

void ExtremeRows::js_gradient(double weight_a, double weight_b, double factor,
                              const Rows& out) const noexcept {
  const auto set = row_kernels(out.type()).set_element;
  const auto of_q = [&](std::size_t i) {
    return weight_b > 0 ? term(q_[i], log_mixture(weight_a, p_[i], weight_b, q_[i])) : 0;
  };
  double mean = 0;
  for (std::size_t i = 0; i < a_.classes(); ++i) mean += of_q(i);
  for (std::size_t i = 0; i < a_.classes(); ++i)
    set(out.row(row_), i, factor * weight_b * (of_q(i) - std::exp(q_[i]) * mean));
}

}  // namespace pyinfo::logits
