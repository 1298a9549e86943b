#include "counting/joint_histogram.hpp"

#include <algorithm>
#include <vector>

#include "counting/byte_counts.hpp"
#include "memory/overlap.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::counting {
namespace {

// The most cells, in all and per sample.
constexpr std::size_t kMostCells = std::size_t{1} << 21;
constexpr std::size_t kCellsPerSample = 4;
constexpr std::size_t kLeastCells = std::size_t{1} << 12;

constexpr std::size_t kGuessSamples = 2048;
constexpr std::size_t kLookAhead = std::size_t{1} << 16;
constexpr std::size_t kPerFlush = std::size_t{1} << 24;

struct Range {
  Key least = ~Key{0};
  Key largest = 0;

  void include(Key key) noexcept {
    least = std::min(least, key);
    largest = std::max(largest, key);
  }
  // largest - least, which may be all that a Key can hold.
  Key span() const noexcept { return largest - least; }
};

template <class KeysX, class KeysY>
class Counter {
 public:
  Counter(const KeysX& x, const KeysY& y, std::size_t n) noexcept : x_(x), y_(y), n_(n) {}

  bool count() {
    const std::size_t step = (n_ - 1) / kGuessSamples + 1;
    include(n_ - 1);
    for (std::size_t i = 0; i < n_; i += step) include(i);
    if (!fits(range_x_, range_y_)) return false;
    allocate_cells();
    for (std::size_t i = 0;;) {
      i = count_from(i);
      if (i == n_) return true;
      threads::require_uninterrupted();
      if (inside(i)) {
        flush();  // the end of what may be counted at a time
        continue;
      }
      const Range old_x = range_x_, old_y = range_y_;
      for (std::size_t k = i; k < std::min(n_, i + kLookAhead); ++k) include(k);
      if (!fits(range_x_, range_y_)) return false;
      add_margin(range_x_, old_x);
      add_margin(range_y_, old_y);
      flush();
      widen(old_x, old_y);
    }
  }

  JointHistogram finish() {
    // What has been flushed is there only after long counting or a wider range.
    if (counts_.empty()) return trimmed(cells_.data());
    for (std::size_t c = 0; c < counts_.size(); ++c) counts_[c] += cells_[c];
    return trimmed(counts_.data());
  }

 private:
  void include(std::size_t i) noexcept {
    range_x_.include(x_[i]);
    range_y_.include(y_[i]);
  }

  bool inside(std::size_t i) const noexcept {
    return x_[i] - range_x_.least <= range_x_.span() && y_[i] - range_y_.least <= range_y_.span();
  }

  bool fits(const Range& x, const Range& y) const noexcept {
    const std::size_t most = std::min(kMostCells, std::max(kLeastCells, n_ * kCellsPerSample));
    return x.span() < most && y.span() < most && (x.span() + 1) * (y.span() + 1) <= most;
  }

  // A range that has grown will grow again: a margin of a quarter on that side, if it fits.
  void add_margin(Range& range, const Range& old) const noexcept {
    const Range exact = range;
    const Key margin = range.span() / 4 + 1;
    if (range.least < old.least) range.least -= std::min(range.least, margin);
    if (range.largest > old.largest) range.largest += std::min(~Key{0} - range.largest, margin);
    if (!fits(range_x_, range_y_)) range = exact;
  }

  void allocate_cells() {
    rows_ = std::size_t(range_x_.span()) + 1;
    columns_ = std::size_t(range_y_.span()) + 1;
    cells_ = memory::Buffer<std::uint32_t>(rows_ * columns_);
    std::fill_n(cells_.data(), cells_.size(), std::uint32_t{0});
  }

  void flush() {
    counts_.resize(cells_.size());
    for (std::size_t c = 0; c < counts_.size(); ++c) counts_[c] += cells_[c];
    std::fill_n(cells_.data(), cells_.size(), std::uint32_t{0});
  }

  void widen(const Range& old_x, const Range& old_y) {
    const std::size_t old_rows = rows_, old_columns = columns_;
    allocate_cells();
    std::vector<std::uint64_t> counts(rows_ * columns_);
    const std::size_t down = std::size_t(old_x.least - range_x_.least);
    const std::size_t right = std::size_t(old_y.least - range_y_.least);
    for (std::size_t r = 0; r < old_rows; ++r)
      std::copy_n(counts_.data() + r * old_columns, old_columns,
                  counts.data() + (r + down) * columns_ + right);
    counts_ = std::move(counts);
  }

  // Counts until a pair lies outside, and returns its number.
  std::size_t count_from(std::size_t begin) noexcept {
    const std::size_t end = std::min(n_, begin + kPerFlush);
    const Key first_x = range_x_.least, first_y = range_y_.least;
    const std::size_t rows = rows_, columns = columns_;
    std::uint32_t* const cells = cells_.data();
    std::size_t i = begin;
    for (; i < end; ++i) {
      const Key r = x_[i] - first_x, c = y_[i] - first_y;
      if ((r >= rows) | (c >= columns)) break;
      ++cells[r * columns + c];
    }
    return i;
  }

