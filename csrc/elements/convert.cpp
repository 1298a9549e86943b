#include "elements/convert.hpp"

namespace pyinfo::elements {

extern const ConvertKernels convert_kernels_portable;
#ifdef PYINFO_HAVE_AVX512
extern const ConvertKernels convert_kernels_sse4, convert_kernels_avx2, convert_kernels_avx512;
#endif

const ConvertKernels& convert_kernels(simd::Isa isa) noexcept {
  static constexpr simd::Tables<ConvertKernels> tables = PYINFO_TABLES(convert_kernels);
  return tables[isa];
}

}  // namespace pyinfo::elements
