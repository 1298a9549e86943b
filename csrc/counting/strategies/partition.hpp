// The end of a sort: keys that have been dealt to small parts.
#pragma once

#include <cstddef>

#include "counting/strategies/keys.hpp"
#include "simd/dispatch.hpp"

namespace pyinfo::counting {

// Sorts n keys that lie in parts of at most `largest` keys, each of them not below those of the
// parts before.
void sort_parted(Key* keys, std::size_t n, std::size_t largest) noexcept;

// The definition, and the oracle.
void sort_parted_reference(Key* keys, std::size_t n, std::size_t largest) noexcept;

struct PartedKernels {
  void (*sort)(Key* keys, std::size_t n, std::size_t largest) noexcept;
};
const PartedKernels& parted_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::counting
