// How often each row of bytes occurs: fixed-width strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyinfo::counting {

// `size` strings of `width` bytes each, padded with zeros: of bytes, or (`wide`) of 32-bit code
// points (the width is a multiple of 4), in whose order they sort.
struct Rows {
  const unsigned char* data;
  std::size_t size;
  std::size_t width;
  bool wide;
};

// One of the equal rows, by its number: the first; and how often it occurs.
template <class Count>
struct RowEntry {
  std::size_t row;
  Count count;
};

// The table in the order of the rows. With `labels` (as many as rows) it also gives for each row
// the index of its entry; entries are then kept whatever their weights sum to, otherwise those
// that sum to zero are left out. Throws std::bad_alloc, and std::length_error for 2^32 different
// rows.
std::vector<RowEntry<std::uint64_t>> count_rows(Rows rows, std::uint32_t* labels = nullptr);
std::vector<RowEntry<std::uint64_t>> count_rows(Rows rows, const std::uint64_t* weights);
std::vector<RowEntry<double>> count_rows(Rows rows, const double* weights);

// The rows that a table counts, one after the other as `rows.width` bytes each, and their counts.
template <class Count>
void write_rows(Rows rows, const std::vector<RowEntry<Count>>& table, unsigned char* values,
                Count* counts) noexcept;

// The same in its plainest form.
std::vector<RowEntry<std::uint64_t>> count_rows_reference(Rows rows);

}  // namespace pyinfo::counting
