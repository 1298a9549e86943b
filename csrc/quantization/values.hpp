// Floats as callers have them: contiguous, of one of four widths, read a block at a time.
#pragma once

#include <cstddef>

#include "elements/elements.hpp"

namespace pyinfo::quantization {

struct Values {
  const void* data = nullptr;
  elements::Element type = elements::Element::float32;  // one of the first four
  std::size_t size = 0;
  int exponent = 0;  // they are read as so many powers of two times what they are

  const char* at(std::size_t i) const noexcept {
    return static_cast<const char*>(data) + i * elements::element_size(type);
  }
};

// The power of two to compute in, where the largest magnitude is this: 0 unless squares in float32
// overflow or vanish.
int unit_of_squares(float largest) noexcept;

// Copies the elements first .. first + n - 1.
void load(const Values& values, std::size_t first, std::size_t n, float* to) noexcept;
void load(const Values& values, std::size_t first, std::size_t n, double* to) noexcept;

}  // namespace pyinfo::quantization
