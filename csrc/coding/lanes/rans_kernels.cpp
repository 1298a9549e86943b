// Whole steps of the rANS coders. Compiled once per instruction set.
#include "coding/lanes/rans_lanes.hpp"
#include "simd/kernel_file.hpp"

#if defined(__AVX512VBMI2__) && defined(__AVX512VBMI__) && defined(__GFNI__)
#include "coding/lanes/rans_avx512.hpp"
#elif defined(__AVX2__)
#include "coding/lanes/rans_avx2.hpp"
#elif defined(__SSE4_1__)
#include "coding/lanes/rans_sse4.hpp"
#elif defined(PYINFO_NEON)
#include "coding/lanes/rans_neon.hpp"
#else
#include "coding/lanes/rans_scalar.hpp"
#endif

#include "coding/lanes/lane_kernel_table.hpp"

namespace pyinfo::coding {

extern const RansKernels PYINFO_TABLE(rans_kernels);
const RansKernels PYINFO_TABLE(rans_kernels) = kKernelTable<RansKernels>;

}  // namespace pyinfo::coding
