#include "elements/convert.hpp"

namespace pyinfo::elements {

PYINFO_KERNEL_TABLES(ConvertKernels, convert_kernels)

}  // namespace pyinfo::elements
