// The table of a kernel file, made of the encode_steps and decode_steps that the header of its
// instruction set has defined: it is included after that.
#pragma once

#include "coding/lanes/lanes.hpp"

namespace pyinfo::coding {
namespace {

template <class Kernels, unsigned kLanes>
constexpr typename Kernels::Encode encode_kernel() noexcept {
  if constexpr (kLanes < kFewestLanes) {
    return nullptr;
  } else {
    return encode_steps<kLanes>;
  }
}

template <class Kernels, unsigned kLanes>
constexpr typename Kernels::Decode decode_kernel() noexcept {
  if constexpr (kLanes < kFewestLanes) {
    return nullptr;
  } else {
    return decode_steps<kLanes>;
  }
}

template <class Kernels>
constexpr Kernels kKernelTable = {
    {encode_kernel<Kernels, 32>(), encode_kernel<Kernels, 64>(), encode_kernel<Kernels, 128>(),
     encode_kernel<Kernels, 256>()},
    {decode_kernel<Kernels, 32>(), decode_kernel<Kernels, 64>(), decode_kernel<Kernels, 128>(),
     decode_kernel<Kernels, 256>()},
    kNeedSlots,
};

}  // namespace
}  // namespace pyinfo::coding
