// The scalar reference: the mathematics of every measure, written to be read.
//
// It is the oracle of the native tests, and it serves the slices that fast kernels leave out:
// subnormal arguments, weights or results near the ends of the number range.
#pragma once

#include "measures/measure.hpp"

namespace pyinfo::measures::reference {

// ln(a / b) for a, b > 0, accurate near a = b and at the ends of the range.
double log_ratio(double a, double b) noexcept;
// b phi(a / b) = a ln(a / b) - a + b >= 0, the term of KL; infinite for a > 0 = b.
double bregman(double a, double b) noexcept;

// The measure of the slice, which must be valid (no negative values, sums as the request says).
template <class T>
double evaluate(const Request& request, const Source<T>& source);

// What the fast formulas return in its place: in the unit asked for, and never negative for
// distributions. `measure` is the one wanted; the request may be that of a measure built on it.
template <class T>
Result answer(Request request, Measure measure, const Source<T>& source) {
  const double unit = request.unit;
  request.unit = 1;
  request.measure = measure;
  const double value = evaluate(request, source);
  return {unit * (request.p == Normalization::as_is ? value + 0.0 : not_negative(value))};
}

}  // namespace pyinfo::measures::reference
