// Whole steps of the Huffman coders. Compiled once per ISA.
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

extern const HuffmanKernels PYINFO_TABLE(huffman_kernels);
const HuffmanKernels PYINFO_TABLE(huffman_kernels) = {
    {encode_steps<32>, encode_steps<64>, encode_steps<128>, encode_steps<256>},
    {decode_steps<32>, decode_steps<64>, decode_steps<128>, decode_steps<256>},
    kNeedSlots,
};

}  // namespace pyinfo::coding
