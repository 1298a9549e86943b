// The definitions, written to be read: what the kernels and formulas are tested against. Of one row
// in double, in nats; the row must have a distribution. Computed in long double.
#pragma once

#include <cstddef>

namespace pyinfo::logits::reference {

double logsumexp(const double* x, std::size_t n);
void log_softmax(const double* x, std::size_t n, double* out);

// sum t (lse - x) + z_loss lse^2 of a target t, which need not sum to 1, and its gradient.
double cross_entropy(const double* x, std::size_t n, const double* target, double z_loss,
                     double* gradient);

// Of softmax(x / temperature).
double entropy(const double* x, std::size_t n, double temperature, double* gradient);

// Gradients are in b.
double kl_divergence(const double* a, const double* b, std::size_t n, double temperature,
                     double* gradient);
double js_divergence(const double* a, const double* b, std::size_t n, double temperature,
                     double weight_a, double weight_b, double* gradient);

}  // namespace pyinfo::logits::reference
