// Whole steps of the Huffman coders. Compiled once per instruction set.
#include "coding/lanes/huffman_lanes.hpp"
#include "simd/kernel_file.hpp"

#if defined(__AVX512VBMI2__) && defined(__AVX512VBMI__) && defined(__GFNI__)
#include "coding/lanes/huffman_avx512.hpp"
#elif defined(__AVX2__)
#include "coding/lanes/huffman_avx2.hpp"
#elif defined(__SSE4_1__)
#include "coding/lanes/huffman_sse4.hpp"
#elif defined(PYINFO_NEON)
#include "coding/lanes/huffman_neon.hpp"
#else
#include "coding/lanes/huffman_scalar.hpp"
#endif

#include "coding/lanes/lane_kernel_table.hpp"

namespace pyinfo::coding {

extern const HuffmanKernels PYINFO_TABLE(huffman_kernels);
const HuffmanKernels PYINFO_TABLE(huffman_kernels) = kKernelTable<HuffmanKernels>;

}  // namespace pyinfo::coding
