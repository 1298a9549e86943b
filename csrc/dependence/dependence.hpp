// How much variables tell of each other, from the counts of what occurred together. In nats.
//
// No result is a difference of entropies: mutual information is the divergence of the joint counts
// from the product of their margins, added up from non-negative terms, and conditional entropy is
// the mean surprisal given the condition. Both are never negative and accurate near 0.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::dependence {

struct DependenceKernels {
  // The sum over cells of n ln(n c / (a b)) - n + a b / c: of a row, and of any cells.
  double (*row_excess)(const double* n, double a, const double* b, double c,
                       std::size_t size) noexcept;
  double (*cells_excess)(const double* n, const double* a, const double* b, const double* c,
                         std::size_t size) noexcept;
  // The sum over cells of n ln(a / n).
  double (*row_surprisal)(const double* n, double a, std::size_t size) noexcept;
  double (*cells_surprisal)(const double* n, const double* a, std::size_t size) noexcept;
};
const DependenceKernels& dependence_kernels(simd::Isa isa) noexcept;

// A table of joint counts, its rows `stride` apart; its total is positive and below 2^64.
template <class Count>
struct JointTable {
  const Count* counts;
  std::size_t rows;
  std::size_t columns;
  std::size_t stride;
};

// What the rows and columns of a table add up to, and all of it.
struct Margins {
  const std::uint64_t* rows;
  const double* columns;
  std::uint64_t total;
};

// I(row; column).
template <class Count>
double mutual_information(const JointTable<Count>& table);
template <class Count>
double mutual_information(const JointTable<Count>& table, const Margins& margins) noexcept;
// H(column | row).
template <class Count>
double conditional_entropy(const JointTable<Count>& table);

// The cells that are not empty of tables too large to be laid out, one table per group.
struct JointCells {
  const std::uint64_t* counts;
  const std::int64_t* rows;     // of each cell
  const std::int64_t* columns;  // of each cell
  std::size_t size;
  const std::int64_t* groups;  // of each row; no column is used by two groups
  std::size_t row_count;
  std::size_t column_count;
  std::size_t group_count;
};

// One more than the largest label, 0 for none. Throws std::invalid_argument if one is negative:
// labels are indices.
std::size_t label_count(const std::int64_t* labels, std::size_t size);

// The cells with column_count and group_count, which follow from the labels. Throws
// std::invalid_argument if a label is negative or a row has no group.
JointCells checked_cells(JointCells cells);

// I(row; column | group).
double conditional_information(const JointCells& cells);
// H(cell | group), with the group of each cell.
double conditional_entropy(const std::uint64_t* counts, const std::int64_t* groups,
                           std::size_t size, std::size_t group_count);

// The mutual information that two labellings of the same samples have on average when one of them
// is shuffled. Margins are given as different sizes and how many labels have each of them.
struct Margin {
  const std::uint64_t* sizes;
  const std::uint64_t* times;
  std::size_t count;
};
// Throws std::invalid_argument if a label has more than `total` samples.
void check_margin(const Margin& margin, std::uint64_t total);
// Both margins must have passed check_margin.
double expected_mutual_information(const Margin& a, const Margin& b, std::uint64_t total);

// The definitions, cell by cell.
namespace reference {
double mutual_information(const JointTable<std::uint64_t>& table);
double conditional_entropy(const JointTable<std::uint64_t>& table);
double expected_mutual_information(const Margin& a, const Margin& b, std::uint64_t total);
}  // namespace reference

}  // namespace pyinfo::dependence
