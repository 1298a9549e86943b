// For kernels in plain C++: a state takes or leaves a word, without a branch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/lanes/lanes.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

// What compilers make of these depends on how they see the odds: they must not branch, a guess
// would fail for every third symbol. So where the processor is known they are told how.

// if (x < 2^16) { x = refilled; ++taken; }
PYINFO_INLINE void refill(std::uint32_t& x, std::uint32_t refilled, std::size_t& taken) {
#if defined(__GNUC__) && defined(__x86_64__)
  __asm__("cmpl $65536, %0\n\tcmovb %2, %0\n\tadcq $0, %1"
          : "+r"(x), "+r"(taken)
          : "r"(refilled)
          : "cc");
#else
  const std::uint32_t low = x < kLowestState ? 1 : 0;
  taken += low;
  x = (x & (low - 1)) | (refilled & (0 - low));
#endif
}

// if (x > limit) { x >>= 16; --left; }
PYINFO_INLINE void flush(std::uint32_t& x, std::uint32_t limit, std::size_t& left) {
#if defined(__GNUC__) && defined(__x86_64__)
  __asm__("cmpl %0, %3\n\tcmovb %2, %0\n\tsbbq $0, %1"
          : "+r"(x), "+r"(left)
          : "r"(x >> 16), "rm"(limit)
          : "cc");
#else
  const std::uint32_t full = x > limit ? 1 : 0;
  left -= full;
  x >>= 16 * full;
#endif
}

}  // namespace
}  // namespace pyinfo::coding