  template <class Cell>
  JointHistogram trimmed(const Cell* cells) const {
    std::size_t top = rows_, bottom = 0, left = columns_, right = 0;
    for (std::size_t r = 0; r < rows_; ++r) {
      const Cell* const row = cells + r * columns_;
      std::size_t first = 0, last = columns_;
      while (first < columns_ && row[first] == 0) ++first;
      if (first == columns_) continue;
      while (row[last - 1] == 0) --last;
      top = std::min(top, r);
      bottom = r + 1;
      left = std::min(left, first);
      right = std::max(right, last);
    }
    JointHistogram table{range_x_.least + top, range_y_.least + left, bottom - top, right - left,
                         memory::Buffer<std::uint64_t>((bottom - top) * (right - left))};
    for (std::size_t r = 0; r < table.rows; ++r)
      std::copy_n(cells + (r + top) * columns_ + left, table.columns,
                  table.counts.data() + r * table.columns);
    return table;
  }

  const KeysX x_;
  const KeysY y_;
  const std::size_t n_;
  Range range_x_, range_y_;
  std::size_t rows_ = 0, columns_ = 0;
  memory::Buffer<std::uint32_t> cells_;
  std::vector<std::uint64_t> counts_;
};

template <class Visitor>
decltype(auto) with_integers(Column column, Visitor&& visitor) {
  const Kind kind = column.type.kind;
  const unsigned char size = column.type.size;
  PYINFO_ASSERT(kind != Kind::floating);
  PYINFO_ASSERT(size == 1 || size == 2 || size == 4 || size == 8);
  switch (size) {
    case 1:
      return visitor(IntegerKeys<std::uint8_t>(column.data, kind));
    case 2:
      return visitor(IntegerKeys<std::uint16_t>(column.data, kind));
    case 4:
      return visitor(IntegerKeys<std::uint32_t>(column.data, kind));
    default:
      return visitor(IntegerKeys<std::uint64_t>(column.data, kind));
  }
}

}  // namespace

std::optional<JointHistogram> joint_histogram(Column x, Column y) {
  PYINFO_ASSERT(x.size == y.size);
  if (x.size == 0) return std::nullopt;
  return with_integers(x, [&](const auto& keys_x) {
    return with_integers(y, [&](const auto& keys_y) -> std::optional<JointHistogram> {
      Counter counter(keys_x, keys_y, x.size);
      if (!counter.count()) return std::nullopt;
      return counter.finish();
    });
  });
}

std::optional<JointHistogram> joint_histogram_reference(Column x, Column y) {
  PYINFO_ASSERT(x.size == y.size);
  if (x.size == 0) return std::nullopt;
  return with_integers(x, [&](const auto& keys_x) {
    return with_integers(y, [&](const auto& keys_y) -> std::optional<JointHistogram> {
      Range range_x, range_y;
      for (std::size_t i = 0; i < x.size; ++i) {
        range_x.include(keys_x[i]);
        range_y.include(keys_y[i]);
      }
      const std::size_t most =
          std::min(kMostCells, std::max(kLeastCells, x.size * kCellsPerSample));
      if (range_x.span() >= most || range_y.span() >= most) return std::nullopt;
      JointHistogram table{range_x.least,
                           range_y.least,
                           std::size_t(range_x.span()) + 1,
                           std::size_t(range_y.span()) + 1,
                           {}};
      const std::size_t cells = table.rows * table.columns;
      if (cells > most) return std::nullopt;
      table.counts = memory::Buffer<std::uint64_t>(cells);
      std::fill_n(table.counts.data(), cells, std::uint64_t{0});
      for (std::size_t i = 0; i < x.size; ++i)
        ++table.counts[(keys_x[i] - range_x.least) * table.columns + (keys_y[i] - range_y.least)];
      return table;
    });
  });
}

void joint_byte_counts_reference(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                                 std::uint64_t* counts) noexcept {
  for (std::size_t i = 0; i < n; ++i) ++counts[a[i] * kByteValues + b[i]];
}

// Further tables, as for single bytes, would not fit the second-level cache, and would have to be
// cleared and added up. What they are for is that an increment waits for an earlier one of the same
// counter: here pairs that repeat are added at once instead.
void joint_byte_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                       std::uint64_t* counts) noexcept {
  const auto cell = [=](std::size_t i) { return a[i] * kByteValues + b[i]; };
  PYINFO_ASSERT(!memory::overlap(a, n, counts, kByteValues * kByteValues * sizeof *counts));
  PYINFO_ASSERT(!memory::overlap(b, n, counts, kByteValues * kByteValues * sizeof *counts));
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const std::size_t at[4] = {cell(i), cell(i + 1), cell(i + 2), cell(i + 3)};
    if (((at[0] ^ at[1]) | (at[1] ^ at[2]) | (at[2] ^ at[3])) == 0) {
      counts[at[0]] += 4;
    } else {
      for (const std::size_t each : at) ++counts[each];
    }
  }
  joint_byte_counts_reference(a + i, b + i, n - i, counts);
}

}  // namespace pyinfo::counting
