// Counting values, pairs and strings against its definition, in buffers without an element to
// spare: every length up to 300, and lengths at which another way of counting is chosen.
#include <algorithm>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "counting/byte_counts.hpp"
#include "counting/count_values.hpp"
#include "counting/joint_histogram.hpp"
#include "counting/label_values.hpp"
#include "counting/rows.hpp"

namespace {

using namespace pyinfo::counting;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::chosen_length;
using pyinfo::check::Random;

template <class Count>
bool equal(const ValueCounts<Count>& a, const ValueCounts<Count>& b) {
  return a.size == b.size && std::equal(a.keys.data(), a.keys.data() + a.size, b.keys.data()) &&
         std::equal(a.counts.data(), a.counts.data() + a.size, b.counts.data());
}

// How keys are spread: the range they are drawn from, and what they are multiplied by.
struct Spread {
  const char* name;
  std::uint64_t values;
  std::uint64_t factor;
};

constexpr Spread kSpreads[] = {
    {"constant", 1, 1},
    {"dense", 1000, 1},
    {"wide", 100000, 1},
    {"sparse", 1000, 0x123456789abcdef1},
    {"sparse, more", 3000, 0x123456789abcdef1},
    {"many", 20000, 0x9e3779b97f4a7c15},
    {"multiples of 2^40", 5000, std::uint64_t{1} << 40},
    {"all different", 0, 1},
};

std::uint64_t draw(Random& random, const Spread& spread) {
  const std::uint64_t bits = random.bits();
  return spread.values == 0 ? bits : bits % spread.values * spread.factor;
}

template <class Raw>
void check_values(std::size_t n, Kind kind, const Spread& spread, Random& random) {
  const std::string what = std::to_string(n) + " of " + std::to_string(sizeof(Raw)) + " bytes, " +
                           spread.name + ", kind " + std::to_string(int(kind));
  Buffer<Raw> data(n, n % 5);
  Buffer<double> weights(n, n % 3);
  Buffer<std::uint64_t> multiples(n);
  for (std::size_t i = 0; i < n; ++i) {
    data[i] = Raw(draw(random, spread));
    weights[i] = random.bits() % 8 == 0 ? 0 : random.uniform();
    multiples[i] = random.bits() % 4;
  }
  const Column column{data.data(), n, {kind, sizeof(Raw)}};
  CHECK(equal(count_values(column), count_values_reference(column)), what);
  CHECK(equal(count_values(column, weights.data()), count_values_reference(column, weights.data())),
        what + ", weighted");
  CHECK(equal(count_values(column, multiples.data()),
              count_values_reference(column, multiples.data())),
        what + ", multiples");

  Buffer<std::uint32_t> labels(n);
  const auto table = label_values(column, labels.data());
  with_keys(data.data(), column.type, [&](const auto& keys) {
    bool right = true;
    for (std::size_t i = 0; i < n; ++i)
      right &= labels[i] < table.size && table.keys[labels[i]] == keys[i];
    CHECK(right, what + ", labels");
  });
}

// A few keys of one kind, and then of another: what has been begun must be given up.
void check_changes(Random& random) {
  constexpr Spread kDense{"dense", 50, 1}, kSparse{"sparse", 900, 0x9123456789abcdef};
  for (const std::size_t n : {20000, 100000, 1500000}) {
    for (const Spread& early : {kDense, kSparse}) {
      for (const Spread& late : kSpreads) {
        if (!chosen()) continue;
        Buffer<std::uint64_t> data(n);
        for (std::size_t i = 0; i < n; ++i)
          data[i] = i < n - n / 3 ? 5000 + draw(random, early) : draw(random, late);
        const Column column{data.data(), n, {Kind::natural, 8}};
        CHECK(equal(count_values(column), count_values_reference(column)),
              std::to_string(n) + ", first " + early.name + ", at last " + late.name);
      }
    }
  }
}

void check_all_values(Random& random) {
  std::vector<std::size_t> sizes;
  for (std::size_t n = 0; n <= 300; ++n) sizes.push_back(n);
  for (const std::size_t n : {1000, 8191, 8193, 30000}) sizes.push_back(n);
  for (const std::size_t n : sizes) {
    for (const Spread& spread : kSpreads) {
      if (!chosen()) continue;
      // Every type with short ones, in turn with long ones.
      for (const Kind kind : {Kind::natural, Kind::integer}) {
        check_values<std::uint8_t>(n, kind, spread, random);
        check_values<std::uint16_t>(n, kind, spread, random);
        check_values<std::uint32_t>(n, kind, spread, random);
        check_values<std::uint64_t>(n, kind, spread, random);
      }
      check_values<std::uint64_t>(n, Kind::time, spread, random);
      check_values<std::uint16_t>(n, Kind::floating, spread, random);
      check_values<std::uint32_t>(n, Kind::floating, spread, random);
      check_values<std::uint64_t>(n, Kind::floating, spread, random);
    }
  }
  for (const Spread& spread : kSpreads) {
    if (chosen())
      check_values<std::uint64_t>((std::size_t{1} << 20) + 12345, Kind::integer, spread, random);
  }
}

template <class X, class Y>
void check_pairs(std::size_t n, std::uint64_t rows, std::uint64_t columns, Random& random) {
  Buffer<X> x(n, n % 5);
  Buffer<Y> y(n, n % 3);
  for (std::size_t i = 0; i < n; ++i) {
    // Rising, so that the ends are not to be guessed from the beginning.
    const std::uint64_t up = std::min<std::uint64_t>(rows, 1 + i * rows / (n + 1) + 1);
    x[i] = X(random.bits() % up - rows / 2);
    y[i] = Y(random.bits() % columns);
  }
  const Column a{x.data(), n, {Kind::integer, sizeof(X)}};
  const Column b{y.data(), n, {Kind::natural, sizeof(Y)}};
  const auto fast = joint_histogram(a, b);
  const auto plain = joint_histogram_reference(a, b);
  const std::string what =
      std::to_string(n) + " pairs, " + std::to_string(rows) + " x " + std::to_string(columns);
  CHECK(fast.has_value() == plain.has_value(), what);
  if (!fast || !plain) return;
  CHECK(fast->first_x == plain->first_x && fast->first_y == plain->first_y, what);
  CHECK(fast->rows == plain->rows && fast->columns == plain->columns, what);
  CHECK(std::equal(fast->counts.data(), fast->counts.data() + fast->rows * fast->columns,
                   plain->counts.data()),
        what);
}

void check_all_pairs(Random& random) {
  for (std::size_t n = 0; n <= 300; ++n) {
    if (!chosen_length(n)) continue;
    check_pairs<std::uint8_t, std::uint64_t>(n, 7, 5, random);
    check_pairs<std::uint64_t, std::uint16_t>(n, 100, 30, random);
  }
  for (const std::size_t n : {5000, 200000, 700000}) {
    if (n > 5000 && !chosen()) continue;
    check_pairs<std::uint64_t, std::uint64_t>(n, 4, 3, random);
    check_pairs<std::uint64_t, std::uint32_t>(n, 256, 256, random);
    check_pairs<std::uint32_t, std::uint64_t>(n, 1000, 1000, random);
    check_pairs<std::uint16_t, std::uint8_t>(n, 60000, 200, random);
  }
}

// Runs of `run` equal pairs, which are counted four at a time, before and after other ones.
void check_byte_pairs(std::size_t n, std::size_t run, Random& random) {
  Buffer<std::uint8_t> a(n, n % 5), b(n, n % 3);
  for (std::size_t i = 0; i < n; ++i) {
    const bool repeats = i % run != 0;
    a[i] = repeats ? a[i - 1] : std::uint8_t(random.bits());
    b[i] = repeats ? b[i - 1] : std::uint8_t(random.bits());
  }
  std::vector<std::uint64_t> counts(kByteValues * kByteValues, 7), expected(counts);
  joint_byte_counts(a.data(), b.data(), n, counts.data());
  joint_byte_counts_reference(a.data(), b.data(), n, expected.data());
  CHECK(counts == expected,
        std::to_string(n) + " pairs of bytes in runs of " + std::to_string(run));
}

// Pairs of which one byte alone differs, in each of four neighbours.
void check_byte_pairs_that_differ() {
  for (std::size_t at = 0; at < 4; ++at) {
    for (const bool in_a : {false, true}) {
      std::uint8_t a[4] = {3, 3, 3, 3}, b[4] = {200, 200, 200, 200};
      (in_a ? a : b)[at] ^= 1;
      std::vector<std::uint64_t> counts(kByteValues * kByteValues);
      joint_byte_counts(a, b, 4, counts.data());
      const std::size_t other = a[at] * kByteValues + b[at];
      CHECK(counts[3 * kByteValues + 200] == 3 && counts[other] == 1, std::to_string(at));
    }
  }
}

void check_all_byte_pairs(Random& random) {
  for (std::size_t n = 0; n <= 70; ++n)
    for (const std::size_t run : {1, 2, 3, 4, 5, 8, 71}) check_byte_pairs(n, run, random);
  check_byte_pairs_that_differ();
}

void check_rows(std::size_t n, std::size_t width, bool wide, std::uint64_t values, Random& random) {
  Buffer<unsigned char> data(n * width);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t value = random.bits() % values;
    for (std::size_t k = 0; k < width; ++k)
      data[i * width + k] = static_cast<unsigned char>(k < 8 ? value >> (8 * k) : value * k);
  }
  const Rows rows{data.data(), n, width, wide};
  Buffer<std::uint32_t> labels(n);
  const auto plain = count_rows_reference(rows);
  const auto fast = count_rows(rows, labels.data());
  const std::string what = std::to_string(n) + " strings of " + std::to_string(width) + " bytes";
  bool right = fast.size() == plain.size();
  for (std::size_t i = 0; right && i < fast.size(); ++i)
    right = fast[i].row == plain[i].row && fast[i].count == plain[i].count;
  for (std::size_t i = 0; right && i < n; ++i)
    right = std::equal(data.data() + i * width, data.data() + (i + 1) * width,
                       data.data() + fast[labels[i]].row * width);
  CHECK(right, what);
}

void check_all_rows(Random& random) {
  for (std::size_t n = 0; n <= 300; n += n < 20 ? 1 : 31) {
    for (std::size_t width = 0; width <= 40; ++width) {
      if (!chosen()) continue;
      check_rows(n, width, false, 50, random);
      if (width % 4 == 0) check_rows(n, width, true, 50, random);
    }
  }
  check_rows(50000, 20, true, 1000, random);
  check_rows(50000, 9, false, std::uint64_t{1} << 40, random);
}

}  // namespace

int main() {
  Random random(1);
  check_all_values(random);
  check_changes(random);
  check_all_pairs(random);
  check_all_byte_pairs(random);
  check_all_rows(random);
  return pyinfo::check::finish();
}
