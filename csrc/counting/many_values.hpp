// Counting many different keys, in memory that grows with them and not with the samples.
//
// Samples are taken in chunks. Where most values repeat, a chunk is dealt to 256 tables by the
// hash of its keys, so that each of these stays in the cache while its share is counted. Where
// hardly any does, sorting is cheaper than finding each of them a place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "counting/entries.hpp"
#include "counting/hash_table.hpp"
#include "counting/sort.hpp"

namespace pyinfo::counting {
namespace many {

inline constexpr int kPartBits = 8;
inline constexpr std::size_t kParts = std::size_t{1} << kPartBits;
inline constexpr int kPartSlotBits = 6;
inline constexpr std::size_t kPartChunk = std::size_t{1} << 18;
inline constexpr std::size_t kSortChunk = std::size_t{1} << 20;

// Both in the order of the keys; counts of equal keys are added.
template <class Count>
Entries<Count> merged(const Entries<Count>& a, const Entries<Count>& b) {
  Entries<Count> both;
  both.reserve(a.size() + b.size());
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() && j != b.end()) {
    if (i->key == j->key) {
      both.push_back({i->key, i->count + j->count});
      ++i;
      ++j;
    } else {
      both.push_back(i->key < j->key ? *i++ : *j++);
    }
  }
  both.insert(both.end(), i, a.end());
  both.insert(both.end(), j, b.end());
  return both;
}

// The entries of a sorted array of keys.
inline Entries<std::uint64_t> runs(const Key* keys, std::size_t n) {
  Entries<std::uint64_t> entries(n);
  // Without a branch on whether a run ends: an entry's count is first where the run began.
  std::size_t last = 0;
  for (std::size_t i = 0; i < n; ++i) {
    last += i > 0 && keys[i] != keys[i - 1];
    entries[last].key = keys[i];
    entries[last].count = i + 1;
  }
  entries.resize(n == 0 ? 0 : last + 1);
  std::size_t before = 0;
  for (auto& entry : entries) {
    const std::size_t end = entry.count;
    entry.count = end - before;
    before = end;
  }
  return entries;
}

template <class Keys>
Entries<std::uint64_t> by_sorting(const Keys& keys, std::size_t begin, std::size_t n,
                                  Entries<std::uint64_t> entries) {
  while (begin < n) {
    // Chunks as large as the table keep merging in proportion to the samples.
    const std::size_t size = std::min(n - begin, std::max(kSortChunk, entries.size()));
    const std::unique_ptr<Key[]> memory(new Key[2 * size]);
    for (std::size_t i = 0; i < size; ++i) memory[i] = keys[begin + i];
    sort_items(memory.get(), memory.get() + size, size);
    entries = merged(entries, runs(memory.get(), size));
    begin += size;
  }
  return entries;
}

template <class Keys, class Weight>
Entries<typename Weight::Count> by_hashing(const Keys& keys, std::size_t begin, std::size_t n,
                                           Weight weights,
                                           Entries<typename Weight::Count> entries) {
  using Count = typename Weight::Count;
  constexpr bool kWeighted = !std::is_same_v<Weight, Ones>;
  using Item = std::conditional_t<kWeighted, Entry<Count>, Key>;
  std::vector<HashTable<Count>> tables(kParts, HashTable<Count>(kPartSlotBits, kPartBits));
  const auto part = [](Key key) { return hash_of(key) >> (64 - kPartBits); };
  for (const Entry<Count>& entry : entries) tables[part(entry.key)].add(entry.key, entry.count);
  entries.clear();

  const std::unique_ptr<Item[]> items(new Item[std::min(n - begin, kPartChunk)]);
  while (begin < n) {
    const std::size_t size = std::min(n - begin, kPartChunk);
    std::size_t ends[kParts] = {};
    for (std::size_t i = 0; i < size; ++i) ++ends[part(keys[begin + i])];
    std::size_t sum = 0;
    for (std::size_t& end : ends) sum += std::exchange(end, sum);
    for (std::size_t i = 0; i < size; ++i) {
      const Key key = keys[begin + i];
      if constexpr (kWeighted) {
        items[ends[part(key)]++] = {key, weights[begin + i]};
      } else {
        items[ends[part(key)]++] = key;
      }
    }
    std::size_t at = 0;
    for (std::size_t p = 0; p < kParts; ++p) {
      for (; at < ends[p]; ++at) {
        if constexpr (kWeighted) {
          tables[p].add(items[at].key, items[at].count);
        } else {
          tables[p].add(items[at], 1);
        }
      }
    }
    begin += size;
  }
  for (const HashTable<Count>& table : tables) table.append_to(entries);
  return entries;
}

}  // namespace many

// Counts samples begin .. n - 1 on top of `entries`, which have no order; the result is sorted.
// `entries` have been counted in as many samples as `counted` says.
template <class Keys, class Weight>
Entries<typename Weight::Count> count_many(const Keys& keys, std::size_t begin, std::size_t n,
                                           Weight weights, Entries<typename Weight::Count> entries,
                                           std::size_t counted) {
  // As many draws from d equally frequent values meet counted^2 / 2d of them again.
  const double repeated = double(counted - std::min(counted, entries.size())) + 1;
  const double distinct = double(counted) * double(counted) / (2 * repeated);
  const bool sorting = std::is_same_v<Weight, Ones> && distinct > double(n) / 3;
  if (!sorting) entries = many::by_hashing(keys, begin, n, weights, std::move(entries));
  Entries<typename Weight::Count> scratch(entries.size());
  sort_items(entries.data(), scratch.data(), entries.size());
  if constexpr (std::is_same_v<Weight, Ones>) {
    if (sorting) return many::by_sorting(keys, begin, n, std::move(entries));
  }
  return entries;
}

}  // namespace pyinfo::counting
