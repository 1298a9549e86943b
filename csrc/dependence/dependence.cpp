#include "dependence/dependence.hpp"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "elements/compensated_sum.hpp"
#include "elements/convert.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::dependence {

PYINFO_KERNEL_TABLES(DependenceKernels, dependence_kernels)

namespace {

using elements::CompensatedSum;

// Cells at a time: a few arrays of them stay in the first-level cache, and the kernels' plain sums
// stay short.
constexpr std::size_t kCells = 512;

// Rows as doubles, a piece at a time.
template <class Count>
class Rows {
  static constexpr elements::Element kCount =
      sizeof(Count) == 8 ? elements::Element::uint64 : elements::Element::uint32;

 public:
  explicit Rows(const JointTable<Count>& table)
      : table_(table),
        convert_(elements::convert_kernels(simd::active()).to_f64[std::size_t(kCount)]) {}

  // piece(first column, values, size) for the pieces of a row.
  template <class Piece>
  void each_piece(std::size_t row, const Piece& piece) const {
    double values[kCells];
    const Count* const counts = table_.counts + row * table_.stride;
    for (std::size_t first = 0; first < table_.columns; first += kCells) {
      const std::size_t size = std::min(kCells, table_.columns - first);
      convert_(counts + first, values, size);
      piece(first, values, size);
    }
  }

  std::uint64_t total(std::size_t row) const noexcept {
    const Count* const counts = table_.counts + row * table_.stride;
    std::uint64_t sum = 0;
    for (std::size_t j = 0; j < table_.columns; ++j) sum += counts[j];
    return sum;
  }

 private:
  const JointTable<Count>& table_;
  void (*convert_)(const void* from, double* to, std::size_t n) noexcept;
};

template <class T>
std::vector<T> sums_by(const std::int64_t* keys, const std::uint64_t* counts, std::size_t size,
                       std::size_t key_count) {
  std::vector<T> sums(key_count);
  for (std::size_t i = 0; i < size; ++i) {
    PYINFO_ASSERT(std::size_t(keys[i]) < key_count);
    sums[std::size_t(keys[i])] += T(counts[i]);
  }
  return sums;
}

}  // namespace

template <class Count>
double mutual_information(const JointTable<Count>& table) {
  std::vector<std::uint64_t> rows(table.rows);
  std::vector<std::uint64_t> columns(table.columns);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const Count* const row = table.counts + i * table.stride;
    for (std::size_t j = 0; j < table.columns; ++j) {
      columns[j] += row[j];
      rows[i] += row[j];
    }
    total += rows[i];
  }
  const std::vector<double> column_totals(columns.begin(), columns.end());
  return mutual_information(table, {rows.data(), column_totals.data(), total});
}

template <class Count>
double mutual_information(const JointTable<Count>& table, const Margins& margins) noexcept {
  PYINFO_ASSERT(table.stride >= table.columns && margins.total > 0);
  const DependenceKernels& kernels = dependence_kernels(simd::active());
  const Rows<Count> rows(table);
  CompensatedSum sum;
  for (std::size_t i = 0; i < table.rows; ++i) {
    if (margins.rows[i] == 0) continue;
    rows.each_piece(i, [&](std::size_t first, const double* counts, std::size_t size) {
      sum.add(kernels.row_excess(counts, double(margins.rows[i]), margins.columns + first,
                                 double(margins.total), size));
    });
  }
  return std::max(0.0, sum.value() / double(margins.total));
}

template <class Count>
double conditional_entropy(const JointTable<Count>& table) {
  const DependenceKernels& kernels = dependence_kernels(simd::active());
  const Rows<Count> rows(table);
  CompensatedSum sum;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const std::uint64_t row_total = rows.total(i);
    if (row_total == 0) continue;
    total += row_total;
    rows.each_piece(i, [&](std::size_t, const double* counts, std::size_t size) {
      sum.add(kernels.row_surprisal(counts, double(row_total), size));
    });
  }
  PYINFO_ASSERT(table.stride >= table.columns && total > 0);
  return std::max(0.0, sum.value() / double(total));
}

