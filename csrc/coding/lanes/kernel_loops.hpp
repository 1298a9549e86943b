// For lane kernels: unrolling, and how far ahead memory is asked for. Each kernel file has its own
// copy.
#pragma once

#include <cstddef>

#include "simd/kernel_file.hpp"

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
namespace {

// Distances in bytes. Hardware prefetches too, but follows so slow a stream late.
constexpr std::ptrdiff_t kAhead = 1024;  // of the words that are decoded next
constexpr std::ptrdiff_t kBelow = 512;   // of the words that Huffman encoders write next

}  // namespace
}  // namespace pyinfo::coding
