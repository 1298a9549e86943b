#include "counting/count_values.hpp"

#include <algorithm>
#include <map>

#include "counting/byte_counts.hpp"
#include "counting/dense.hpp"
#include "counting/many_values.hpp"

namespace pyinfo::counting {
namespace {

// A small table counts until it has met so many different values; then it is known that there are
// many, and what is made for many takes over.
constexpr std::size_t kFewDistinct = std::size_t{1} << 13;
constexpr int kFirstSlotBits = 8;
constexpr int kRoomySlotBits = 13;

template <class Count>
Entries<Count> sorted(Entries<Count> entries) {
  Entries<Count> scratch(entries.size());
  sort_items(entries.data(), scratch.data(), entries.size());
  return entries;
}

// Counts from `begin` until more than a few different values have been met, and returns where.
template <class Keys, class Weight>
std::size_t count_few(const Keys& keys, std::size_t begin, std::size_t n, Weight weights,
                      HashTable<typename Weight::Count>& table) {
  for (std::size_t i = begin; i < n;) {
    // Whether there are too many is asked now and then, not for every sample.
    const std::size_t end = std::min(n, i + 256);
    for (; i < end; ++i) table.add(keys[i], weights[i]);
    if (table.distinct() > kFewDistinct) return i;
  }
  return n;
}

template <class Keys, class Weight>
Entries<typename Weight::Count> count(const Keys& keys, std::size_t n, Weight weights) {
  using Count = typename Weight::Count;
  Entries<Count> entries;
  std::size_t begin = 0;
  const Window window = guess_window(keys, n);
  if (window.width > 0) begin = count_dense(keys, n, weights, window, entries);
  if (begin == n) return entries;

  HashTable<Count> few(n - begin < 1024 ? kFirstSlotBits : kRoomySlotBits);
  for (const Entry<Count>& entry : entries) few.add(entry.key, entry.count);
  const std::size_t until = count_few(keys, begin, n, weights, few);
  entries.clear();
  few.append_to(entries);
  if (until == n) return sorted(std::move(entries));
  return count_many(keys, until, n, weights, std::move(entries), until - begin);
}

template <class Weight>
Entries<typename Weight::Count> count_column(Column column, Weight weights) {
  return with_keys(column.data, column.type,
                   [&](const auto& keys) { return count(keys, column.size, weights); });
}

template <class Weight>
Entries<typename Weight::Count> count_reference(Column column, Weight weights) {
  using Count = typename Weight::Count;
  std::map<Key, Count> table;
  with_keys(column.data, column.type, [&](const auto& keys) {
    for (std::size_t i = 0; i < column.size; ++i) table[keys[i]] += weights[i];
  });
  Entries<Count> entries;
  for (const auto& [key, number] : table)
    if (number != 0) entries.push_back({key, number});
  return entries;
}

}  // namespace

Entries<std::uint64_t> count_values(Column column) {
  if (column.type.size > 1) return count_column(column, Ones{});
  std::uint64_t counts[kByteValues] = {};
  byte_counts(static_cast<const unsigned char*>(column.data), column.size, 1, counts);
  Entries<std::uint64_t> entries;
  const unsigned flip = column.type.kind == Kind::natural ? 0 : 0x80;
  for (unsigned key = 0; key < kByteValues; ++key)
    if (counts[key ^ flip] != 0) entries.push_back({key, counts[key ^ flip]});
  return entries;
}

Entries<std::uint64_t> count_values(Column column, const std::uint64_t* weights) {
  return count_column(column, Weights<std::uint64_t>{weights});
}

Entries<double> count_values(Column column, const double* weights) {
  return count_column(column, Weights<double>{weights});
}

Entries<std::uint64_t> count_values_reference(Column column) {
  return count_reference(column, Ones{});
}

Entries<std::uint64_t> count_values_reference(Column column, const std::uint64_t* weights) {
  return count_reference(column, Weights<std::uint64_t>{weights});
}

Entries<double> count_values_reference(Column column, const double* weights) {
  return count_reference(column, Weights<double>{weights});
}

}  // namespace pyinfo::counting
