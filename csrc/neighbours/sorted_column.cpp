// Sorting by radix, and the search levels above sorted values.
#include "neighbours/sorted_column.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

#include "simd/assert.hpp"

namespace pyinfo::neighbours {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t kSign = std::uint64_t{1} << 63;

// An integer that is ordered as the value is; both zeros have one.
std::uint64_t key_of(double value) noexcept {
  value += 0.0;
  std::uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits & kSign ? ~bits : bits | kSign;
}

struct Item {
  std::uint64_t key;
  std::uint32_t index;
};
bool operator<(const Item& a, const Item& b) noexcept {
  return a.key != b.key ? a.key < b.key : a.index < b.index;
}

// Of so many values and an infinity.
std::size_t whole_nodes(std::size_t size) noexcept { return size / kFan * kFan + kFan; }

// Three digits: the highest 33 bits in which keys differ. Where these are equal the keys may not
// be; such runs are put in order after.
constexpr int kDigitBits = 11;
constexpr int kDigits = 3;
constexpr std::size_t kValues = std::size_t{1} << kDigitBits;
constexpr std::size_t kFewItems = 512;  // clearing the counters would take longer

int shift_for(std::uint64_t range) noexcept {
  int shift = 0;
  while (range >> shift >> (kDigits * kDigitBits) != 0) ++shift;
  return shift;
}

}  // namespace

SortedColumn::SortedColumn(std::size_t size) : size_(size) {
  if (size == 0) throw std::invalid_argument("there must be at least one point");
  if (size > kMostPoints) throw std::invalid_argument("there must be at most 2^31 points");
  padded_ = memory::Buffer<double>(kBefore + whole_nodes(size) + kLeaf);
  order_ = memory::Buffer<std::uint32_t>(size);
}

SortedColumn::SortedColumn(const double* values, std::size_t size) : SortedColumn(size) {
  for (std::size_t i = 0; i < size; ++i)
    if (!std::isfinite(values[i])) throw std::invalid_argument("coordinates must be finite");
  sort(values);
  make_levels();
}

SortedColumn::SortedColumn(const double* sorted, const std::uint32_t* order, std::size_t size)
    : SortedColumn(size) {
  PYINFO_ASSERT(std::is_sorted(sorted, sorted + size));
  std::copy(sorted, sorted + size, padded_.data() + kBefore);
  std::copy(order, order + size, order_.data());
  make_levels();
}

void SortedColumn::make_levels() {
  const std::size_t whole = whole_nodes(size_);
  std::fill(padded_.data(), padded_.data() + kBefore, -kInfinity);
  std::fill(padded_.data() + kBefore + size_, padded_.data() + padded_.size(), kInfinity);
  upper_.reserve(whole / (kFan - 1) + kFan * kMostLevels);  // or pointers into it would move
  const double* below = this->values();
  for (std::size_t level = whole; level > kFan;) {
    starts_.push_back(upper_.size());
    for (std::size_t i = kFan - 1; i < level; i += kFan) upper_.push_back(below[i]);
    level /= kFan;
    // Of a full node the last is infinite as well.
    const std::size_t padding = whole_nodes(level) - level;
    upper_.insert(upper_.end(), level % kFan == 0 ? 0 : padding, kInfinity);
    level += level % kFan == 0 ? 0 : padding;
    below = upper_.data() + starts_.back();
  }
  PYINFO_ASSERT(starts_.size() < kMostLevels);
}

void SortedColumn::sort(const double* values) {
  double* const sorted = padded_.data() + kBefore;
  memory::Buffer<Item> items(2 * size_);
  Item* from = items.data();
  Item* to = from + size_;
  std::uint64_t least = ~std::uint64_t{0}, most = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint64_t key = key_of(values[i]);
    least = std::min(least, key);
    most = std::max(most, key);
    from[i] = {key, std::uint32_t(i)};
  }
  if (size_ < kFewItems) {
    std::sort(from, from + size_);
  } else {
    const int shift = shift_for(most - least);
    const auto digits = [=](const Item& item) { return (item.key - least) >> shift; };
    const auto digit = [=](const Item& item, int d) {
      return std::size_t(digits(item) >> (d * kDigitBits)) % kValues;
    };
    std::vector<std::uint32_t> starts(kDigits * kValues, 0);
    for (std::size_t i = 0; i < size_; ++i)
      for (int d = 0; d < kDigits; ++d) ++starts[std::size_t(d) * kValues + digit(from[i], d)];
    for (int d = 0; d < kDigits; ++d) {
      std::uint32_t* const start = starts.data() + std::size_t(d) * kValues;
      if (start[digit(from[0], d)] == size_) continue;  // all have the same
      std::uint32_t sum = 0;
      for (std::size_t v = 0; v < kValues; ++v) sum += std::exchange(start[v], sum);
      for (std::size_t i = 0; i < size_; ++i) to[start[digit(from[i], d)]++] = from[i];
      std::swap(from, to);
    }
    for (std::size_t i = 0, end = 0; shift > 0 && i < size_; i = end) {
      bool ordered = true;
      for (end = i + 1; end < size_ && digits(from[end]) == digits(from[i]); ++end)
        ordered = ordered && from[end - 1].key <= from[end].key;
      if (!ordered) std::sort(from + i, from + end);
    }
  }
  for (std::size_t i = 0; i < size_; ++i) {
    order_[i] = from[i].index;
    sorted[i] = values[from[i].index] + 0.0;
  }
}

SearchLevels SortedColumn::levels() const noexcept {
  SearchLevels found{size_, 1 + starts_.size(), {values()}};
  for (std::size_t i = 0; i < starts_.size(); ++i) found.level[i + 1] = upper_.data() + starts_[i];
  return found;
}

}  // namespace pyinfo::neighbours
