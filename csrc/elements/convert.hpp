// Conversion of elements of every type to double: the table of kernels.
#pragma once

#include <cstddef>

#include "elements/elements.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::elements {

struct ConvertKernels {
  // n contiguous elements, of any alignment, to double. Indexed by Element.
  void (*to_f64[kElementTypes])(const void* from, double* to, std::size_t n) noexcept;
};

const ConvertKernels& convert_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::elements
