// Whole steps of indexed rANS. Compiled once per instruction set.
#include "coding/lanes/indexed_rans.hpp"
#include "simd/kernel_file.hpp"

#if defined(__AVX512VBMI2__) && defined(__AVX512BITALG__)
#include "coding/lanes/indexed_avx512.hpp"
#elif defined(__AVX2__)
#include "coding/lanes/indexed_avx2.hpp"
#elif defined(__SSE4_1__)
#include "coding/lanes/indexed_sse4.hpp"
#elif defined(PYINFO_NEON)
#include "coding/lanes/indexed_neon.hpp"
#else
#include "coding/lanes/indexed_scalar.hpp"
#endif

namespace pyinfo::coding {

extern const IndexedKernels PYINFO_TABLE(indexed_kernels);
const IndexedKernels PYINFO_TABLE(indexed_kernels) = {find_intervals, encode_steps, decode_steps};

}  // namespace pyinfo::coding
