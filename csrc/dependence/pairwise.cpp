#include "dependence/pairwise.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "counting/byte_counts.hpp"
#include "dependence/dependence.hpp"
#include "simd/assert.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::dependence {
namespace {

using counting::kByteValues;

// One column is counted against several others in one pass: their tables are independent, so an
// increment need not wait for the one before, which may have just stored the same counter.
constexpr std::size_t kMostTogether = 4;
// Tables of a pass; they share the second-level cache with the samples that stream by.
constexpr std::size_t kTableBytes = std::size_t{1} << 19;

// Rows of wide tables are an odd number of cache lines apart, or the same column of every row
// would fall on a few addresses modulo the page size, which processors take for one another.
std::size_t row_stride(std::size_t columns, std::size_t count_size) noexcept {
  const std::size_t line = 64 / count_size;
  if (columns < 2 * line) return columns;
  return (columns + line - 1) / line * line | line;
}

template <std::size_t together, class Count>
void count_together(const std::uint8_t* row, const std::uint8_t* const* columns,
                    std::size_t samples, std::size_t stride, std::size_t table,
                    Count* counts) noexcept {
  const std::uint8_t* column[together];
  for (std::size_t k = 0; k < together; ++k) column[k] = columns[k];
  for (std::size_t i = 0; i < samples; ++i) {
    Count* const at = counts + row[i] * stride;
    for (std::size_t k = 0; k < together; ++k) ++at[k * table + column[k][i]];
  }
}

// A pass over the samples: a column as rows, and up to kMostTogether columns from `first` on.
struct Pass {
  std::size_t row;
  std::size_t first;
  std::size_t count;
};

template <class Count>
class Pairs {
 public:
  Pairs(const CodedColumns& data, double* matrix)
      : data_(data), matrix_(matrix), totals_(data.columns * kByteValues) {
    for (std::size_t i = 0; i < data.columns; ++i) {
      PYINFO_ASSERT(data.alphabets[i] <= kByteValues);
      std::uint64_t* const totals = totals_.data() + i * kByteValues;
      counting::byte_counts(column(i), data.samples, 1, totals);
      PYINFO_ASSERT(std::all_of(totals + data.alphabets[i], totals + kByteValues,
                                [](std::uint64_t count) { return count == 0; }));
    }
    column_totals_.assign(totals_.begin(), totals_.end());
    for (std::size_t row = 0; row < data.columns; ++row) {
      for (std::size_t first = row; first < data.columns; first += passes_.back().count) {
        std::size_t count = 1;
        while (count < kMostTogether && first + count < data.columns &&
               cells({row, first, count + 1}) * sizeof(Count) <= kTableBytes)
          ++count;
        passes_.push_back({row, first, count});
      }
    }
  }

  std::size_t size() const noexcept { return passes_.size(); }

  std::size_t largest() const noexcept {
    std::size_t most = 0;
    for (const Pass& pass : passes_) most = std::max(most, cells(pass));
    return most;
  }

  void run(std::size_t which, Count* counts) const noexcept {
    const Pass& pass = passes_[which];
    std::fill_n(counts, cells(pass), Count{0});
    const std::uint8_t* columns[kMostTogether];
    for (std::size_t k = 0; k < pass.count; ++k) columns[k] = column(pass.first + k);
    constexpr decltype(&count_together<1, Count>) kCount[kMostTogether] = {
        count_together<1, Count>, count_together<2, Count>, count_together<3, Count>,
        count_together<4, Count>};
    kCount[pass.count - 1](column(pass.row), columns, data_.samples, stride(pass), table(pass),
                           counts);
    for (std::size_t k = 0; k < pass.count; ++k) {
      const std::size_t j = pass.first + k;
      const JointTable<Count> joint{counts + k * table(pass), data_.alphabets[pass.row],
                                    data_.alphabets[j], stride(pass)};
      const double information =
          mutual_information(joint, {totals_.data() + pass.row * kByteValues,
                                     column_totals_.data() + j * kByteValues, data_.samples});
      matrix_[pass.row * data_.columns + j] = matrix_[j * data_.columns + pass.row] = information;
    }
  }

 private:
  const std::uint8_t* column(std::size_t i) const noexcept {
    return data_.codes + i * data_.samples;
  }
  std::size_t stride(const Pass& pass) const noexcept {
    std::uint32_t widest = 0;
    for (std::size_t k = 0; k < pass.count; ++k)
      widest = std::max(widest, data_.alphabets[pass.first + k]);
    return row_stride(widest, sizeof(Count));
  }
  std::size_t table(const Pass& pass) const noexcept {
    return data_.alphabets[pass.row] * stride(pass);
  }
  std::size_t cells(const Pass& pass) const noexcept { return table(pass) * pass.count; }

  const CodedColumns& data_;
  double* matrix_;
  std::vector<std::uint64_t> totals_;  // of the codes of each column
  std::vector<double> column_totals_;  // the same
  std::vector<Pass> passes_;
};

template <class Count>
void all_pairs(const CodedColumns& data, double* matrix, int threads) {
  const Pairs<Count> pairs(data, matrix);
  const std::size_t parts = std::min(pairs.size(), std::size_t(threads::resolve(threads)));
  const std::size_t cells = pairs.largest();
  const std::unique_ptr<Count[]> tables(new Count[parts * cells]);
  auto part = [&](std::size_t i) noexcept {
    for (std::size_t pass = i; pass < pairs.size(); pass += parts)
      pairs.run(pass, tables.get() + i * cells);
  };
  threads::parallel(parts, threads, part);
}

}  // namespace

void check_columns(const CodedColumns& data) {
  for (std::size_t i = 0; i < data.columns; ++i) {
    const std::uint8_t* const codes = data.codes + i * data.samples;
    std::uint32_t most = 0;
    for (std::size_t k = 0; k < data.samples; ++k) most = std::max<std::uint32_t>(most, codes[k]);
    if (most >= data.alphabets[i] || data.alphabets[i] > kByteValues)
      throw std::invalid_argument("codes must be below their alphabets, and those at most 256");
  }
}

void pairwise_mutual_information(const CodedColumns& data, double* matrix, int threads) {
  if (data.samples <= std::numeric_limits<std::uint32_t>::max())
    all_pairs<std::uint32_t>(data, matrix, threads);
  else
    all_pairs<std::uint64_t>(data, matrix, threads);
}

}  // namespace pyinfo::dependence
