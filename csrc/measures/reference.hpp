// The scalar reference: the mathematics of every measure, written to be read.
//
// It is the oracle of the native tests, and it serves the slices that fast kernels leave out:
// subnormal arguments, weights or results near the ends of the number range. Slices must be valid:
// no negative values, sums as the request says.
#pragma once

#include "measures/measure.hpp"

namespace pyinfo::measures {

struct Measure;

namespace reference {

// ln(a / b) for a, b > 0, accurate near a = b and at the ends of the range. No precondition: where
// another thread writes to the operands, they may be anything by now, and this NaN.
double log_ratio(double a, double b) noexcept;
// b phi(a / b) = a ln(a / b) - a + b >= 0, the term of KL; infinite for a > 0 = b.
double bregman(double a, double b) noexcept;

// The sum of an operand (0: p, 1: q), less 1, as exactly as the numbers are.
template <class T>
double sum_beyond_one(const Slice<T>& slice, int operand);

// Measures that are more than a sum of terms.
template <class T>
double entropy(const Request& request, const Slice<T>& slice);
template <class T>
double cross_entropy(const Request& request, const Slice<T>& slice);
double renyi_entropy(const Request& request, const Slice<double>& slice);
double tsallis_entropy(const Request& request, const Slice<double>& slice);
double renyi_divergence(const Request& request, const Slice<double>& slice);

// Any measure, by its definition in the table. A measure without kernels in float has none here.
template <class T>
double evaluate(const Measure& measure, const Request& request, const Slice<T>& slice);

// What the fast formula of a measure returns where it is left to the reference: in the unit asked
// for, and never negative for distributions.
template <class T>
Result fallback(const Measure& measure, Request request, const Slice<T>& slice) {
  const double unit = request.unit;
  request.unit = 1;
  const double value = evaluate(measure, request, slice);
  return {unit * (request.p == Normalization::as_is ? value + 0.0 : not_negative(value))};
}

}  // namespace reference
}  // namespace pyinfo::measures
