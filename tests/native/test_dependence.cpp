// Tables of joint counts, by the kernels that PYINFO_ISA names, against the definitions.
#include <cmath>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "dependence/dependence.hpp"
#include "dependence/pairwise.hpp"

namespace {

using namespace pyinfo::dependence;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::Random;

bool near(double value, double expected) {
  return std::abs(value - expected) <= 1e-13 * std::abs(expected) + 1e-15;
}

std::string text(double value, double expected) {
  return std::to_string(value) + " instead of " + std::to_string(expected);
}

// Many cells are empty; whole rows and columns are, too.
Buffer<std::uint64_t> random_table(std::size_t rows, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  Buffer<std::uint64_t> table(rows * columns);
  for (std::size_t i = 0; i < table.size(); ++i) {
    const bool empty = random.bits() % 3 == 0 || i / columns % 7 == 5 || i % columns % 11 == 3;
    table[i] = empty ? 0 : random.bits() >> (random.bits() % 24 + 34);
  }
  table[0] = 1;
  return table;
}

struct Sparse {
  std::vector<std::uint64_t> counts;
  std::vector<std::int64_t> rows, columns, groups;
};

// The tables of several groups as a list of cells.
void append(Sparse& cells, const Buffer<std::uint64_t>& table, std::size_t columns,
            std::int64_t group, std::int64_t first_column) {
  const auto first_row = std::int64_t(cells.groups.size());
  for (std::size_t i = 0; i < table.size() / columns; ++i) cells.groups.push_back(group);
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table[i] == 0) continue;
    cells.counts.push_back(table[i]);
    cells.rows.push_back(first_row + std::int64_t(i / columns));
    cells.columns.push_back(first_column + std::int64_t(i % columns));
  }
}

double information(const Sparse& cells, std::size_t columns, std::size_t groups) {
  return conditional_information({cells.counts.data(), cells.rows.data(), cells.columns.data(),
                                  cells.counts.size(), cells.groups.data(), cells.groups.size(),
                                  columns, groups});
}

void test_tables() {
  for (std::size_t rows = 1; rows <= 40; rows += 3) {
    for (std::size_t columns = 1; columns <= 600; columns += columns < 40 ? 1 : 131) {
      if (!chosen()) continue;
      const auto table = random_table(rows, columns, rows * 1000 + columns);
      const JointTable<std::uint64_t> joint{table.data(), rows, columns, columns};
      const std::string which = std::to_string(rows) + " x " + std::to_string(columns) + ", ";
      double expected = reference::mutual_information(joint);
      CHECK(near(mutual_information(joint), expected),
            which + text(mutual_information(joint), expected));
      Sparse cells;
      append(cells, table, columns, 0, 0);
      CHECK(near(information(cells, columns, 1), expected), which);
      expected = reference::conditional_entropy(joint);
      CHECK(near(conditional_entropy(joint), expected),
            which + text(conditional_entropy(joint), expected));
      CHECK(near(conditional_entropy(cells.counts.data(), cells.rows.data(), cells.counts.size(),
                                     rows),
                 expected),
            which);
      Buffer<std::uint32_t> narrow(table.size());
      for (std::size_t i = 0; i < table.size(); ++i) narrow[i] = std::uint32_t(table[i]);
      const JointTable<std::uint32_t> same{narrow.data(), rows, columns, columns};
      CHECK(mutual_information(same) == mutual_information(joint), which);
      CHECK(conditional_entropy(same) == conditional_entropy(joint), which);
    }
  }
}

// Independence must be exact, however large the counts are.
void test_independence() {
  Random random(7);
  for (const std::uint64_t scale : {1ull, 1000ull, 1ull << 30}) {
    for (std::size_t columns = 1; columns < 40; ++columns) {
      const std::size_t rows = 9;
      Buffer<std::uint64_t> table(rows * columns);
      std::vector<std::uint64_t> across(columns);
      for (auto& b : across) b = random.bits() % 1000;
      across[0] = 5;
      for (std::size_t i = 0; i < rows; ++i) {
        const std::uint64_t a = i == 0 ? 3 : random.bits() % 1000;
        for (std::size_t j = 0; j < columns; ++j) table[i * columns + j] = scale * a * across[j];
      }
      const JointTable<std::uint64_t> joint{table.data(), rows, columns, columns};
      const double value = mutual_information(joint);
      CHECK(value >= 0 && value <= 1e-30, std::to_string(columns) + ", " + std::to_string(value));
    }
  }
  // One sample beyond independence in 4e12: n^2 / 2 of the relative differences, to many digits.
  const std::uint64_t m = std::uint64_t{1} << 40;
  const std::uint64_t table[4] = {m + 1, m - 1, m - 1, m + 1};
  const double expected = 0.5 / double(m) / double(m);
  const double value = mutual_information(JointTable<std::uint64_t>{table, 2, 2, 2});
  CHECK(std::abs(value / expected - 1) < 1e-12, text(value / expected, 1));
}

