// Which byte goes where when some of the lanes take or leave a word: indices for the byte shuffles
// of SSE, AVX2 and NEON. Each kernel file has its own copy.
#pragma once

#include <cstdint>

namespace pyinfo::coding {
namespace {

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
template <unsigned kLanes>
struct ExpandWordsWide {
  alignas(4 * kLanes) std::uint8_t of[1u << kLanes][4 * kLanes];
  constexpr ExpandWordsWide() : of() {
    for (unsigned lanes = 0; lanes < 1u << kLanes; ++lanes) {
      std::uint8_t next = 0;
      for (unsigned i = 0; i < 4 * kLanes; ++i) {
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

constexpr CompressWords kCompress;

}  // namespace
}  // namespace pyinfo::coding
