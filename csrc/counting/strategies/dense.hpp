// Counting keys of a small range: a table with a counter for every key that there may be.
//
// The range is guessed from a few of the samples and checked for each of them while they are
// counted: a comparison that is always predicted costs less than a pass for the extremes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "counting/strategies/entries.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::counting {

// The keys first, first + 1, ..., first + width - 1; width 0 if there is none.
struct KeyRange {
  Key first;
  std::size_t width;
};

namespace dense {

inline constexpr std::size_t kSamples = 512;
// A table may have so many counters per sample, and never more than kWidest.
inline constexpr std::size_t kWidthPerSample = 4;
inline constexpr std::size_t kLeastWidth = 512;
inline constexpr std::size_t kWidest = std::size_t{1} << 20;

// Where tables are small there are several, for the reason that byte_counts.cpp gives.
inline constexpr std::size_t kTables = 4;
inline constexpr std::size_t kNarrow = 4096;

// So many samples at a time: 32-bit counters are added to 64-bit ones long before they can
// overflow, and the caller is asked whether to go on.
inline constexpr std::size_t kPerFlush = std::size_t{1} << 24;

inline std::size_t widest(std::size_t n) noexcept {
  return std::min(kWidest, kLeastWidth + n * kWidthPerSample);
}

// The range from `least` to `largest` with a margin on both sides; empty if it would be too wide.
inline KeyRange with_margin(Key least, Key largest, std::size_t n) noexcept {
  PYINFO_ASSERT(least <= largest);
  const std::size_t limit = widest(n);
  if (largest - least >= limit) return {0, 0};
  const std::size_t span = std::size_t(largest - least) + 1;
  const std::size_t margin = std::min(span / 8 + 16, (limit - span) / 2);
  const Key first = least - std::min<Key>(margin, least);
  const Key last = largest + std::min<Key>(margin, ~Key{0} - largest);
  return {first, std::size_t(last - first) + 1};
}

// Counts samples begin, begin + 1, ..., and returns the number of the first one outside.
template <class Keys>
std::size_t count_narrow(const Keys& keys, std::size_t begin, std::size_t end, KeyRange range,
                         std::uint32_t* tables) noexcept {
  const std::size_t row = range.width;
  std::uint32_t* const t0 = tables;
  std::uint32_t* const t1 = tables + row;
  std::uint32_t* const t2 = tables + 2 * row;
  std::uint32_t* const t3 = tables + 3 * row;
  std::size_t i = begin;
  for (; i + kTables <= end; i += kTables) {
    const Key k0 = keys[i] - range.first, k1 = keys[i + 1] - range.first;
    const Key k2 = keys[i + 2] - range.first, k3 = keys[i + 3] - range.first;
    if (k0 >= row || k1 >= row || k2 >= row || k3 >= row) break;
    ++t0[k0];
    ++t1[k1];
    ++t2[k2];
    ++t3[k3];
  }
  for (; i < end; ++i) {
    const Key key = keys[i] - range.first;
    if (key >= row) break;
    ++t0[key];
  }
  return i;
}

template <class Keys, class Weight, class Cell>
std::size_t count_wide(const Keys& keys, std::size_t begin, std::size_t end, Weight weights,
                       KeyRange range, Cell* table) noexcept {
  std::size_t i = begin;
  for (; i < end; ++i) {
    const Key key = keys[i] - range.first;
    if (key >= range.width) break;
    table[key] += Cell(weights[i]);
  }
  return i;
}

// Counts of a range that may be extended.
template <class Count>
class DenseTable {
 public:
  explicit DenseTable(KeyRange range) : range_(range), counts_(range.width) {}

  KeyRange range() const noexcept { return range_; }

  // Counts samples begin, begin + 1, ..., and returns the number of the first one outside, or of
  // one that more may not be counted before at a time.
  template <class Keys, class Weight>
  std::size_t count(const Keys& keys, std::size_t begin, std::size_t end, Weight weights) {
    end = std::min(end, begin + std::min(kPerFlush, end - begin));
    if constexpr (std::is_same_v<Weight, Ones>) {
      const bool narrow = range_.width <= kNarrow;
      const std::size_t tables = narrow ? kTables : 1;
      const std::unique_ptr<std::uint32_t[]> cells(new std::uint32_t[tables * range_.width]());
      const std::size_t until = narrow ? count_narrow(keys, begin, end, range_, cells.get())
                                       : count_wide(keys, begin, end, weights, range_, cells.get());
      for (std::size_t t = 0; t < tables; ++t)
        for (std::size_t k = 0; k < range_.width; ++k) counts_[k] += cells[t * range_.width + k];
      return until;
    } else {
      return count_wide(keys, begin, end, weights, range_, counts_.data());
    }
  }

  // The range contains the one before.
  void extend(KeyRange range) {
    PYINFO_ASSERT(range.first <= range_.first);
    PYINFO_ASSERT(range_.first - range.first + range_.width <= range.width);
    std::vector<Count> counts(range.width);
    std::copy(counts_.begin(), counts_.end(), counts.begin() + (range_.first - range.first));
    range_ = range;
    counts_ = std::move(counts);
  }

  ValueCounts<Count> finish() const {
    std::size_t size = 0;
    for (const Count count : counts_) size += count != 0;
    ValueCounts<Count> table(size);
    for (std::size_t k = 0; k < range_.width; ++k)
      if (counts_[k] != 0) table.append(range_.first + k, counts_[k]);
    return table;
  }

 private:
  KeyRange range_;
  std::vector<Count> counts_;
};

}  // namespace dense

// The range of the keys, estimated from some of them.
template <class Keys>
KeyRange estimate_range(const Keys& keys, std::size_t n) noexcept {
  if (n == 0) return {0, 0};
  const std::size_t step = (n - 1) / dense::kSamples + 1;
  Key least = keys[n - 1], largest = least;
  for (std::size_t i = 0; i < n; i += step) {
    least = std::min(least, keys[i]);
    largest = std::max(largest, keys[i]);
  }
  return dense::with_margin(least, largest, n);
}

// Counts as long as the keys are in a range, which is extended for others as far as it may be.
// Returns how many samples have been counted, and puts their counts into `counted`.
template <class Keys, class Weight>
std::size_t count_dense(const Keys& keys, std::size_t n, Weight weights, KeyRange range,
                        ValueCounts<typename Weight::Count>& counted) {
  dense::DenseTable<typename Weight::Count> table(range);
  std::size_t i = 0;
  while ((i = table.count(keys, i, n, weights)) < n) {
    threads::require_uninterrupted();
    const Key key = keys[i];
    const KeyRange now = table.range();
    if (key - now.first < now.width) continue;  // the end of what may be counted at a time
    const KeyRange wider = dense::with_margin(std::min(key, now.first),
                                              std::max<Key>(key, now.first + (now.width - 1)), n);
    if (wider.width == 0) break;
    table.extend(wider);
  }
  counted = table.finish();
  return i;
}

}  // namespace pyinfo::counting