// Given the group, information is the mean of that inside groups.
void test_groups() {
  Sparse cells;
  double weighted = 0;
  double total = 0;
  std::int64_t first_column = 0;
  for (std::int64_t group = 0; group < 5; ++group) {
    const std::size_t columns = std::size_t(3 + 4 * group);
    const auto table = random_table(6, columns, 50 + std::uint64_t(group));
    double size = 0;
    for (std::size_t i = 0; i < table.size(); ++i) size += double(table[i]);
    weighted +=
        size * mutual_information(JointTable<std::uint64_t>{table.data(), 6, columns, columns});
    total += size;
    append(cells, table, columns, group, first_column);
    first_column += std::int64_t(columns);
  }
  const double value = information(cells, std::size_t(first_column), 5);
  CHECK(near(value, weighted / total), text(value, weighted / total));
}

void test_expected() {
  const std::uint64_t a[] = {6, 5, 1};
  const std::uint64_t b[] = {3, 7, 1, 9};
  const std::uint64_t a_times[] = {2, 1, 3};  // 20 samples
  const std::uint64_t b_times[] = {1, 1, 1, 1};
  const Margin first{a, a_times, 3};
  const Margin second{b, b_times, 4};
  double expected = reference::expected_mutual_information(first, second, 20);
  CHECK(near(expected_mutual_information(first, second, 20), expected), "20 samples");

  const std::uint64_t halves[] = {500000};
  const std::uint64_t two[] = {2};
  const Margin split{halves, two, 1};
  // (rows - 1) (columns - 1) / (2 n), to first order.
  const double value = expected_mutual_information(split, split, 1000000);
  CHECK(std::abs(value / 5e-7 - 1) < 1e-5, text(value, 5e-7));

  const std::uint64_t whole[] = {20};
  const std::uint64_t once[] = {1};
  CHECK(expected_mutual_information({whole, once, 1}, second, 20) == 0, "one label");
}

void test_pairs() {
  Random random(3);
  const std::uint32_t alphabets[] = {1, 2, 3, 17, 40, 100, 256, 256};
  const std::size_t columns = 8;
  for (const std::size_t samples : {1, 2, 77, 5000}) {
    Buffer<std::uint8_t> codes(columns * samples);
    for (std::size_t i = 0; i < codes.size(); ++i)
      codes[i] = std::uint8_t(random.bits() % alphabets[i / samples]);
    std::vector<double> matrix(columns * columns, -1);
    pairwise_mutual_information({codes.data(), samples, columns, alphabets}, matrix.data(), 1);
    std::vector<double> threaded(columns * columns, -1);
    pairwise_mutual_information({codes.data(), samples, columns, alphabets}, threaded.data(), 3);
    CHECK(matrix == threaded, "threads");
    for (std::size_t i = 0; i < columns; ++i) {
      for (std::size_t j = 0; j < columns; ++j) {
        if (!chosen()) continue;
        Buffer<std::uint64_t> table(std::size_t(alphabets[i]) * alphabets[j]);
        for (std::size_t k = 0; k < samples; ++k)
          ++table[codes[i * samples + k] * alphabets[j] + codes[j * samples + k]];
        const double expected =
            reference::mutual_information({table.data(), alphabets[i], alphabets[j], alphabets[j]});
        CHECK(near(matrix[i * columns + j], expected), std::to_string(i) + " and " +
                                                           std::to_string(j) + ", " +
                                                           text(matrix[i * columns + j], expected));
      }
    }
  }
}

}  // namespace

int main() {
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  test_tables();
  test_independence();
  test_groups();
  test_expected();
  test_pairs();
  return pyinfo::check::finish();
}
