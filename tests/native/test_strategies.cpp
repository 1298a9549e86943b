// Each way of counting keys on its own, whether or not count_values would choose it, against the
// definition.
#include <algorithm>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "counting/count_values.hpp"
#include "counting/strategies/dense.hpp"
#include "counting/strategies/hash_table.hpp"
#include "counting/strategies/many_values.hpp"
#include "counting/strategies/perfect_table.hpp"
#include "counting/strategies/sort.hpp"

namespace {

using namespace pyinfo::counting;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::Random;

using Keys = IntegerKeys<Key>;

template <class Count>
bool equal(const ValueCounts<Count>& a, const ValueCounts<Count>& b) {
  return a.size == b.size && std::equal(a.keys.data(), a.keys.data() + a.size, b.keys.data()) &&
         std::equal(a.counts.data(), a.counts.data() + a.size, b.counts.data());
}

// Samples with their definition's tables: the plain one and that of weights.
struct Case {
  Buffer<Key> data;
  Buffer<double> weights;
  ValueCounts<std::uint64_t> counts;
  ValueCounts<double> sums;

  // Keys first, first + factor, ..., of which there are so many different ones.
  Case(std::size_t n, std::uint64_t first, std::uint64_t values, std::uint64_t factor,
       Random& random)
      : data(n, n % 3), weights(n) {
    for (std::size_t i = 0; i < n; ++i) {
      data[i] = first + random.bits() % values * factor;
      weights[i] = random.bits() % 8 == 0 ? 0 : random.uniform();
    }
    const Column column{data.data(), n, {Kind::natural, 8}};
    counts = count_values_reference(column);
    sums = count_values_reference(column, weights.data());
  }
  Keys keys() const { return Keys(data.data(), Kind::natural); }
  Weights<double> each() const { return {weights.data()}; }
};

// From a range that all samples are in, and from one that has to be extended.
void check_dense(std::size_t n, std::uint64_t values, Random& random) {
  const std::string what = std::to_string(n) + " of a range of " + std::to_string(values);
  const Case samples(n, 5000, values, 1, random);
  for (const KeyRange range : {KeyRange{5000, values}, KeyRange{5000 + values / 2, 1}}) {
    ValueCounts<std::uint64_t> counts;
    CHECK(count_dense(samples.keys(), n, Ones{}, range, counts) == n, what);
    CHECK(equal(counts, samples.counts), what);
    ValueCounts<double> sums;
    CHECK(count_dense(samples.keys(), n, samples.each(), range, sums) == n, what);
    CHECK(equal(sums, samples.sums), what + ", weighted");
  }
}

template <class Count>
ValueCounts<Count> sorted(const HashTable<Count>& table) {
  Entries<Count> entries(table.distinct() + 2);
  entries.resize(table.copy_to(entries.data()));
  return sorted_table(std::move(entries));
}

// Tables that begin small, and grow.
void check_hashing(std::size_t n, std::uint64_t values, std::uint64_t factor, Random& random) {
  const std::string what = std::to_string(n) + " of " + std::to_string(values) + ", hashed";
  const Case samples(n, 0, values, factor, random);
  for (const int slot_bits : {1, 6}) {
    HashTable<std::uint64_t> counts(slot_bits);
    counts.add_all(samples.keys(), Ones{}, 0, n);
    CHECK(equal(sorted(counts), samples.counts), what);
    HashTable<double> sums(slot_bits);
    sums.add_all(samples.keys(), samples.each(), 0, n);
    CHECK(equal(sorted(sums), samples.sums), what + ", weighted");
  }
}

// In chunks, whose parts are hashed or sorted; the first `begin` samples are in a table before.
void check_many(std::size_t n, std::uint64_t values, std::uint64_t factor, Random& random) {
  const std::string what = std::to_string(n) + " of " + std::to_string(values) + " in chunks";
  const Case samples(n, 7, values, factor, random);
  for (const std::size_t begin : {std::size_t{0}, n / 3}) {
    const Column first{samples.data.data(), begin, {Kind::natural, 8}};
    for (const bool sorting : {false, true}) {
      ValueCounts<std::uint64_t> table = count_values_reference(first);
      table = count_many(samples.keys(), begin, n, Ones{}, std::move(table), sorting);
      CHECK(equal(table, samples.counts), what + (sorting ? ", sorted" : ", hashed"));
    }
    ValueCounts<double> sums = count_values_reference(first, samples.weights.data());
    sums = count_many(samples.keys(), begin, n, samples.each(), std::move(sums), false);
    CHECK(equal(sums, samples.sums), what + ", weighted");
  }
}

// One key, which is in no sample of a chunk, has the highest bit in which keys differ.
void check_rare_bits(std::uint64_t values, Random& random) {
  const std::size_t n = 20000;
  Buffer<Key> data(n);
  for (std::size_t i = 0; i < n; ++i) data[i] = random.bits() % values;
  data[1] = std::uint64_t{1} << 60;
  const IntegerKeys<Key> keys(data.data(), Kind::natural);
  const ValueCounts<std::uint64_t> expected =
      count_values_reference({data.data(), n, {Kind::natural, 8}});
  for (const bool sorting : {false, true})
    CHECK(equal(count_many(keys, 0, n, Ones{}, {}, sorting), expected),
          std::to_string(values) + " values and one far away");
}

// Items of one key keep their order: their counts are what tells.
void check_sorting(std::size_t n, std::uint64_t values, std::uint64_t factor, Random& random) {
  const std::string what = std::to_string(n) + " of " + std::to_string(values) + ", sorted";
  Buffer<Key> keys(n), scratch(n);
  Buffer<Entry<std::uint64_t>> entries(n), entry_scratch(n);
  for (std::size_t i = 0; i < n; ++i) {
    // Half of them in a small part of the range.
    keys[i] = random.bits() % values * (i % 2 == 0 ? factor : 1);
    entries[i] = {keys[i], i};
  }
  std::vector<Key> expected(keys.data(), keys.data() + n);
  std::sort(expected.begin(), expected.end());
  const Key* const found = sort_items(keys.data(), scratch.data(), n);
  CHECK(std::equal(expected.begin(), expected.end(), found), what);
  const auto* const stable = sort_items(entries.data(), entry_scratch.data(), n);
  bool right = true;
  for (std::size_t i = 0; i < n; ++i) {
    right &= stable[i].key == expected[i];
    if (i > 0 && stable[i].key == stable[i - 1].key) right &= stable[i].count > stable[i - 1].count;
  }
  CHECK(right, what + ", with what belongs to the keys");
}

// Of an odd number, by Newton's iteration.
std::uint64_t inverse_of(std::uint64_t odd) {
  std::uint64_t inverse = 1;
  for (int i = 0; i < 6; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}

// The keys with a given hash.
Key key_of_product(std::uint64_t hash) { return hash * inverse_of(kHashMultiplier); }
Key key_of_two_products(std::uint64_t hash) {
  const std::uint64_t folded = key_of_product(hash);
  return key_of_product(folded ^ folded >> 32);
}

// Hashes of one group, two of each slot.
std::uint64_t crowded_hash(std::size_t i) { return (i / 2 + 1) << 49 >> 8 | i % 2; }

// Whether the keys' hashes are crowded, or half of them by either hash.
enum class Crowded { by_none, by_product, by_both };

Key perfect_table_key(std::size_t i, Crowded crowded, Random& random) {
  switch (crowded) {
    case Crowded::by_product:
      return key_of_product(crowded_hash(i));
    case Crowded::by_both:
      return i % 2 == 0 ? key_of_product(crowded_hash(i / 2))
                        : key_of_two_products(crowded_hash(i / 2));
    default:
      return i == 0 ? 0 : random.bits();
  }
}

// A perfect table, with and without unknown keys among the samples.
void check_perfect_table(std::size_t distinct, Crowded crowded, Random& random) {
  const std::string what =
      std::to_string(distinct) + " keys, crowded " + std::to_string(int(crowded));
  std::vector<Key> keys(distinct + distinct / 8 + 1);
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = perfect_table_key(i, crowded, random);
  HashTable<std::uint64_t> table(6), expected(6);
  for (std::size_t i = 0; i < distinct; ++i) {
    table.add(keys[i], i + 1);
    expected.add(keys[i], i + 1);
  }
  PerfectTable<std::uint64_t> perfect(table);
  Buffer<Key> samples(20 * distinct + 3);
  std::vector<bool> unknown(samples.size());
  std::size_t left_out = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const std::size_t which = random.bits() % (i % 2 == 0 ? distinct : keys.size());
    unknown[i] = which >= distinct;
    samples[i] = keys[which];
    expected.add(samples[i], 2);
  }
  const IntegerKeys<Key> read(samples.data(), Kind::natural);
  Buffer<std::uint64_t> twos(samples.size());
  std::fill(twos.data(), twos.data() + twos.size(), 2);
  const Weights<std::uint64_t> weights{twos.data()};
  for (std::size_t i = 0;
       (i = perfect.add_known(read, weights, i, samples.size())) < samples.size(); ++i) {
    table.add(samples[i], 2);
    left_out += !unknown[i];
  }
  if (distinct >= 1000)  // of few keys, one may be a tenth
    CHECK((left_out > samples.size() / 100) == (crowded == Crowded::by_both),
          what + ": without a slot are " + std::to_string(left_out));
  perfect.return_counts_to(table);
  CHECK(table.distinct() == expected.distinct(), what);
  bool right = true;
  for (const Key key : keys) {
    const auto *const got = table.find(key), *const want = expected.find(key);
    right &= got->key == want->key && got->count == want->count;
  }
  CHECK(right, what + ": wrong counts");
}

void check_all_perfect_tables(Random& random) {
  for (std::size_t distinct = 1; distinct <= 300; ++distinct)
    if (chosen()) check_perfect_table(distinct, Crowded::by_none, random);
  for (const std::size_t distinct : {1000, 1535, 1536, 4096})
    check_perfect_table(distinct, Crowded::by_none, random);
  for (const std::size_t distinct : {2, 63, 1000}) {
    check_perfect_table(distinct, Crowded::by_product, random);
    check_perfect_table(distinct, Crowded::by_both, random);
  }
}

// Keys whose hashes would be 1, 2, ... if they were multiplied by the golden ratio, as everybody's
// are: of a multiplier that is this process's own they are like any others.
void check_chosen_keys() {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;
  const std::uint64_t inverse = inverse_of(kGolden);
  constexpr int kSlotBits = 14;
  std::vector<char> taken(std::size_t{1} << kSlotBits);
  for (std::uint64_t hash = 1; hash <= 4096; ++hash) {
    const std::uint64_t key = hash * inverse;
    taken[HashByTwoProducts{}(key ^ key >> 32) >> (64 - kSlotBits)] = 1;
  }
  // 3624 are expected of random hashes, with a deviation of about 20.
  CHECK(std::count(taken.begin(), taken.end(), 1) > 3400, "chosen keys share their slots");
  constexpr std::uint64_t kHash = 0x0123456789abcdef;
  CHECK(HashByProduct{}(key_of_product(kHash)) == kHash, "the inverse");
  CHECK(HashByTwoProducts{}(key_of_two_products(kHash)) == kHash, "the inverse of two");
  CHECK(kHashMultiplier % 2 == 1 && kHashMultiplier != kGolden, "the multiplier");
}

}  // namespace

