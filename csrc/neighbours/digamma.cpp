#include "neighbours/digamma.hpp"

#include <cmath>

#include "simd/assert.hpp"

namespace pyinfo::neighbours {

double digamma(double x) noexcept {
  PYINFO_ASSERT(x > 0);
  double below = 0;
  for (; x < 12; x += 1) below += 1 / x;
  const double z = 1 / (x * x);
  const double series =
      z *
      (1.0 / 12 -
       z * (1.0 / 120 - z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * 691.0 / 32760)))));
  return std::log(x) - 0.5 / x - series - below;
}

}  // namespace pyinfo::neighbours
