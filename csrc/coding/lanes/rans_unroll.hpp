// Part of rans_kernels.cpp: what its instruction sets share.
#pragma once

#include <cstddef>

// Compilers do not unroll loops with so much in them unless told.
#if defined(__clang__)
#define PYINFO_UNROLL_4 _Pragma("clang loop unroll_count(4)")
#define PYINFO_UNROLL_8 _Pragma("clang loop unroll_count(8)")
#elif defined(__GNUC__)
#define PYINFO_UNROLL_4 _Pragma("GCC unroll 4")
#define PYINFO_UNROLL_8 _Pragma("GCC unroll 8")
#else
#define PYINFO_UNROLL_4
#define PYINFO_UNROLL_8
#endif

namespace pyinfo::coding {

// How far ahead of the words that are read or written memory is asked for, in bytes. Hardware does
// it too, but follows so slow a stream late.
constexpr std::ptrdiff_t kPrefetchDistance = 1024;

#if defined(__GNUC__)
#define PYINFO_PREFETCH_OUTPUT(position) __builtin_prefetch((position)-kPrefetchDistance, 1)
#else
#define PYINFO_PREFETCH_OUTPUT(position)
#endif

}  // namespace pyinfo::coding
