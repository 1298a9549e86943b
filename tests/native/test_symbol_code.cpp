// Codes against exhaustive search and plain algorithms, tables against their mirror image and
// against bytes that are none.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/models/code_tables.hpp"
#include "coding/models/fixed_log2.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"

namespace {

using namespace pyinfo::coding;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::Random;
using pyinfo::check::rounds;

__extension__ typedef unsigned __int128 uint128;

using Counts = std::vector<std::uint64_t>;
using Lengths = std::vector<std::uint8_t>;
using Frequencies = std::vector<std::uint32_t>;

std::string show(const Counts& counts) {
  std::string text = std::to_string(counts.size()) + " symbols:";
  for (std::size_t i = 0; i < counts.size() && i < 20; ++i) text += " " + std::to_string(counts[i]);
  return text;
}

// Counts of many kinds: small and equal ones, steep ones, sparse ones.
Counts random_counts(Random& random, std::size_t alphabet) {
  Counts counts(alphabet);
  const double steepness = 30 * random.uniform() * random.uniform();
  const double absent = random.bits() % 2 == 0 ? 0 : random.uniform();
  const bool few_values = random.bits() % 3 == 0;
  for (std::uint64_t& count : counts) {
    count = few_values ? 1 + random.bits() % 3
                       : std::uint64_t(std::exp2(steepness * random.uniform()) * 4);
    if (random.uniform() < absent) count = 0;
  }
  return counts;
}

std::size_t number_present(const Counts& counts) {
  return counts.size() - std::size_t(std::count(counts.begin(), counts.end(), 0u));
}

Lengths lengths_of(const Counts& counts, int max_length) {
  Lengths lengths(counts.size(), 77);
  huffman_lengths(counts.data(), counts.size(), max_length, lengths.data());
  return lengths;
}

// The least cost of all lengths that a prefix code can have.
std::uint64_t least_bits(const Counts& counts, int max_length) {
  std::uint64_t best = ~std::uint64_t{0};
  const std::function<void(std::size_t, int, std::uint64_t)> search = [&](std::size_t i, int room,
                                                                          std::uint64_t bits) {
    while (i < counts.size() && counts[i] == 0) ++i;
    if (i == counts.size()) {
      best = std::min(best, bits);
      return;
    }
    for (int length = 1; length <= max_length; ++length) {
      const int taken = 1 << (max_length - length);
      if (taken <= room) search(i + 1, room - taken, bits + counts[i] * std::uint64_t(length));
    }
  };
  search(0, 1 << max_length, 0);
  return best;
}

// Package-merge as it is told: lists of leaves and packages.
std::uint64_t package_merge_bits(const Counts& counts, int max_length) {
  std::vector<uint128> leaves;
  for (const std::uint64_t count : counts) {
    if (count != 0) leaves.push_back(count);
  }
  std::sort(leaves.begin(), leaves.end());
  if (leaves.size() == 1) return std::uint64_t(leaves[0]);
  std::vector<uint128> items = leaves;
  for (int list = 1; list < max_length; ++list) {
    std::vector<uint128> packages;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      packages.push_back(items[i] + items[i + 1]);
    }
    items.clear();
    std::merge(leaves.begin(), leaves.end(), packages.begin(), packages.end(),
               std::back_inserter(items));
  }
  uint128 bits = 0;  // the weight of the chosen items is the cost of the code
  for (std::size_t i = 0; i < 2 * leaves.size() - 2; ++i) bits += items[i];
  return std::uint64_t(bits);
}

