// Counting many different keys, in memory that grows with them and not with the samples.
//
// Samples are taken in chunks. A chunk is partitioned by the highest bits in which its keys differ
// until its parts fit into the cache. There a part is counted: by hashing where most values repeat,
// by sorting where hardly any value does. Parts come in the order of their keys, so their tables,
// one after the other, are the chunk's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "counting/strategies/entries.hpp"
#include "counting/strategies/hash_table.hpp"
#include "counting/strategies/sort.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::counting {
namespace many {

inline constexpr std::size_t kChunk = std::size_t{1} << 20;
// Parts of 2^10 items on average; of uniformly distributed keys, none of more than kMostSorted.
inline constexpr int kPartSizeBits = 10;
inline constexpr int kMostPartBits = 10;
inline constexpr int kFirstSlotBits = 10;

// A chunk's table overwrites the front of the memory that its items are in. There are never more
// values than items before, so nothing is overwritten that is still to be counted.
struct KeysAndCounts {
  Key* keys;
  std::uint64_t* counts;
  std::size_t size = 0;

  void append(Key key, std::uint64_t count) noexcept {
    keys[size] = key;
    counts[size] = count;
    ++size;
  }
};

template <class Count>
struct EntriesInPlace {
  Entry<Count>* entries;
  std::size_t size = 0;

  void append(Key key, Count count) noexcept {
    if (count != 0) entries[size++] = {key, count};
  }
};

inline std::uint64_t count_of(Key) noexcept { return 1; }
template <class Count>
Count count_of(const Entry<Count>& entry) noexcept {
  return entry.count;
}

// The keys of a chunk.
template <class Keys>
struct Chunk {
  const Keys& keys;
  std::size_t begin;
  Key operator[](std::size_t i) const noexcept { return keys[begin + i]; }
};

// The sums so far, and then the samples of a chunk.
template <class Keys, class T>
struct WeightedChunk {
  const ValueCounts<T>& sums;
  const Keys& keys;
  const T* weights;
  std::size_t begin;
  Entry<T> operator[](std::size_t i) const noexcept {
    if (i < sums.size) return {sums.keys[i], sums.counts[i]};
    const std::size_t at = begin + (i - sums.size);
    return {keys[at], weights[at]};
  }
};

template <class Item>
struct KeysOf {
  const Item* items;
  Key operator[](std::size_t i) const noexcept { return key_of(items[i]); }
};

template <class Item>
struct CountsOf {
  const Item* items;
  auto operator[](std::size_t i) const noexcept { return count_of(items[i]); }
};

// Item is a Key, which counts once, or an Entry.
template <class Item, class Out>
class ChunkCounter {
 public:
  using Count = decltype(count_of(std::declval<Item>()));

  ChunkCounter(bool sorting, Out& out)
      : sorting_(sorting),
        out_(out),
        table_(kFirstSlotBits),
        entries_(kMostSorted + 2),
        scratch_(kMostSorted + 2) {}

  // `items` and `scratch` hold n > 0 items each. The source (anything with operator[]) is read
  // once, but for a guess: the passes of a partition must agree, and others may write to the
  // caller's memory meanwhile.
  template <class Source>
  void count(const Source& source, Item* items, Item* scratch, std::size_t n) {
    if (n <= kMostSorted) {
      for (std::size_t i = 0; i < n; ++i) items[i] = source[i];
      return count_part(items, scratch, n);
    }
    // Of the bits in which keys differ, some of them nearly always say which is the highest.
    Key guess = 0;
    for (std::size_t i = 0; i < n; i += n / kGuessed)
      guess |= key_of(source[i]) ^ key_of(source[0]);
    const Digit digit = part_digit(guess, n);
    std::size_t sizes[kMostParts] = {};
    items[0] = source[0];
    const Key first = key_of(items[0]);
    Key differ = 0;
    ++sizes[digit.of(first)];
    for (std::size_t i = 1; i < n; ++i) {
      const Item item = source[i];
      items[i] = item;
      differ |= key_of(item) ^ first;
      ++sizes[digit.of(key_of(item))];
    }
    if (differ == 0 || bit_width(differ) != bit_width(guess))
      return count_large(items, scratch, n, differ);
    scatter(items, n, digit, scratch, sizes);
    count_parts(scratch, items, digit, sizes);
  }

 private:
  static constexpr std::size_t kMostParts = std::size_t{1} << kMostPartBits;
  static constexpr std::size_t kGuessed = 256;

  static Digit part_digit(Key differ, std::size_t n) noexcept {
    PYINFO_ASSERT(n > kMostSorted);
    return highest_digit(differ, std::min(bit_width(n - 1) - kPartSizeBits, kMostPartBits));
  }

  void count(Item* items, Item* scratch, std::size_t n) {
    if (n <= kMostSorted) return count_part(items, scratch, n);
    count_large(items, scratch, n, differing_bits(items, n));
  }

  // `differ`: differing_bits() of the items.
  void count_large(Item* items, Item* scratch, std::size_t n, Key differ) {
    if (differ == 0) {
      Count sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += count_of(items[i]);
      return out_.append(key_of(items[0]), sum);
    }
    const Digit digit = part_digit(differ, n);
    std::size_t ends[kMostParts];
    partition(items, n, digit, scratch, ends);
    count_parts(scratch, items, digit, ends);
  }

