// The logarithmic derivative of the gamma function.
#pragma once

namespace pyinfo::neighbours {

// Of x > 0, to a few units in the last place: by the recurrence up to 12, then by its asymptotic
// series (Abramowitz and Stegun, 6.3.5 and 6.3.18).
double digamma(double x) noexcept;

}  // namespace pyinfo::neighbours
