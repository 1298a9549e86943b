// Long arrays in pieces for threads, in blocks for kernels, in runs of one group.
#pragma once

#include <algorithm>
#include <cstddef>

#include "quantization/kernels/kernels.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::quantization {

// Elements that a thread takes at once: enough to be worth its while, and to hear a Ctrl-C.
inline constexpr std::size_t kPiece = std::size_t{1} << 17;

// work(first, n) for blocks of at most kBlock elements that cover n elements, which begin at
// multiples of kBlock; one that throws ends it.
template <class Work>
void each_block(std::size_t size, int threads, const Work& work) {
  const auto piece = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; i += kBlock) work(i, std::min(kBlock, last - i));
  };
  if (size <= kPiece) return piece(0, size);
  threads::parallel_or_throw((size + kPiece - 1) / kPiece, threads, [&](std::size_t part) {
    piece(part * kPiece, std::min(size, (part + 1) * kPiece));
  });
}

// work(group, offset, n) for what each group of `size` has of the elements first .. first + n - 1;
// the offset is from `first`.
template <class Work>
void each_group(std::size_t first, std::size_t n, std::size_t size, const Work& work) {
  for (std::size_t i = 0; i < n;) {
    const std::size_t group = (first + i) / size;
    const std::size_t run = std::min(n - i, (group + 1) * size - (first + i));
    work(group, i, run);
    i += run;
  }
}

}  // namespace pyinfo::quantization
