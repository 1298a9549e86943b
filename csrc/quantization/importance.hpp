// Importance of weights, a block at a time.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>

#include "quantization/rate_distortion.hpp"

namespace pyinfo::quantization {

// The power of two to compute in, where the largest is this: products with squares, which have a
// unit of their own, are then as far from the ends of float32 as without importance.
inline int unit_of_importance(float largest) noexcept {
  if (largest == 0 || (largest >= 0x1p-12f && largest <= 1)) return 0;
  int exponent;
  std::frexp(largest, &exponent);
  return exponent;
}

// Of the weights first .. first + n - 1; there must be importance.
inline void load_importance(const Weights& weights, std::size_t first, std::size_t n,
                            float* to) noexcept {
  for (std::size_t i = 0; i < n;) {
    const std::size_t column = (first + i) % weights.columns;
    const std::size_t run = std::min(n - i, weights.columns - column);
    std::memcpy(to + i, weights.importance + column, run * sizeof *to);
    i += run;
  }
  if (weights.importance_exponent == 0) return;
  const double factor = std::ldexp(1.0, weights.importance_exponent);
  for (std::size_t i = 0; i < n; ++i) to[i] = float(double(to[i]) * factor);
}

}  // namespace pyinfo::quantization
