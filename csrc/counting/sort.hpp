// Sorting by keys: radix partitions from the highest bit in which the keys differ, until what is
// left is almost in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "counting/entries.hpp"

namespace pyinfo::counting {

inline Key key_of(Key key) noexcept { return key; }
template <class Count>
Key key_of(const Entry<Count>& entry) noexcept {
  return entry.key;
}

namespace sorting {

// Buckets up to this are left to one insertion sort over all of them.
inline constexpr std::size_t kFewItems = 24;
// As many streams as the first-level cache has room for, and more bits where all fits into it.
inline constexpr int kWideBits = 8;
inline constexpr int kNarrowBits = 11;
inline constexpr std::size_t kCachedItems = 16384;

inline int bit_width(Key key) noexcept {
  int width = 0;
  while (key >> width > 0xff && width < 56) width += 8;
  for (Key rest = key >> width; rest != 0; rest >>= 1) ++width;
  return width;
}

template <class Item>
void insertion_sort(Item* items, std::size_t n) noexcept {
  for (std::size_t i = 1; i < n; ++i) {
    const Item item = items[i];
    std::size_t j = i;
    for (; j > 0 && key_of(items[j - 1]) > key_of(item); --j) items[j] = items[j - 1];
    items[j] = item;
  }
}

}  // namespace sorting

// Sorts n items by their keys; what was in `items` and `scratch` (n items each) is overwritten. The
// result is in `scratch` if `to_scratch`. Not stable where items of one key differ.
template <class Item>
void sort_items(Item* items, Item* scratch, std::size_t n, bool to_scratch = false) noexcept {
  using namespace sorting;
  Key differ = 0;
  if (n > kFewItems)
    for (std::size_t i = 1; i < n; ++i) differ |= key_of(items[i]) ^ key_of(items[0]);
  if (n <= kFewItems || differ == 0) {
    if (differ == 0 && n > kFewItems) {
      // All of them are equal.
    } else {
      insertion_sort(items, n);
    }
    if (to_scratch && n > 0) std::memcpy(scratch, items, n * sizeof(Item));
    return;
  }

  // About one item per bucket in the end.
  const int size_bits = bit_width(n);
  const int bits =
      std::min({bit_width(differ), size_bits, n <= kCachedItems ? kNarrowBits : kWideBits});
  const int shift = bit_width(differ) - bits;
  const std::size_t buckets = std::size_t{1} << bits;
  const Key mask = Key(buckets - 1);
  std::uint32_t small_ends[std::size_t{1} << kNarrowBits];
  std::size_t large_ends[std::size_t{1} << kWideBits];
  const auto partition = [&](auto* ends) {
    std::memset(ends, 0, buckets * sizeof(*ends));
    for (std::size_t i = 0; i < n; ++i) ++ends[(key_of(items[i]) >> shift) & mask];
    std::size_t sum = 0, largest = 0;
    for (std::size_t b = 0; b < buckets; ++b) {
      const std::size_t size = ends[b];
      largest = std::max(largest, size);
      ends[b] = static_cast<std::remove_reference_t<decltype(*ends)>>(sum);
      sum += size;
    }
    for (std::size_t i = 0; i < n; ++i) {
      scratch[ends[(key_of(items[i]) >> shift) & mask]++] = items[i];
    }
    if (largest <= kFewItems || shift == 0) {
      if (shift != 0) insertion_sort(scratch, n);
      if (!to_scratch) std::memcpy(items, scratch, n * sizeof(Item));
      return;
    }
    std::size_t begin = 0;
    for (std::size_t b = 0; b < buckets; ++b) {
      const std::size_t end = ends[b];
      if (end > begin) sort_items(scratch + begin, items + begin, end - begin, !to_scratch);
      begin = end;
    }
  };
  if (n <= kCachedItems) {
    partition(small_ends);
  } else {
    partition(large_ends);
  }
}

}  // namespace pyinfo::counting