void check_lengths(const Counts& counts, int max_length, std::uint64_t expected_bits) {
  const Lengths lengths = lengths_of(counts, max_length);
  const std::string what = show(counts) + ", at most " + std::to_string(max_length);
  const std::size_t n = number_present(counts);
  CHECK(coded_bits(counts.data(), lengths.data(), counts.size()) == expected_bits, what);
  CHECK(kraft_sum(lengths.data(), counts.size()) == (n > 1 ? 65536u : n * 32768u), what);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    CHECK((lengths[i] == 0) == (counts[i] == 0) && lengths[i] <= max_length, what);
    for (std::size_t j = 0; j < std::min<std::size_t>(counts.size(), 300); ++j) {
      if (counts[i] == 0 || counts[j] == 0 || i == j) continue;
      const bool rarer = counts[i] < counts[j] || (counts[i] == counts[j] && i < j);
      CHECK(!rarer || lengths[i] >= lengths[j], what);
    }
  }
}

int needed_length(std::size_t n) {
  int length = 1;
  while (std::size_t{1} << length < n) ++length;
  return length;
}

void test_huffman_lengths() {
  Random random(1);
  for (int round = 0; round < rounds(1000); ++round) {
    const Counts counts = random_counts(random, 1 + random.bits() % 6);
    const std::size_t n = number_present(counts);
    for (int max_length = needed_length(n); max_length <= 6; ++max_length) {
      check_lengths(counts, max_length, least_bits(counts, max_length));
    }
  }
  for (int round = 0; round < rounds(300); ++round) {
    const Counts counts = random_counts(random, 1 + random.bits() % (round % 15 != 7 ? 256 : 2000));
    const std::size_t n = number_present(counts);
    if (n == 0) continue;
    const int least = needed_length(n);
    for (const int max_length : {least, least + 1, 11, 16}) {
      if (max_length < least) continue;
      check_lengths(counts, max_length, package_merge_bits(counts, max_length));
    }
  }
}

void test_huffman_extremes() {
  CHECK(lengths_of({}, 11).empty(), "no alphabet");
  CHECK(lengths_of({0, 0}, 11) == Lengths({0, 0}), "nothing present");
  CHECK(lengths_of({0, 9}, 11) == Lengths({0, 1}), "one symbol");
  CHECK(lengths_of({3, 0, 9}, 11) == Lengths({1, 0, 1}), "two symbols");
  CHECK(lengths_of({1, 1, 1}, 11) == Lengths({2, 2, 1}), "lower symbols get longer codewords");
  Counts fibonacci = {1, 1};
  while (fibonacci.size() < 60) fibonacci.push_back(fibonacci.end()[-1] + fibonacci.end()[-2]);
  for (int max_length = 6; max_length <= 16; ++max_length) {
    check_lengths(fibonacci, max_length, package_merge_bits(fibonacci, max_length));
  }
  Counts large(256, std::uint64_t{1} << 40);
  for (std::size_t i = 0; i < 256; i += 3) large[i] = 1 + i;
  check_lengths(large, 11, package_merge_bits(large, 11));
  const Counts largest = {~std::uint64_t{0}, 1, ~std::uint64_t{0}, std::uint64_t{1} << 63};
  CHECK(lengths_of(largest, 16) == Lengths({2, 3, 1, 3}), "counts near 2^64");
  CHECK(lengths_of(largest, 2) == Lengths({2, 2, 2, 2}), "counts near 2^64");
  CHECK(coded_bits(largest.data(), lengths_of(largest, 2).data(), 4) == ~std::uint64_t{0}, "");
  const Counts full(65536, 5);
  const Lengths sixteen(65536, 16);
  CHECK(lengths_of(full, 16) == sixteen, "");
  Counts steep(65536);
  for (std::size_t i = 0; i < steep.size(); ++i) steep[i] = 1 + (std::uint64_t{1} << i % 40);
  CHECK(lengths_of(steep, 16) == sixteen, "65536 symbols with at most 16 bits leave no choice");
  steep.resize(60000);
  CHECK(coded_bits(steep.data(), lengths_of(steep, 16).data(), steep.size()) ==
            package_merge_bits(steep, 16),
        "60000 symbols");
}

