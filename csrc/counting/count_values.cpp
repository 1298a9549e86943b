#include "counting/count_values.hpp"

#include <algorithm>
#include <map>

#include "counting/byte_counts.hpp"
#include "counting/dense.hpp"
#include "counting/hash_table.hpp"
#include "counting/many_values.hpp"
#include "counting/sort.hpp"

namespace pyinfo::counting {
namespace {

// A small table counts until it has met so many different values; then it is known that there are
// many, and what is made for many takes over.
constexpr std::size_t kFewDistinct = std::size_t{1} << 13;
constexpr int kMostBucketBits = 12;
constexpr int kLeastBucketBits = 5;
constexpr std::size_t kAtATime = 512;

// What has been counted is thrown away rather than merged if it is a small part of all.
constexpr std::size_t kSmallPart = 8;

// Counts from `begin` until more than a few different values have been met, and returns where.
template <class Keys, class Weight>
std::size_t count_few(const Keys& keys, std::size_t begin, std::size_t n, Weight weights,
                      PairTable<typename Weight::Count>& table) {
  for (std::size_t i = begin; i < n;) {
    // Whether there are too many is asked now and then, not for every sample.
    const std::size_t end = std::min(n, i + kAtATime);
    for (; i < end; ++i) table.add(keys[i], weights[i]);
    if (table.distinct() > kFewDistinct) return i;
  }
  return n;
}

// Whether it is cheaper to sort than to find a place for every value, after so many samples have
// had so many different ones.
bool should_sort(std::size_t samples, std::size_t different, std::size_t n) noexcept {
  // s draws from d equally frequent values meet s^2 / 2d of them again.
  const double again = double(samples - std::min(samples, different)) + 1;
  return double(samples) * double(samples) / (2 * again) > double(n) / 3;
}

template <class Keys, class Weight>
Table<typename Weight::Count> count(const Keys& keys, std::size_t n, Weight weights) {
  using Count = typename Weight::Count;
  Entries<Count> entries;
  std::size_t begin = 0;
  const Window window = guess_window(keys, n);
  if (window.width > 0) begin = count_dense(keys, n, weights, window, entries);
  if (begin == n) return count_entries(entries);

  PairTable<Count> few(std::clamp(bit_width(n) - 4, kLeastBucketBits, kMostBucketBits));
  for (const Entry<Count>& entry : entries) few.add(entry.key, entry.count);
  const std::size_t until = count_few(keys, begin, n, weights, few);
  entries.clear();
  if (until == n || until > n / kSmallPart) few.append_to(entries);
  if (until == n) return count_entries(entries);
  const bool sorting = should_sort(until - begin, few.distinct(), n);
  return count_many(keys, entries.empty() ? 0 : until, n, weights, entries, sorting);
}

template <class Weight>
Table<typename Weight::Count> count_column(Column column, Weight weights) {
  return with_keys(column.data, column.type,
                   [&](const auto& keys) { return count(keys, column.size, weights); });
}

template <class Weight>
Table<typename Weight::Count> count_reference(Column column, Weight weights) {
  using Count = typename Weight::Count;
  std::map<Key, Count> counts;
  with_keys(column.data, column.type, [&](const auto& keys) {
    for (std::size_t i = 0; i < column.size; ++i) counts[keys[i]] += weights[i];
  });
  Table<Count> table(counts.size());
  for (const auto& [key, number] : counts)
    if (number != 0) table.append(key, number);
  return table;
}

}  // namespace

Table<std::uint64_t> count_values(Column column) {
  if (column.type.size > 1) return count_column(column, Ones{});
  std::uint64_t counts[kByteValues] = {};
  byte_counts(static_cast<const unsigned char*>(column.data), column.size, 1, counts);
  Table<std::uint64_t> table(kByteValues);
  const unsigned flip = column.type.kind == Kind::natural ? 0 : 0x80;
  for (unsigned key = 0; key < kByteValues; ++key)
    if (counts[key ^ flip] != 0) table.append(key, counts[key ^ flip]);
  return table;
}

Table<std::uint64_t> count_values(Column column, const std::uint64_t* weights) {
  return count_column(column, Weights<std::uint64_t>{weights});
}

Table<double> count_values(Column column, const double* weights) {
  return count_column(column, Weights<double>{weights});
}

Table<std::uint64_t> count_values_reference(Column column) {
  return count_reference(column, Ones{});
}

Table<std::uint64_t> count_values_reference(Column column, const std::uint64_t* weights) {
  return count_reference(column, Weights<std::uint64_t>{weights});
}

Table<double> count_values_reference(Column column, const double* weights) {
  return count_reference(column, Weights<double>{weights});
}

}  // namespace pyinfo::counting
