#include "logits/reference.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "simd/assert.hpp"

namespace pyinfo::logits::reference {
namespace {

using Real = long double;
using Values = std::vector<Real>;

// The logarithm of sum e^(k x) is that of its largest term and what the others add to it.
struct LogSum {
  Real top;
  Real others;
};

LogSum log_sum(const double* x, std::size_t n, Real k) {
  PYINFO_ASSERT(n > 0);
  const double* const top = std::max_element(x, x + n);
  Real sum = 0;
  for (const double* each = x; each != x + n; ++each)
    if (each != top) sum += std::exp(k * (Real(*each) - Real(*top)));
  return {*top, std::log1p(sum)};
}

// ln p of p = softmax(x / temperature).
Values log_probabilities(const double* x, std::size_t n, double temperature) {
  const Real k = 1 / Real(temperature);
  const LogSum sum = log_sum(x, n, k);
  Values log_p(n);
  for (std::size_t i = 0; i < n; ++i) log_p[i] = k * (Real(x[i]) - sum.top) - sum.others;
  return log_p;
}

// p ln(p / q), 0 for p = 0.
Real term(Real log_p, Real log_q) {
  const Real p = std::exp(log_p);
  return p == 0 ? 0 : p * (log_p - log_q);
}

}  // namespace

double logsumexp(const double* x, std::size_t n) {
  const LogSum sum = log_sum(x, n, 1);
  return double(sum.top + sum.others);
}

void log_softmax(const double* x, std::size_t n, double* out) {
  const Values log_p = log_probabilities(x, n, 1);
  for (std::size_t i = 0; i < n; ++i) out[i] = double(log_p[i]);
}

double cross_entropy(const double* x, std::size_t n, const double* target, double z_loss,
                     double* gradient) {
  const Values log_p = log_probabilities(x, n, 1);
  const Real lse = logsumexp(x, n);
  Real loss = 0;
  Real weight = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (target[i] == 0) continue;
    loss -= target[i] * log_p[i];
    weight += target[i];
  }
  for (std::size_t i = 0; i < n; ++i)
    gradient[i] = double((weight + 2 * z_loss * lse) * std::exp(log_p[i]) - target[i]);
  return double(loss + z_loss * lse * lse);
}

double entropy(const double* x, std::size_t n, double temperature, double* gradient) {
  const Values log_p = log_probabilities(x, n, temperature);
  Real h = 0;
  for (std::size_t i = 0; i < n; ++i) h -= term(log_p[i], 0);
  for (std::size_t i = 0; i < n; ++i)
    gradient[i] = double(-(term(log_p[i], 0) + std::exp(log_p[i]) * h) / temperature);
  return double(h);
}

double kl_divergence(const double* a, const double* b, std::size_t n, double temperature,
                     double* gradient) {
  const Values log_p = log_probabilities(a, n, temperature);
  const Values log_q = log_probabilities(b, n, temperature);
  Real kl = 0;
  for (std::size_t i = 0; i < n; ++i) {
    kl += term(log_p[i], log_q[i]);
    gradient[i] = double((std::exp(log_q[i]) - std::exp(log_p[i])) / temperature);
  }
  return double(kl);
}

double js_divergence(const double* a, const double* b, std::size_t n, double temperature,
                     double weight_a, double weight_b, double* gradient) {
  const Values log_p = log_probabilities(a, n, temperature);
  const Values log_q = log_probabilities(b, n, temperature);
  Values log_m(n);
  Real of_p = 0;
  Real of_q = 0;
  for (std::size_t i = 0; i < n; ++i) {
    log_m[i] = std::log(weight_a * std::exp(log_p[i]) + weight_b * std::exp(log_q[i]));
    of_p += term(log_p[i], log_m[i]);
    of_q += term(log_q[i], log_m[i]);
  }
  for (std::size_t i = 0; i < n; ++i)
    gradient[i] =
        double(weight_b * (term(log_q[i], log_m[i]) - std::exp(log_q[i]) * of_q) / temperature);
  return double(weight_a * of_p + weight_b * of_q);
}

}  // namespace pyinfo::logits::reference
