// The kernels of quantisation and the tables through which they are reached.
//
// They see aligned or unaligned blocks of at most kBlock elements that nobody else writes to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::quantization {

inline constexpr std::size_t kBlock = 4096;
// Floating-point types: the first four of elements::Element.
inline constexpr std::size_t kFloatElements = 4;

struct ValueKernels {
  // n elements of any alignment to float, doubles rounded to nearest. Indexed by elements::Element.
  void (*to_float[kFloatElements])(const void* from, float* to, std::size_t n) noexcept;
};
const ValueKernels& value_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::quantization
