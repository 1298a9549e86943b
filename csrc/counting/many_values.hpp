// Counting many different keys, in memory that grows with them and not with the samples.
//
// Samples are taken in chunks. A chunk is partitioned by the highest bits in which its keys differ
// until its parts fit into the cache. There a part is counted: by hashing where most values repeat,
// by sorting where hardly any does. Parts come in the order of their keys, so their tables, one
// after the other, are the chunk's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "counting/entries.hpp"
#include "counting/hash_table.hpp"
#include "counting/sort.hpp"

namespace pyinfo::counting {
namespace many {

inline constexpr std::size_t kChunk = std::size_t{1} << 20;
// Parts of 2^12 items and, where the keys lie evenly, not more than kMostSorted.
inline constexpr int kPartSizeBits = 12;
inline constexpr int kMostPartBits = 10;
inline constexpr int kFirstSlotBits = 10;

// Where a chunk's table goes: to the front of the memory that its items are in. There are never
// more values than items before, so nothing is overwritten that is still to be counted.
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

// Item is a Key, which counts once, or an Entry.
template <class Item, class Out>
class ChunkCounter {
 public:
  using Count = decltype(count_of(std::declval<Item>()));

  ChunkCounter(bool sorting, Out& out)
      : sorting_(sorting),
        out_(out),
        table_(kFirstSlotBits),
        entries_(kMostSorted),
        scratch_(kMostSorted) {}

  void count(Item* items, Item* scratch, std::size_t n) {
    if (n <= kMostSorted) return count_part(items, scratch, n);
    const Key differ = differing_bits(items, n);
    if (differ == 0) {
      Count sum = 0;
      for (std::size_t i = 0; i < n; ++i) sum += count_of(items[i]);
      return out_.append(key_of(items[0]), sum);
    }
    const int wanted = bit_width(n - 1) - kPartSizeBits;
    const int bits = std::min({bit_width(differ), wanted, kMostPartBits});
    std::size_t ends[std::size_t{1} << kMostPartBits];
    partition(items, n, bit_width(differ) - bits, bits, scratch, ends);
    std::size_t begin = 0;
    for (std::size_t p = 0; p < std::size_t{1} << bits; ++p) {
      if (ends[p] > begin) count(scratch + begin, items + begin, ends[p] - begin);
      begin = ends[p];
    }
  }

 private:
  void count_part(Item* items, Item* scratch, std::size_t n) {
    if constexpr (std::is_same_v<Item, Key>) {
      if (sorting_) return append_runs(sort_items(items, scratch, n), n);
    }
    table_.reset(slot_bits_);
    for (std::size_t i = 0; i < n; ++i) table_.add(key_of(items[i]), count_of(items[i]));
    std::size_t size = 0;
    table_.visit([&](const Entry<Count>& entry) { entries_[size++] = entry; });
    // The next part will have about as many values: the table shall be at most half full.
    slot_bits_ = std::max(6, bit_width(size) + 1);
    const Entry<Count>* const sorted = sort_items(entries_.data(), scratch_.data(), size);
    for (std::size_t i = 0; i < size; ++i) out_.append(sorted[i].key, sorted[i].count);
  }

  // Without a branch on whether a run ends.
  void append_runs(const Key* keys, std::size_t n) noexcept {
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
  Buffer<Entry<Count>> entries_;
  Buffer<Entry<Count>> scratch_;
};

// Counts of equal keys are added.
inline Table<std::uint64_t> merged(const Table<std::uint64_t>& a, const KeysAndCounts& b) {
  Table<std::uint64_t> both(a.size + b.size);
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

// The table of entries in any order, each key once: they become the chunk, and are sorted as such.
template <class Count>
Table<Count> count_entries(const Entries<Count>& entries) {
  using namespace many;
  const std::size_t n = entries.size();
  Buffer<Entry<Count>> items(n), scratch(n);
  std::copy(entries.begin(), entries.end(), items.data());
  EntriesInPlace<Count> out{items.data()};
  Table<Count> table(n);
  if (n <= kMostSorted) {
    const Entry<Count>* const sorted = sort_items(items.data(), scratch.data(), n);
    for (std::size_t i = 0; i < n; ++i) table.append(sorted[i].key, sorted[i].count);
    return table;
  }
  ChunkCounter<Entry<Count>, EntriesInPlace<Count>>(false, out)
      .count(items.data(), scratch.data(), n);
  for (std::size_t i = 0; i < out.size; ++i) table.append(items[i].key, items[i].count);
  return table;
}

// Counts samples begin .. n - 1 on top of `entries`, which may have any order.
template <class Keys>
Table<std::uint64_t> count_many(const Keys& keys, std::size_t begin, std::size_t n, Ones,
                                const Entries<std::uint64_t>& entries, bool sorting) {
  using namespace many;
  Table<std::uint64_t> table = count_entries(entries);
  while (begin < n) {
    // Chunks as large as the table keep merging in proportion to the samples.
    const std::size_t size = std::min(n - begin, std::max(kChunk, table.size));
    Buffer<Key> items(size), scratch(size);
    for (std::size_t i = 0; i < size; ++i) items[i] = keys[begin + i];
    KeysAndCounts out{items.data(), scratch.data()};
    ChunkCounter<Key, KeysAndCounts>(sorting, out).count(items.data(), scratch.data(), size);
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
Table<T> count_many(const Keys& keys, std::size_t begin, std::size_t n, Weights<T> weights,
                    const Entries<T>& entries, bool) {
  using namespace many;
  Table<T> table = count_entries(entries);
  while (begin < n) {
    const std::size_t now = std::min(n - begin, std::max(kChunk, table.size));
    const std::size_t size = table.size + now;
    Buffer<Entry<T>> items(size), scratch(size);
    for (std::size_t i = 0; i < table.size; ++i) items[i] = {table.keys[i], table.counts[i]};
    for (std::size_t i = 0; i < now; ++i)
      items[table.size + i] = {keys[begin + i], weights[begin + i]};
    EntriesInPlace<T> out{items.data()};
    ChunkCounter<Entry<T>, EntriesInPlace<T>>(false, out).count(items.data(), scratch.data(), size);
    table = Table<T>(out.size);
    for (std::size_t i = 0; i < out.size; ++i) table.append(items[i].key, items[i].count);
    begin += now;
  }
  return table;
}

}  // namespace pyinfo::counting
