// Sorting by keys, in memory that is in the cache.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "counting/strategies/entries.hpp"
#include "counting/strategies/partition.hpp"
#include "simd/assert.hpp"

namespace pyinfo::counting {

inline Key key_of(Key key) noexcept { return key; }
template <class Count>
Key key_of(const Entry<Count>& entry) noexcept {
  return entry.key;
}

// How many bits the number has.
inline int bit_width(std::uint64_t number) noexcept {
  int width = 0;
  for (int step = 32; step > 0; step /= 2) {
    if (number >> step != 0) {
      number >>= step;
      width += step;
    }
  }
  return width + int(number);
}

// Up to so many items are sorted at a time; more are partitioned first.
inline constexpr std::size_t kMostSorted = 8192;

namespace sorting {

inline constexpr int kMostBits = 12;
// So many items are sorted by insertion.
inline constexpr std::size_t kFewItems = 24;

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

// The bits in which any two of n > 0 keys differ.
template <class Source>
Key differing_bits(const Source& items, std::size_t n) noexcept {
  PYINFO_ASSERT(n > 0);
  const Key first = key_of(items[0]);
  Key bits = 0;
  for (std::size_t i = 1; i < n; ++i) bits |= key_of(items[i]) ^ first;
  return bits;
}

// Some bits of keys, from `shift` on: the number of a part. There are at most 64 of them.
struct Digit {
  int shift;
  int bits;
  std::size_t parts() const noexcept { return std::size_t{1} << bits; }
  std::size_t of(Key key) const noexcept { return (key >> shift) & Key(parts() - 1); }
};

// The highest bits in which keys differ, up to so many (at least one).
inline Digit highest_digit(Key differ, int most_bits) noexcept {
  PYINFO_ASSERT(most_bits > 0);
  const int bits = std::min(bit_width(differ), most_bits);
  return {bit_width(differ) - bits, bits};
}

// Puts n items into parts, whose sizes are given, by a digit of their keys above which all bits are
// equal. Writes where each part ends over its size, and returns the size of the largest.
template <class Source, class Item, class Size>
std::size_t scatter(const Source& items, std::size_t n, Digit digit, Item* out,
                    Size* ends) noexcept {
  PYINFO_ASSERT(n > 0 && digit.shift >= 0 && digit.bits > 0 && digit.shift + digit.bits <= 64);
  PYINFO_ASSERT(differing_bits(items, n) >> digit.shift >> (digit.bits - 1) <= 1);
  Size sum = 0, largest = 0;
  for (std::size_t p = 0; p < digit.parts(); ++p) {
    const Size size = ends[p];
    largest = std::max(largest, size);
    ends[p] = sum;
    sum += size;
  }
  PYINFO_ASSERT(sum == n);
  for (std::size_t i = 0; i < n; ++i) out[ends[digit.of(key_of(items[i]))]++] = items[i];
  return largest;
}

// The same, where sizes are still to be counted.
template <class Source, class Item, class Size>
std::size_t partition(const Source& items, std::size_t n, Digit digit, Item* out,
                      Size* ends) noexcept {
  std::memset(ends, 0, digit.parts() * sizeof(Size));
  for (std::size_t i = 0; i < n; ++i) ++ends[digit.of(key_of(items[i]))];
  return scatter(items, n, digit, out, ends);
}

// Sorts up to kMostSorted items by their keys and returns where they are: in `items` or in
// `scratch`. Items of one key keep their order.
//
// About as many parts as items, then insertion within all parts at once: hardly anything is left
// to do, unless the distribution of the keys is skewed.
template <class Item>
Item* sort_items(Item* items, Item* scratch, std::size_t n) noexcept {
  using namespace sorting;
  PYINFO_ASSERT(n <= kMostSorted);
  if (n <= 1) return items;
  const Key differ = differing_bits(items, n);
  if (differ == 0) return items;
  std::uint32_t ends[std::size_t{1} << kMostBits];
  const Digit digit = highest_digit(differ, std::min(bit_width(n), kMostBits));
  const std::size_t largest = partition(items, n, digit, scratch, ends);
  if (digit.shift == 0) return scratch;
  if (largest > kFewItems) {
    std::uint32_t begin = 0;
    for (std::size_t p = 0; p < digit.parts(); ++p) {
      const std::size_t size = ends[p] - begin;
      if (size > kFewItems) {
        const Item* const sorted = sort_items(scratch + begin, items + begin, size);
        if (sorted != scratch + begin) std::memcpy(scratch + begin, sorted, size * sizeof(Item));
      }
      begin = ends[p];
    }
  }
  if constexpr (std::is_same_v<Item, Key>) {
    if (largest <= kFewItems) {
      sort_partitioned(scratch, n, largest);
      return scratch;
    }
  }
  insertion_sort(scratch, n);
  return scratch;
}

}  // namespace pyinfo::counting