  void count_parts(Item* parts, Item* scratch, Digit digit, const std::size_t* ends) {
    std::size_t begin = 0;
    for (std::size_t p = 0; p < digit.parts(); ++p) {
      threads::require_uninterrupted();
      if (ends[p] > begin) count(parts + begin, scratch + begin, ends[p] - begin);
      begin = ends[p];
    }
  }

  void count_part(Item* items, Item* scratch, std::size_t n) {
    if constexpr (std::is_same_v<Item, Key>) {
      if (sorting_) return append_runs(sort_items(items, scratch, n), n);
    }
    table_.reset(slot_bits_);
    table_.add_all(KeysOf<Item>{items}, CountsOf<Item>{items}, 0, n);
    const std::size_t size = table_.copy_to(entries_.data());
    // The next part will have about as many values: the table shall be at most an eighth full.
    slot_bits_ = std::max(6, bit_width(size) + 3);
    const Entry<Count>* const sorted = sort_items(entries_.data(), scratch_.data(), size);
    for (std::size_t i = 0; i < size; ++i) out_.append(sorted[i].key, sorted[i].count);
  }

  // Without a branch on whether a run ends.
  void append_runs(const Key* keys, std::size_t n) noexcept {
    PYINFO_ASSERT(n > 0);
    std::size_t size = out_.size;
    std::uint64_t run = 1;
    for (std::size_t i = 0; i + 1 < n; ++i) {
      const Key key = keys[i];
      const bool ends = key != keys[i + 1];
      out_.keys[size] = key;
      out_.counts[size] = run;
      size += ends;
      run = ends ? 1 : run + 1;
    }
    out_.size = size;
    out_.append(keys[n - 1], run);
  }

  const bool sorting_;
  Out& out_;
  HashTable<Count> table_;
  int slot_bits_ = kFirstSlotBits;
  memory::Buffer<Entry<Count>> entries_;
  memory::Buffer<Entry<Count>> scratch_;
};

// Counts of equal keys are added.
inline ValueCounts<std::uint64_t> merged(const ValueCounts<std::uint64_t>& a,
                                         const KeysAndCounts& b) {
  ValueCounts<std::uint64_t> both(a.size + b.size);
  std::size_t i = 0, j = 0;
  while (i < a.size && j < b.size) {
    const Key x = a.keys[i], y = b.keys[j];
    both.append(std::min(x, y), (x <= y ? a.counts[i] : 0) + (y <= x ? b.counts[j] : 0));
    i += x <= y;
    j += y <= x;
  }
  for (; i < a.size; ++i) both.append(a.keys[i], a.counts[i]);
  for (; j < b.size; ++j) both.append(b.keys[j], b.counts[j]);
  return both;
}

}  // namespace many

// The table of at most kMostSorted entries in any order, each key once.
template <class Count>
ValueCounts<Count> sorted_table(Entries<Count> entries) {
  PYINFO_ASSERT(entries.size() <= kMostSorted);
  const std::size_t n = entries.size();
  Entries<Count> scratch(n);
  const Entry<Count>* const sorted = sort_items(entries.data(), scratch.data(), n);
  ValueCounts<Count> table(n);
  for (std::size_t i = 0; i < n; ++i) table.append(sorted[i].key, sorted[i].count);
  return table;
}

// Counts samples begin .. n - 1 on top of a table.
template <class Keys>
ValueCounts<std::uint64_t> count_many(const Keys& keys, std::size_t begin, std::size_t n, Ones,
                                      ValueCounts<std::uint64_t> table, bool sorting) {
  using namespace many;
  while (begin < n) {
    // Chunks as large as the table keep merging in proportion to the samples.
    const std::size_t size = std::min(n - begin, std::max(kChunk, table.size));
    memory::Buffer<Key> items(size), scratch(size);
    KeysAndCounts out{items.data(), scratch.data()};
    ChunkCounter<Key, KeysAndCounts> counter(sorting, out);
    counter.count(Chunk<Keys>{keys, begin}, items.data(), scratch.data(), size);
    if (table.size > 0) {
      table = merged(table, out);
    } else {
      table.size = out.size;
      table.keys = std::move(items);
      table.counts = std::move(scratch);
    }
    begin += size;
  }
  return table;
}

// The sums so far are the first items of each chunk, so that every weight is added to the sum of
// those before it.
template <class Keys, class T>
ValueCounts<T> count_many(const Keys& keys, std::size_t begin, std::size_t n, Weights<T> weights,
                          ValueCounts<T> table, bool) {
  using namespace many;
  while (begin < n) {
    const std::size_t now = std::min(n - begin, std::max(kChunk, table.size));
    const std::size_t size = table.size + now;
    memory::Buffer<Entry<T>> items(size), scratch(size);
    EntriesInPlace<T> out{items.data()};
    ChunkCounter<Entry<T>, EntriesInPlace<T>> counter(false, out);
    counter.count(WeightedChunk<Keys, T>{table, keys, weights.weights, begin}, items.data(),
                  scratch.data(), size);
    table = ValueCounts<T>(out.size);
    for (std::size_t i = 0; i < out.size; ++i) table.append(items[i].key, items[i].count);
    begin += now;
  }
  return table;
}

}  // namespace pyinfo::counting
