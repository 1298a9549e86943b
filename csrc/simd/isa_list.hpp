// The instruction sets that kernels are compiled for, in rising order of preference, each with the
// processors that have it. cmake/SimdKernels.cmake reads this list, too, and defines
// PYINFO_KERNELS_<isa> for those that a build has.
#pragma once

// X(instruction set, processor, a, b) for each; `a` and `b` are what X needs besides.
#define PYINFO_ISA_LIST(X, a, b) \
  X(portable, any, a, b)         \
  X(sse4, x86, a, b)             \
  X(avx2, x86, a, b)             \
  X(avx512, x86, a, b)           \
  X(neon, aarch64, a, b)

// `yes` if this build has the kernels of that instruction set, else `no`.
#define PYINFO_IF_BUILT(isa, yes, no) PYINFO_IF_##isa(yes, no)
#define PYINFO_IF_portable(yes, no) yes
#ifdef PYINFO_KERNELS_sse4
#define PYINFO_IF_sse4(yes, no) yes
#else
#define PYINFO_IF_sse4(yes, no) no
#endif
#ifdef PYINFO_KERNELS_avx2
#define PYINFO_IF_avx2(yes, no) yes
#else
#define PYINFO_IF_avx2(yes, no) no
#endif
#ifdef PYINFO_KERNELS_avx512
#define PYINFO_IF_avx512(yes, no) yes
#else
#define PYINFO_IF_avx512(yes, no) no
#endif
#ifdef PYINFO_KERNELS_neon
#define PYINFO_IF_neon(yes, no) yes
#else
#define PYINFO_IF_neon(yes, no) no
#endif
