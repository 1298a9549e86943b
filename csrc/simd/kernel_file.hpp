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

// Of an address that need not be one of memory.
#if defined(__GNUC__)
#define PYINFO_PREFETCH(p) __builtin_prefetch(p)
#define PYINFO_PREFETCH_OUTPUT(p) __builtin_prefetch(p, 1)
#else
#define PYINFO_PREFETCH(p) static_cast<void>(p)
#define PYINFO_PREFETCH_OUTPUT(p) static_cast<void>(p)
#endif
