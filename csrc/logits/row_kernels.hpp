// The kernels of the active instruction set, for rows of a type.
#pragma once

#include "elements/elements.hpp"
#include "logits/kernels/kernels.hpp"

namespace pyinfo::logits {

const RowKernels& row_kernels(elements::Element type) noexcept;
const PairKernels& pair_kernels(elements::Element type) noexcept;

}  // namespace pyinfo::logits
