// Work on many rows by several threads.
#pragma once

#include <algorithm>
#include <cstddef>

#include "logits/logits.hpp"
#include "simd/assert.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::logits {

// Logits that a thread takes at once: enough to be worth a thread's while, and to hear a Ctrl-C.
inline constexpr std::size_t kPiece = std::size_t{1} << 17;

// What a function of rows is given to write to.
inline void check_results([[maybe_unused]] const Results& results,
                          [[maybe_unused]] const Rows& rows) noexcept {
  PYINFO_ASSERT(results.values != nullptr || rows.count() == 0);
  PYINFO_ASSERT(results.gradient == nullptr || (results.gradient->type() == rows.type() &&
                                                results.gradient->classes() == rows.classes() &&
                                                results.gradient->count() == rows.count()));
}

// work(row) for every row; one that throws ends it.
template <class Work>
void each_row(std::size_t rows, std::size_t classes, int threads, const Work& work) {
  const std::size_t piece = std::max<std::size_t>(1, kPiece / std::max<std::size_t>(1, classes));
  if (rows <= piece) {
    for (std::size_t i = 0; i < rows; ++i) work(i);
    return;
  }
  threads::parallel_or_throw((rows + piece - 1) / piece, threads, [&](std::size_t part) {
    const std::size_t last = std::min(rows, (part + 1) * piece);
    for (std::size_t i = part * piece; i < last; ++i) work(i);
  });
}

}  // namespace pyinfo::logits
