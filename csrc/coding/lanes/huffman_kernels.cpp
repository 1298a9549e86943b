// Whole steps of the Huffman coders. Compiled once per instruction set.
#include "coding/lanes/huffman_lanes.hpp"
#include "simd/kernel_file.hpp"

#if defined(__AVX512VBMI2__) && defined(__AVX512VBMI__) && defined(__GFNI__)
#include "coding/lanes/huffman_avx512.hpp"
#elif defined(__AVX2__)
#include "coding/lanes/huffman_avx2.hpp"
#elif defined(__SSE4_1__)
#include "coding/lanes/huffman_sse4.hpp"
#else
#include "coding/lanes/huffman_scalar.hpp"
#endif

namespace pyinfo::coding {
namespace {

template <unsigned kLanes>
constexpr HuffmanKernels::Encode encode_kernel() noexcept {
  if constexpr (kLanes < kFewestLanes) {
    return nullptr;
  } else {
    return encode_steps<kLanes>;
  }
}

template <unsigned kLanes>
constexpr HuffmanKernels::Decode decode_kernel() noexcept {
  if constexpr (kLanes < kFewestLanes) {
    return nullptr;
  } else {
    return decode_steps<kLanes>;
  }
}

}  // namespace

extern const HuffmanKernels PYINFO_TABLE(huffman_kernels);
const HuffmanKernels PYINFO_TABLE(huffman_kernels) = {
    {encode_kernel<32>(), encode_kernel<64>(), encode_kernel<128>(), encode_kernel<256>()},
    {decode_kernel<32>(), decode_kernel<64>(), decode_kernel<128>(), decode_kernel<256>()},
    kNeedSlots,
};

}  // namespace pyinfo::coding