void test_codewords() {
  const Lengths lengths = {3, 0, 1, 3, 2};
  std::uint32_t words[5];
  canonical_codewords(lengths.data(), 5, words);
  CHECK(words[0] == 6 && words[1] == 0 && words[2] == 0 && words[3] == 7 && words[4] == 2, "");
  CHECK(kraft_sum(lengths.data(), 5) == 65536, "");
  Random random(2);
  for (int round = 0; round < rounds(100); ++round) {
    const Counts counts = random_counts(random, 1 + random.bits() % 300);
    const Lengths code = lengths_of(counts, 16);
    Frequencies codewords(counts.size());
    canonical_codewords(code.data(), code.size(), codewords.data());
    std::vector<std::pair<int, std::size_t>> order;
    for (std::size_t i = 0; i < code.size(); ++i) {
      if (code[i] != 0) order.emplace_back(code[i], i);
    }
    std::sort(order.begin(), order.end());
    std::uint32_t next = 0;  // in units of the longest codeword
    for (const auto& [length, symbol] : order) {
      CHECK(codewords[symbol] << (16 - length) == next, show(counts));
      next += 1u << (16 - length);
    }
  }
}

void test_logarithms() {
  for (std::uint32_t x = 1; x <= 65536; ++x) {
    if (!chosen()) continue;
    const long double exact = std::log2((long double)(x)) * 0x1p32L;
    const std::uint64_t log = fixed_log2(x);
    CHECK((long double)(log) <= exact + 1e-3L && (long double)(log) > exact - 2, std::to_string(x));
    CHECK(x == 1 || log > fixed_log2(x - 1), std::to_string(x));
    const long double step = std::log2(1 + 1 / (long double)(x)) * 0x1p32L;
    CHECK(std::abs((long double)(log2_step(x)) - (step - 0.5L)) < 0.51L, std::to_string(x));
    CHECK(x == 1 || log2_step(x) < log2_step(x - 1), std::to_string(x));
  }
  for (int e = 0; e < 64; ++e) {
    CHECK(fixed_log2(std::uint64_t{1} << e) == std::uint64_t(e) << 32, std::to_string(e));
  }
  Random random(3);
  for (int round = 0; round < rounds(20000); ++round) {
    const std::uint64_t x = (random.bits() >> random.bits() % 64) | 1;
    const long double exact = std::log2((long double)(x)) * 0x1p32L;
    CHECK(std::abs((long double)(fixed_log2(x)) - (exact - 1)) <= 1.01L, std::to_string(x));
  }
}

Frequencies frequencies_of(const Counts& counts, int precision, bool fast_layout = false) {
  Frequencies frequencies(counts.size(), 77);
  rans_frequencies(counts.data(), counts.size(), precision, fast_layout, frequencies.data());
  return frequencies;
}

// The greedy optimum in its plainest form: one slot after the other to where it gains most.
Frequencies greedy_frequencies(const Counts& counts, int precision) {
  Frequencies frequencies(counts.size());
  std::uint32_t left = 1u << precision;
  std::map<std::pair<uint128, std::size_t>, std::size_t> queue;
  const auto key = [&](std::size_t i) {
    return std::make_pair(static_cast<uint128>(counts[i]) * log2_step(frequencies[i]),
                          counts.size() - i);
  };
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    frequencies[i] = 1;
    --left;
    queue[key(i)] = i;
  }
  for (; left > 0; --left) {
    const std::size_t i = std::prev(queue.end())->second;
    queue.erase(std::prev(queue.end()));
    ++frequencies[i];
    queue[key(i)] = i;
  }
  return frequencies;
}

long double exact_bits(const Counts& counts, const Frequencies& frequencies) {
  long double bits = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) bits -= counts[i] * std::log2((long double)(frequencies[i]));
  }
  return bits;
}

