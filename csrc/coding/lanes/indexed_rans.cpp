#include "coding/lanes/indexed_rans.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(IndexedKernels, indexed_kernels)

const IndexedKernels& indexed_kernels() { return indexed_kernels(simd::coder_isa()); }

}  // namespace pyinfo::coding
