#include "quantization/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pyinfo::quantization::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Divergence of two histograms of any sums.
double divergence(const std::vector<double>& p, const std::vector<double>& q) {
  double p_sum = 0;
  double q_sum = 0;
  for (double x : p) p_sum += x;
  for (double x : q) q_sum += x;
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!(p[i] > 0)) continue;
    if (!(q[i] > 0)) return kInfinity;
    sum += p[i] / p_sum * std::log(p[i] / p_sum / (q[i] / q_sum));
  }
  return sum;
}

double sum_of(const std::vector<double>& x, std::size_t first, std::size_t last) {
  double sum = 0;
  for (std::size_t i = first; i < last; ++i) sum += x[i];
  return sum;
}

// Zeros become 1e-4, which the others give. False if they cannot, or all are zeros.
bool smooth(std::vector<double>& x) {
  constexpr double eps = 1e-4;
  const double zeros = double(std::count(x.begin(), x.end(), 0.0));
  const double others = double(x.size()) - zeros;
  if (others == 0 || !(eps * zeros / others < 1)) return false;
  for (double& each : x) each += each == 0 ? eps : -eps * zeros / others;
  return true;
}

}  // namespace

template <class T>
std::int32_t integer(T x, T step, std::int32_t low, std::int32_t high, T dead_zone) noexcept {
  const T magnitude = std::max(std::abs(x / step) - dead_zone, T(0));
  const T quotient = std::copysign(magnitude, x);
  if (!(quotient > T(low))) return low;
  if (quotient > T(high)) return high;
  return std::int32_t(std::nearbyint(quotient));
}
template std::int32_t integer(float, float, std::int32_t, std::int32_t, float) noexcept;
template std::int32_t integer(double, double, std::int32_t, std::int32_t, double) noexcept;

std::int64_t bin(double x, int exponent, std::size_t zero_bin) noexcept {
  const auto distance = std::int64_t(std::floor(std::ldexp(std::abs(x), -exponent)));
  return x < 0 && zero_bin > 0 ? std::int64_t(zero_bin) - 1 - distance
                               : std::int64_t(zero_bin) + distance;
}

double grouped_divergence(const std::vector<double>& counts, std::size_t i, std::size_t levels) {
  std::vector<double> p(counts.begin(), counts.begin() + std::ptrdiff_t(i));
  std::vector<double> q(i, 0);
  for (std::size_t g = 0; g < levels; ++g) {
    const auto inside = [&](std::size_t k) { return k * levels / i == g; };
    double sum = 0;
    double occupied = 0;
    for (std::size_t k = 0; k < i; ++k) {
      if (!inside(k)) continue;
      sum += counts[k];
      occupied += counts[k] > 0;
    }
    for (std::size_t k = 0; k < i; ++k)
      if (inside(k) && counts[k] > 0) q[k] = sum / occupied;
  }
  p[i - 1] += sum_of(counts, i, counts.size());
  return sum_of(q, 0, i) > 0 ? divergence(p, q) : kInfinity;
}

double smoothed_divergence(const std::vector<double>& counts, std::size_t i, std::size_t levels) {
  const std::size_t middle = counts.size() / 2;
  const std::size_t begin = middle - i;
  const std::size_t end = std::min(middle + i + 1, counts.size());
  const std::vector<double> window(counts.begin() + std::ptrdiff_t(begin),
                                   counts.begin() + std::ptrdiff_t(end));
  std::vector<double> p = window;
  p.front() += sum_of(counts, 0, begin);
  p.back() += sum_of(counts, end, counts.size());
  const std::size_t merged = window.size() / levels;
  std::vector<double> q(window.size(), 0);
  for (std::size_t g = 0; g < levels; ++g) {
    const std::size_t first = g * merged;
    const std::size_t last = first + merged;
    double sum = sum_of(window, first, last);
    if (g + 1 == levels) sum += sum_of(window, last, window.size());
    double occupied = 0;
    for (std::size_t k = first; k < last; ++k) occupied += p[k] != 0;
    for (std::size_t k = first; k < last; ++k)
      if (occupied > 0) q[k] = std::trunc(sum / occupied);
  }
  return smooth(p) && smooth(q) ? divergence(p, q) : kInfinity;
}

double grid_error(const std::vector<double>& counts, double origin, double step, int low, int high,
                  int parts) {
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    for (int k = 0; k < parts; ++k) {
      const double x = origin + double(i) + (k + 0.5) / parts;
      const double distance = x - step * double(integer(x, step, low, high, 0.0));
      sum += counts[i] / parts * distance * distance;
    }
  }
  return sum;
}

BestStep best_step(const float* x, const float* weight, std::size_t n, int q) {
  struct Event {
    double inverse;  // 1 / step from which on the integer is k
    double product;
    double square;
  };
  std::vector<Event> events;
  double energy = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double magnitude = std::abs(double(x[i]));
    const double w = weight == nullptr ? 1 : double(weight[i]);
    energy += w * magnitude * magnitude;
    for (int k = 1; k <= q && magnitude > 0; ++k)
      events.push_back({(k - 0.5) / magnitude, w * magnitude, w * (2 * k - 1)});
  }
  std::sort(events.begin(), events.end(),
            [](const Event& a, const Event& b) { return a.inverse < b.inverse; });
  BestStep best{0, energy};
  double product = 0;
  double square = 0;
  for (const Event& event : events) {
    product += event.product;
    square += event.square;
    if (square > 0 && energy - product * product / square < best.error)
      best = {product / square, energy - product * product / square};
  }
  return best;
}

}  // namespace pyinfo::quantization::reference