// All frequencies of three or fewer symbols.
void test_all_frequencies() {
  Random random(4);
  for (int round = 0; round < rounds(300); ++round) {
    const Counts counts = random_counts(random, 3);
    const std::size_t n = number_present(counts);
    if (n < 2) continue;
    long double best = 1e300L;
    for (std::uint32_t a = counts[0] != 0; a <= (counts[0] != 0 ? 255u : 0u); ++a) {
      for (std::uint32_t b = counts[1] != 0; b <= (counts[1] != 0 ? 255u : 0u); ++b) {
        if (a + b + (counts[2] != 0) > 256 || (counts[2] == 0 && a + b != 256)) continue;
        best = std::min(best, exact_bits(counts, {a, b, 256 - a - b}));
      }
    }
    const Frequencies frequencies = frequencies_of(counts, 8);
    const std::uint64_t sum = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    CHECK(std::abs(exact_bits(counts, frequencies) - best) <= 1e-7L * sum, show(counts));
    CHECK(frequencies == greedy_frequencies(counts, 8), show(counts));
  }
}

// What buckets with more than one beginning look like, from the definition.
std::size_t number_of_patterns(const Frequencies& frequencies) {
  std::vector<std::uint16_t> order(frequencies.size());
  const std::size_t n = rans_ranking(frequencies.data(), frequencies.size(), order.data());
  std::vector<std::uint32_t> buckets(256);
  std::uint32_t begin = 0;
  for (std::size_t rank = 0; rank < n; begin += frequencies[order[rank++]]) {
    if (begin % 16 != 0) buckets[begin / 16] |= 1u << begin % 16;
  }
  std::set<std::uint32_t> patterns;
  for (const std::uint32_t bucket : buckets) {
    if ((bucket & (bucket - 1)) != 0) patterns.insert(bucket);
  }
  return patterns.size();
}

void check_fast_layout(const Counts& counts) {
  const Frequencies best = frequencies_of(counts, 12);
  const Frequencies fast = frequencies_of(counts, 12, true);
  CHECK(std::accumulate(fast.begin(), fast.end(), 0u) == 4096, show(counts));
  CHECK(number_of_patterns(fast) <= kMaxPatterns, show(counts));
  if (number_of_patterns(best) <= kMaxPatterns) {
    CHECK(fast == best, show(counts));
    return;
  }
  // No slot of a heavy symbol is better used by another one.
  uint128 least_loss = ~uint128{0};
  uint128 best_gain = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::uint32_t f = fast[i];
    CHECK((f == 0) == (counts[i] == 0) && (f >= 16 || (f & (f - 1)) == 0), show(counts));
    if (f < 16) continue;
    best_gain = std::max(best_gain, static_cast<uint128>(counts[i]) * log2_step(f));
    if (f == 16) continue;
    least_loss = std::min(least_loss, static_cast<uint128>(counts[i]) * log2_step(f - 1));
  }
  CHECK(best_gain <= least_loss, show(counts));
  const auto total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  CHECK(exact_bits(counts, fast) - exact_bits(counts, best) <= 0.03L * total, show(counts));
}

void test_frequencies() {
  Random random(5);
  for (int round = 0; round < rounds(300); ++round) {
    const Counts counts = random_counts(random, 1 + random.bits() % 256);
    if (number_present(counts) == 0) continue;
    for (const int precision : {8, 9, 12}) {
      const Frequencies frequencies = frequencies_of(counts, precision);
      CHECK(frequencies == greedy_frequencies(counts, precision),
            show(counts) + ", precision " + std::to_string(precision));
    }
    check_fast_layout(counts);
  }
  for (int round = 0; round < rounds(12); ++round) {
    const Counts counts = random_counts(random, 1 + random.bits() % 20000);
    if (number_present(counts) == 0) continue;
    CHECK(frequencies_of(counts, 16) == greedy_frequencies(counts, 16), show(counts));
  }
}

