// What every kernel file starts with: it is compiled once per instruction set
// (cmake/SimdKernels.cmake).
#pragma once

#ifndef PYINFO_ISA
#error "kernel files are compiled with -DPYINFO_ISA=<name>"
#endif

// The name of this object's table: prefix_portable, prefix_sse4, ...
#define PYINFO_TABLE(prefix) PYINFO_CONCAT(prefix, PYINFO_ISA)
#define PYINFO_CONCAT(a, b) PYINFO_CONCAT_(a, b)
#define PYINFO_CONCAT_(a, b) a##_##b

#if defined(_MSC_VER)
#include <cstring>
#define PYINFO_INLINE __forceinline
#define PYINFO_COPY std::memcpy
#else
#define PYINFO_INLINE inline __attribute__((always_inline))
#define PYINFO_COPY __builtin_memcpy
#endif
