// Floats to integers and back: q = saturate(round(x / step) + zero), x' = (q - zero) step.
//
// Rounding is to nearest, ties to even, of the quotient; float64 is computed in double, everything
// else in float. A step of 0 is that of a group of zeros: all its integers are its zero.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quantization/values.hpp"

namespace pyinfo::quantization {

// How integers are kept; halves of bytes have the first one in the low bits.
enum class Storage : std::uint8_t { bits_8, bits_16, bits_4 };

struct IntegerFormat {
  std::int32_t low;
  std::int32_t high;
  Storage storage;
  bool is_signed;

  std::size_t bytes(std::size_t n) const noexcept;
};

// Element i has those of group i / size.
struct Steps {
  const double* steps;
  const std::int32_t* zeros;  // low .. high; null: 0
  std::size_t size;
  double dead_zone = 0;  // in steps: what magnitudes are less by before they are rounded
};

// Returns false if there is a NaN; what was written is unspecified then.
bool quantize(const Values& x, const Steps& steps, const IntegerFormat& format, int threads,
              void* to);

// To float32 or float64.
void dequantize(const void* q, std::size_t n, const Steps& steps, const IntegerFormat& format,
                elements::Element type, int threads, void* to);

}  // namespace pyinfo::quantization