void test_frequency_extremes() {
  CHECK(frequencies_of({}, 12).empty(), "no alphabet");
  CHECK(frequencies_of({0, 0}, 12) == Frequencies({0, 0}), "nothing present");
  for (int precision = 8; precision <= 16; ++precision) {
    CHECK(frequencies_of({0, 9}, precision) == Frequencies({0, 1u << precision}), "one symbol");
    CHECK(frequencies_of({1, 1}, precision) == Frequencies(2, 1u << (precision - 1)), "two");
    const Frequencies rare = frequencies_of({1, std::uint64_t{1} << 40}, precision);
    CHECK(rare == Frequencies({1, (1u << precision) - 1}), "a rare one");
    const Counts full(std::size_t{1} << precision, 3);
    CHECK(frequencies_of(full, precision) == Frequencies(full.size(), 1), "all slots taken");
  }
  CHECK(frequencies_of({5, 5, 5}, 8) == Frequencies({86, 85, 85}), "lower symbols get more");
  const std::uint64_t most = ~std::uint64_t{0};
  CHECK(frequencies_of({most, most, most, most}, 12) == Frequencies(4, 1024), "counts near 2^64");
  CHECK(
      frequencies_of({most / 4, 1, most / 4 * 3 - 4095}, 12, true) == Frequencies({1024, 1, 3071}),
      "counts near 2^64");
  const Counts counts = {most, most};
  CHECK(coded_bits(counts.data(), Frequencies({1, 1}).data(), 2, 12) == most, "saturates");
  CHECK(coded_bits(Counts({1, 3, 0}).data(), Frequencies({2048, 1024, 0}).data(), 3, 12) == 7, "");
  CHECK(coded_bits(Counts({1}).data(), Frequencies({3000}).data(), 1, 12) == 1, "rounds up");
  // Flat counts, whose best frequencies lie around 16, and all but one of them alike.
  for (std::size_t n = 2; n <= 256; ++n) {
    if (!chosen()) continue;
    Counts flat(n, 1000);
    check_fast_layout(flat);
    for (const std::uint64_t heavy : {3000u, 100000u, 300000u}) {
      flat[n / 2] = heavy;
      check_fast_layout(flat);
    }
  }
}

void test_ranking() {
  Random random(6);
  for (int round = 0; round < rounds(300); ++round) {
    const std::size_t alphabet = 1 + random.bits() % (round % 15 != 7 ? 256 : 65536);
    Frequencies frequencies(alphabet);
    for (std::uint32_t& f : frequencies) {
      f = std::uint32_t(random.bits() % 4097) >> random.bits() % 14;
    }
    std::vector<std::uint16_t> expected;
    for (std::size_t i = 0; i < alphabet; ++i) {
      if (frequencies[i] != 0) expected.push_back(static_cast<std::uint16_t>(i));
    }
    std::stable_sort(expected.begin(), expected.end(), [&](std::uint16_t a, std::uint16_t b) {
      return frequencies[a] > frequencies[b];
    });
    Buffer<std::uint16_t> ranking(expected.size());
    const std::size_t n = rans_ranking(frequencies.data(), alphabet, ranking.data());
    CHECK(n == expected.size(), std::to_string(alphabet));
    CHECK(std::equal(expected.begin(), expected.end(), ranking.data()), std::to_string(alphabet));
  }
}

Buffer<unsigned char> first_bytes(const std::vector<unsigned char>& bytes, std::size_t n) {
  Buffer<unsigned char> first(std::min(n, kTableBound));
  for (std::size_t i = 0; i < first.size(); ++i) first[i] = bytes[i];
  return first;
}

// Both kinds of table as one: what to write, and how to read it.
template <class Value, class Write, class Read>
std::size_t test_table(const std::vector<Value>& values, Write write, Read read,
                       std::uint64_t seed) {
  std::vector<unsigned char> table(kTableBound);
  const std::size_t size = write(values.data(), table.data());
  CHECK(size <= kTableBound, std::to_string(size));
  std::vector<Value> back(256, 99);
  const auto whole = first_bytes(table, size);
  CHECK(read(whole.data(), size, back.data()) == size && back == values, std::to_string(size));
  CHECK(read(table.data(), kTableBound, back.data()) == size && back == values, "more follows");
  for (std::size_t cut = 0; cut < size; cut += 1 + cut / 16) {
    const auto prefix = first_bytes(table, cut);
    CHECK(read(prefix.data(), cut, back.data()) == 0, std::to_string(cut) + " bytes only");
  }
  // Whatever is read from changed bytes is a table, too: writing it and reading that agree.
  Random random(seed);
  for (int change = 0; change < 20; ++change) {
    auto bytes = first_bytes(table, size);
    bytes[random.bits() % size] ^= static_cast<unsigned char>(1u << random.bits() % 8);
    if (read(bytes.data(), size, back.data()) == 0) continue;
    std::vector<Value> again(256, 99);
    unsigned char rewritten[kTableBound];
    const std::size_t new_size = write(back.data(), rewritten);
    CHECK(read(rewritten, new_size, again.data()) == new_size && again == back, "changed");
  }
  return size;
}

