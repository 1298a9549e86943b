// For kernels on 8 lanes: which byte goes where when some of the lanes take or leave a word.
// Included by kernel files, each of which has its own copy.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::ptrdiff_t kAhead = 1024;  // bytes that words are fetched before they are decoded
constexpr std::ptrdiff_t kBelow = 512;   // and claimed before they are encoded

PYINFO_INLINE void prefetch(const unsigned char* p) noexcept {
  _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T0);
}

constexpr std::uint8_t kZeroByte = 0x80;  // shuffles write 0 there

// Words from the lowest on to the 16-bit elements whose bit is set in the index; 0 to the others.
struct ExpandWords {
  alignas(16) std::uint8_t of[256][16];
  constexpr ExpandWords() : of() {
    for (unsigned lanes = 0; lanes < 256; ++lanes) {
      std::uint8_t next = 0;
      for (unsigned i = 0; i < 16; ++i)
        of[lanes][i] = (lanes >> i / 2 & 1) != 0 ? next++ : kZeroByte;
    }
  }
};

// The same to 32-bit elements, their low halves.
struct ExpandWordsWide {
  alignas(32) std::uint8_t of[256][32];
  constexpr ExpandWordsWide() : of() {
    for (unsigned lanes = 0; lanes < 256; ++lanes) {
      std::uint8_t next = 0;
      for (unsigned i = 0; i < 32; ++i) {
        of[lanes][i] = (lanes >> i / 4 & 1) != 0 && i % 4 < 2 ? next++ : kZeroByte;
      }
    }
  }
};

// The 16-bit elements whose bit is set to the upper end; below them anything.
struct CompressWords {
  alignas(16) std::uint8_t of[256][16];
  constexpr CompressWords() : of() {
    for (unsigned lanes = 0; lanes < 256; ++lanes) {
      unsigned place = 16;
      for (unsigned i = 16; i-- > 0;) {
        if ((lanes >> i / 2 & 1) != 0) of[lanes][--place] = static_cast<std::uint8_t>(i);
      }
    }
  }
};

}  // namespace
}  // namespace pyinfo::coding
