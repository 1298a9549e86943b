#include "counting/count_values.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "counting/byte_counts.hpp"
#include "counting/strategies/dense.hpp"
#include "counting/strategies/hash_table.hpp"
#include "counting/strategies/many_values.hpp"
#include "counting/strategies/perfect_table.hpp"
#include "counting/strategies/sort.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::counting {
namespace {

// A small table counts until it has so many different values; then it is known that there are
// many, and count_many does the rest.
constexpr std::size_t kFewDistinct = 4096;
// A table of few values is so much emptier than it may get that a second probe is rare.
constexpr int kMostSlotBits = 14;
constexpr int kLeastSlotBits = 6;
constexpr std::size_t kAtATime = 512;
constexpr std::size_t kPerQuestion = 1 << 16;  // whether to go on
// So many keys stay in the first-level cache wherever they are in a table that is nearly empty.
constexpr double kMostCached = 640;
// To build a perfect table costs less than so many probes of the hash table.
constexpr std::size_t kProbesPerBuild = 16384;

// What has been counted is discarded rather than merged if it is a small part of all.
constexpr std::size_t kSmallPart = 8;

// Counts from `begin` until there are more than a few different values, and returns where.
template <class Keys, class Weight>
std::size_t count_few(const Keys& keys, std::size_t begin, std::size_t n, Weight weights,
                      HashTable<typename Weight::Count>& table) {
  std::optional<PerfectTable<typename Weight::Count>> perfect;
  std::size_t probed = 0;  // samples counted by the hash table since the last decision
  std::size_t enough = kProbesPerBuild;
  std::size_t i = begin;
  // Whether there are too many is asked now and then, not for every sample.
  while (i < n && table.distinct() <= kFewDistinct) {
    const std::size_t end = std::min(n, i + kAtATime);
    if ((i - begin) % kPerQuestion == 0) threads::require_uninterrupted();
    if (!perfect) {
      table.add_all(keys, weights, i, end);
      probed += end - i;
    } else {
      for (std::size_t j = i; (j = perfect->add_known(keys, weights, j, end)) < end; ++j) {
        table.add(keys[j], weights[j]);
        ++probed;
      }
    }
    i = end;
    if (std::min(probed, n - i) < enough) continue;
    if (perfect) perfect->return_counts_to(table);
    if (table.effective_keys() >= kMostCached) perfect.emplace(table);
    probed = 0;
    enough *= 2;
  }
  if (perfect) perfect->return_counts_to(table);
  return i;
}

// Whether it is cheaper to sort than to hash, after so many samples have had so many different
// values.
bool should_sort(std::size_t samples, std::size_t different, std::size_t n) noexcept {
  // s draws from d equally frequent values repeat about s^2 / 2d of them.
  const double again = double(samples - std::min(samples, different)) + 1;
  return double(samples) * double(samples) / (2 * again) > double(n) / 3;
}

template <class Keys, class Weight>
ValueCounts<typename Weight::Count> count(const Keys& keys, std::size_t n, Weight weights) {
  using Count = typename Weight::Count;
  ValueCounts<Count> dense;
  std::size_t begin = 0;
  const KeyRange range = estimate_range(keys, n);
  if (range.width > 0) begin = count_dense(keys, n, weights, range, dense);
  if (begin == n) return dense;
  if (dense.size > kFewDistinct)
    return count_many(keys, begin, n, weights, std::move(dense), false);

  HashTable<Count> few(std::clamp(bit_width(n), kLeastSlotBits, kMostSlotBits));
  for (std::size_t i = 0; i < dense.size; ++i) few.add(dense.keys[i], dense.counts[i]);
  const std::size_t until = count_few(keys, begin, n, weights, few);
  ValueCounts<Count> table;
  if (until == n || until > n / kSmallPart) {
    Entries<Count> entries(few.distinct() + 2);
    entries.resize(few.copy_to(entries.data()));
    table = sorted_table(std::move(entries));
    begin = until;
  } else {
    begin = 0;
  }
  if (begin == n) return table;
  const bool sorting = should_sort(until, few.distinct(), n);
  return count_many(keys, begin, n, weights, std::move(table), sorting);
}

template <class Weight>
ValueCounts<typename Weight::Count> count_column(Column column, Weight weights) {
  return with_keys(column.data, column.type,
                   [&](const auto& keys) { return count(keys, column.size, weights); });
}

template <class Weight>
ValueCounts<typename Weight::Count> count_reference(Column column, Weight weights) {
  using Count = typename Weight::Count;
  std::vector<std::pair<Key, Count>> sorted;
  sorted.reserve(column.size);
  with_keys(column.data, column.type, [&](const auto& keys) {
    for (std::size_t i = 0; i < column.size; ++i) sorted.emplace_back(keys[i], weights[i]);
  });
  // Weights of a key are added up in the order of the samples.
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  ValueCounts<Count> table(column.size);
  for (std::size_t i = 0, j = 0; i < sorted.size(); i = j) {
    Count number = 0;
    for (; j < sorted.size() && sorted[j].first == sorted[i].first; ++j) number += sorted[j].second;
    if (number != 0) table.append(sorted[i].first, number);
  }
  return table;
}

}  // namespace

ValueCounts<std::uint64_t> count_values(Column column) {
  if (column.type.size > 1) return count_column(column, Ones{});
  PYINFO_ASSERT(column.type.size == 1 && has_small_keys(column.type.kind));
  std::uint64_t counts[kByteValues] = {};
  byte_counts(static_cast<const unsigned char*>(column.data), column.size, 1, counts);
  ValueCounts<std::uint64_t> table(kByteValues);
  const unsigned flip = column.type.kind == Kind::natural ? 0 : 0x80;
  for (unsigned key = 0; key < kByteValues; ++key)
    if (counts[key ^ flip] != 0) table.append(key, counts[key ^ flip]);
  return table;
}

ValueCounts<std::uint64_t> count_values(Column column, const std::uint64_t* weights) {
  return count_column(column, Weights<std::uint64_t>{weights});
}

ValueCounts<double> count_values(Column column, const double* weights) {
  return count_column(column, Weights<double>{weights});
}

ValueCounts<std::uint64_t> count_values_reference(Column column) {
  return count_reference(column, Ones{});
}

ValueCounts<std::uint64_t> count_values_reference(Column column, const std::uint64_t* weights) {
  return count_reference(column, Weights<std::uint64_t>{weights});
}

ValueCounts<double> count_values_reference(Column column, const double* weights) {
  return count_reference(column, Weights<double>{weights});
}

}  // namespace pyinfo::counting