void test_tables() {
  Random random(7);
  std::size_t longest_lengths = 0, longest_frequencies = 0;
  for (std::uint64_t round = 0; round < std::uint64_t(rounds(600)); ++round) {
    Counts counts = random_counts(random, 256);
    if (round % 4 == 1) std::fill(counts.begin() + long(random.bits() % 250), counts.end(), 0);
    if (number_present(counts) < 2) continue;
    const std::size_t lengths_size =
        test_table(lengths_of(counts, 11), write_lengths, read_lengths, round);
    const std::size_t frequencies_size = test_table(frequencies_of(counts, 12, round % 2 == 0),
                                                    write_frequencies, read_frequencies, round);
    longest_lengths = std::max(longest_lengths, lengths_size);
    longest_frequencies = std::max(longest_frequencies, frequencies_size);
  }
  std::printf("longest tables: lengths %zu bytes, frequencies %zu bytes\n", longest_lengths,
              longest_frequencies);
  Counts few(256);
  few[97] = few[98] = 1;
  std::printf("two symbols: lengths %zu bytes, frequencies %zu bytes\n",
              test_table(lengths_of(few, 11), write_lengths, read_lengths, 0),
              test_table(frequencies_of(few, 12), write_frequencies, read_frequencies, 0));
}

void test_table_bytes() {
  // Symbols 0 and 1 with one bit each: runs 0 2 254 as gamma 1, 010, 0^7 1 0111111 (low bits
  // first), parameter 2, then -7 (13 = 3 * 4 + 1) and 0.
  Lengths lengths(256);
  lengths[0] = lengths[1] = 1;
  unsigned char table[kTableBound];
  const std::size_t size = write_lengths(lengths.data(), table);
  const std::string bits = "0 1 010 00000001 0111111 01 1110 10 0 00";
  std::string written;
  for (std::size_t i = 0, k = 0; i < 8 * size; ++i, ++k) {
    for (; k < bits.size() && bits[k] == ' '; ++k) written += ' ';
    written += table[i / 8] >> i % 8 & 1 ? '1' : '0';
  }
  CHECK(written.substr(0, bits.size()) == bits, written);
  CHECK(size == 4 && written.find('1', bits.size()) == std::string::npos, written);
  table[size - 1] |= 0x80;
  CHECK(read_lengths(table, size, lengths.data()) == 0, "padding that is not zero");

  Random random(8);
  for (int round = 0; round < rounds(50000); ++round) {
    Buffer<unsigned char> bytes(random.bits() % (round % 16 == 0 ? 700 : 40));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<unsigned char>(random.bits() & random.bits());
    }
    Frequencies frequencies(256);
    CHECK(read_lengths(bytes.data(), bytes.size(), lengths.data()) <= bytes.size(), "");
    CHECK(read_frequencies(bytes.data(), bytes.size(), frequencies.data()) <= bytes.size(), "");
  }
}

}  // namespace

int main() {
  test_huffman_lengths();
  test_huffman_extremes();
  test_codewords();
  test_logarithms();
  test_all_frequencies();
  test_frequencies();
  test_frequency_extremes();
  test_ranking();
  test_tables();
  test_table_bytes();
  return pyinfo::check::finish();
}