int main() {
  Random random(1);
  check_chosen_keys();
  constexpr std::uint64_t kSparse = 0x9e3779b97f4a7c15;
  for (std::size_t n = 1; n <= 300; ++n) {
    if (!chosen()) continue;
    check_dense(n, 40, random);
    check_hashing(n, 50, kSparse, random);
    check_many(n, 50, kSparse, random);
    check_sorting(n, 1 + n, kSparse, random);
    check_sorting(n, 3, std::uint64_t{1} << 60, random);
  }
  for (const std::size_t n : {1000, 8191, 8192}) {
    check_sorting(n, 5, 1, random);
    check_sorting(n, n, kSparse, random);
    check_sorting(n, n, std::uint64_t{1} << 40, random);
  }
  for (const std::uint64_t values : {std::uint64_t{4096}, std::uint64_t{4097}})
    check_dense(20001, values, random);  // several tables, and one
  check_hashing(10000, 8000, kSparse, random);
  for (const std::uint64_t values : {1, 5000, 1 << 30}) check_rare_bits(values, random);
  for (const std::size_t n : {9001, 200003}) {
    if (!chosen()) continue;
    check_many(n, 1, 1, random);
    check_many(n, 1000, kSparse, random);
    check_many(n, 2 * n, kSparse, random);
  }
  // More than a chunk.
  if (chosen()) check_many((std::size_t{1} << 20) + 5000, 30000, kSparse, random);
  check_all_perfect_tables(random);
  return pyinfo::check::finish();
}
