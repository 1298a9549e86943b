// Importance of weights, a block at a time.
#pragma once

#include <algorithm>
#include <cstring>

#include "quantization/rate_distortion.hpp"

namespace pyinfo::quantization {

// Of the weights first .. first + n - 1; there must be importance.
inline void load_importance(const Weights& weights, std::size_t first, std::size_t n,
                            float* to) noexcept {
  for (std::size_t i = 0; i < n;) {
    const std::size_t column = (first + i) % weights.columns;
    const std::size_t run = std::min(n - i, weights.columns - column);
    std::memcpy(to + i, weights.importance + column, run * sizeof *to);
    i += run;
  }
}

}  // namespace pyinfo::quantization
