#include "coding/messages/mean_grid.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "coding/models/fixed_distributions.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 14;
// Added to a number, it leaves the nearest whole one in the lower bits of the sum, half to even.
constexpr double kRounder = 0x1.8p52;

std::uint64_t bits_of(double number) noexcept {
  std::uint64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  return bits;
}

template <class Mean, class Index, class Table>
void split_piece(const Mean* means, const Index* indexes, std::size_t first, std::size_t n,
                 unsigned steps, std::size_t scales, Table* tables, std::int32_t* shifts) {
  const double factor = steps;  // products with a power of two are exact
  const int bits = __builtin_ctz(steps);
  const auto zero = static_cast<std::uint32_t>(bits_of(kRounder) >> bits);
  bool within = true;
  Index most = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double mean = means[i];
    within &= std::abs(mean) <= kMostMean;  // not so for NaN
    const auto whole = bits_of(mean * factor + kRounder);
    shifts[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(whole >> bits) - zero);
    const Index index = indexes[i];
    most = std::max(most, index);
    const auto step = static_cast<std::uint32_t>(whole) & (steps - 1);
    tables[i] = static_cast<Table>(index * steps + step);
  }
  if (within && most < scales) return;
  for (std::size_t i = 0; i < n; ++i) {
    const double mean = means[i];
    if (!(std::abs(mean) <= kMostMean)) throw MeanOutOfRange(mean);
    const std::size_t index = indexes[i];
    if (index >= scales) throw IndexOutOfRange(first + i, index);
  }
  // They have changed meanwhile.
  if (!within) throw MeanOutOfRange(std::numeric_limits<double>::quiet_NaN());
  throw IndexOutOfRange(first, most);
}

}  // namespace

template <class Mean, class Index, class Table>
void split_means(const Mean* means, const Index* indexes, std::size_t n, unsigned steps,
                 std::size_t scales, Table* tables, std::int32_t* shifts) {
  PYINFO_ASSERT(steps > 0 && (steps & (steps - 1)) == 0 && steps <= kMostMeanSteps);
  PYINFO_ASSERT(scales * steps <= std::size_t{1} << 8 * sizeof(Table));
  for (std::size_t i = 0; i < n; i += kPiece) {
    threads::require_uninterrupted();
    split_piece(means + i, indexes + i, i, std::min(kPiece, n - i), steps, scales, tables + i,
                shifts + i);
  }
}

#define PYINFO_SPLIT(Mean, Index, Table)                                                        \
  template void split_means(const Mean*, const Index*, std::size_t, unsigned, std::size_t, Table*, \
                            std::int32_t*)
PYINFO_SPLIT(float, std::uint8_t, std::uint8_t);
PYINFO_SPLIT(float, std::uint8_t, std::uint16_t);
PYINFO_SPLIT(float, std::uint16_t, std::uint8_t);
PYINFO_SPLIT(float, std::uint16_t, std::uint16_t);
PYINFO_SPLIT(double, std::uint8_t, std::uint8_t);
PYINFO_SPLIT(double, std::uint8_t, std::uint16_t);
PYINFO_SPLIT(double, std::uint16_t, std::uint8_t);
PYINFO_SPLIT(double, std::uint16_t, std::uint16_t);
#undef PYINFO_SPLIT

}  // namespace pyinfo::coding