template double mutual_information(const JointTable<std::uint32_t>&);
template double mutual_information(const JointTable<std::uint64_t>&);
template double mutual_information(const JointTable<std::uint32_t>&, const Margins&) noexcept;
template double mutual_information(const JointTable<std::uint64_t>&, const Margins&) noexcept;
template double conditional_entropy(const JointTable<std::uint32_t>&);
template double conditional_entropy(const JointTable<std::uint64_t>&);

std::size_t label_count(const std::int64_t* labels, std::size_t size) {
  std::int64_t most = -1;
  for (std::size_t i = 0; i < size; ++i) {
    if (labels[i] < 0) throw std::invalid_argument("labels must not be negative");
    most = std::max(most, labels[i]);
  }
  return std::size_t(most + 1);
}

JointCells checked_cells(JointCells cells) {
  if (label_count(cells.rows, cells.size) > cells.row_count)
    throw std::invalid_argument("every row must have a group");
  cells.column_count = label_count(cells.columns, cells.size);
  cells.group_count = label_count(cells.groups, cells.row_count);
  return cells;
}

double conditional_information(const JointCells& cells) {
  const DependenceKernels& kernels = dependence_kernels(simd::active());
  const auto row_totals =
      sums_by<std::uint64_t>(cells.rows, cells.counts, cells.size, cells.row_count);
  const auto column_totals =
      sums_by<std::uint64_t>(cells.columns, cells.counts, cells.size, cells.column_count);
  const auto group_totals =
      sums_by<std::uint64_t>(cells.groups, row_totals.data(), cells.row_count, cells.group_count);

  CompensatedSum sum;
  double n[kCells], a[kCells], b[kCells], c[kCells];
  std::uint64_t total = 0;
  // What each row's cells cover of its group; the rest are empty cells.
  std::vector<std::uint64_t> covered(cells.row_count);
  for (std::size_t first = 0; first < cells.size; first += kCells) {
    threads::require_uninterrupted();
    const std::size_t size = std::min(kCells, cells.size - first);
    for (std::size_t i = 0; i < size; ++i) {
      const auto row = std::size_t(cells.rows[first + i]);
      const std::uint64_t column_total = column_totals[std::size_t(cells.columns[first + i])];
      covered[row] += column_total;
      total += cells.counts[first + i];
      n[i] = double(cells.counts[first + i]);
      a[i] = double(row_totals[row]);
      b[i] = double(column_total);
      c[i] = double(group_totals[std::size_t(cells.groups[row])]);
    }
    sum.add(kernels.cells_excess(n, a, b, c, size));
  }
  // An empty cell adds what it was expected to hold: together, integers until the very end.
  for (std::size_t row = 0; row < cells.row_count; ++row) {
    if (row_totals[row] == 0) continue;
    const std::uint64_t group_total = group_totals[std::size_t(cells.groups[row])];
    PYINFO_ASSERT(covered[row] <= group_total);  // else a column is used by two groups
    sum.add(double(row_totals[row]) * double(group_total - covered[row]) / double(group_total));
  }
  return std::max(0.0, sum.value() / double(total));
}

double conditional_entropy(const std::uint64_t* counts, const std::int64_t* groups,
                           std::size_t size, std::size_t group_count) {
  const DependenceKernels& kernels = dependence_kernels(simd::active());
  const auto group_totals = sums_by<std::uint64_t>(groups, counts, size, group_count);
  CompensatedSum sum;
  double n[kCells], a[kCells];
  std::uint64_t total = 0;
  for (std::size_t first = 0; first < size; first += kCells) {
    const std::size_t now = std::min(kCells, size - first);
    for (std::size_t i = 0; i < now; ++i) {
      total += counts[first + i];
      n[i] = double(counts[first + i]);
      a[i] = double(group_totals[std::size_t(groups[first + i])]);
    }
    sum.add(kernels.cells_surprisal(n, a, now));
  }
  return std::max(0.0, sum.value() / double(total));
}

}  // namespace pyinfo::dependence
