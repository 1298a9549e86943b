// The instruction sets that kernels are compiled for, in rising order of preference, each with the
// processors that have it. cmake/SimdKernels.cmake reads this list, too.
#pragma once

// X(instruction set, processor, a, b) for each; `a` and `b` are what X needs besides.
#define PYINFO_ISA_LIST(X, a, b) \
  X(portable, any, a, b)         \
  X(sse4, x86, a, b)             \
  X(avx2, x86, a, b)             \
  X(avx512, x86, a, b)           \
  X(neon, aarch64, a, b)

// `yes` if this build has the kernels for that processor, else `no`.
#define PYINFO_IF_BUILT(processor, yes, no) PYINFO_IF_##processor(yes, no)
#define PYINFO_IF_any(yes, no) yes
#ifdef PYINFO_KERNELS_x86
#define PYINFO_IF_x86(yes, no) yes
#else
#define PYINFO_IF_x86(yes, no) no
#endif
#ifdef PYINFO_KERNELS_aarch64
#define PYINFO_IF_aarch64(yes, no) yes
#else
#define PYINFO_IF_aarch64(yes, no) no
#endif
