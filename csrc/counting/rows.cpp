#include "counting/rows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>

#include "counting/strategies/entries.hpp"
#include "counting/strategies/hash_seed.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::counting {
namespace {

constexpr std::size_t kPerQuestion = 1 << 16;  // whether to go on

std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) noexcept {
  hash = (hash ^ word) * kHashMultiplier;
  return hash ^ hash >> 32;
}

std::uint64_t word_at(const unsigned char* bytes) noexcept {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Up to 7 bytes.
std::uint64_t short_word(const unsigned char* bytes, std::size_t width) noexcept {
  PYINFO_ASSERT(width < 8);
  std::uint64_t word = 0;
  for (std::size_t k = 0; k < width; ++k) word = word << 8 | bytes[k];
  return word;
}

// Calls visitor(offset) for words of 8 bytes that cover the row, the last of which may overlap the
// one before it, until it returns false. The width is at least 8.
template <class Visitor>
bool every_word(std::size_t width, Visitor&& visitor) noexcept {
  PYINFO_ASSERT(width >= 8);
  for (std::size_t at = 0; at + 8 < width; at += 8)
    if (!visitor(at)) return false;
  return visitor(width - 8);
}

// Two chains of multiplications, since each waits for the one before it.
std::uint64_t hash_of(const unsigned char* row, std::size_t width) noexcept {
  if (width < 8) return mixed(width, short_word(row, width));
  std::uint64_t even = width, odd = 0;
  std::size_t at = 0;
  for (; at + 16 < width; at += 16) {
    even = mixed(even, word_at(row + at));
    odd = mixed(odd, word_at(row + at + 8));
  }
  if (at + 8 < width) even = mixed(even, word_at(row + at));
  return mixed(even, mixed(odd, word_at(row + width - 8)));
}

bool equal(const unsigned char* a, const unsigned char* b, std::size_t width) noexcept {
  if (width < 8) return short_word(a, width) == short_word(b, width);
  return every_word(width, [&](std::size_t at) { return word_at(a + at) == word_at(b + at); });
}

bool less(const unsigned char* x, const unsigned char* y, std::size_t width, bool wide) noexcept {
  if (!wide) return std::memcmp(x, y, width) < 0;
  for (std::size_t at = 0; at < width; at += 4, x += 4, y += 4) {
    std::uint32_t p, q;
    std::memcpy(&p, x, 4);
    std::memcpy(&q, y, 4);
    if (p != q) return p < q;
  }
  return false;
}

// A hash table from rows to entries, numbered in the order in which they first occur.
//
// It keeps the bytes of the entries, and never looks at their rows again: others may write to those
// meanwhile, and what is compared and sorted must not change.
class RowIndex {
 public:
  explicit RowIndex(const Rows& rows) : rows_(rows), slots_(kFirstSlots, Slot{0, kFree}) {}

  // The index of the row's entry; a new one is appended to `firsts`.
  std::uint32_t find(std::size_t row, std::vector<std::size_t>& firsts) {
    const unsigned char* const bytes = rows_.data + row * rows_.width;
    const std::uint64_t hash = hash_of(bytes, rows_.width);
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = hash & mask;
    // Only rows whose hashes agree are compared, and those are hardly ever different.
    for (; slots_[at].entry != kFree; at = (at + 1) & mask) {
      const Slot slot = slots_[at];
      if (slot.hash == std::uint32_t(hash >> 32) && equal(row_of(slot.entry), bytes, rows_.width)) {
        return slot.entry;
      }
    }
    return append(row, hash, at, firsts);
  }

  bool less(std::uint32_t a, std::uint32_t b) const noexcept {
    return counting::less(row_of(a), row_of(b), rows_.width, rows_.wide);
  }

 private:
  struct Slot {
    std::uint32_t hash;  // its high half; the low one says where the slot is
    std::uint32_t entry;
  };
  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::size_t kFirstSlots = 1024;

  // Apart from what is done for every row, which is short then.
  std::uint32_t append(std::size_t row, std::uint64_t hash, std::size_t at,
                       std::vector<std::size_t>& firsts) {
    const unsigned char* const bytes = rows_.data + row * rows_.width;
    const std::size_t entry = firsts.size();
    if (entry == kFree) throw std::length_error("more than 2^32 - 2 different strings");
    slots_[at] = {std::uint32_t(hash >> 32), std::uint32_t(entry)};
    firsts.push_back(row);
    distinct_.insert(distinct_.end(), bytes, bytes + rows_.width);
    if (firsts.size() * 2 > slots_.size()) grow(firsts.size());
    return std::uint32_t(entry);
  }

  const unsigned char* row_of(std::size_t entry) const noexcept {
    return distinct_.data() + entry * rows_.width;
  }

  void grow(std::size_t entries) {
    std::vector<Slot> slots(slots_.size() * 4, Slot{0, kFree});
    const std::size_t mask = slots.size() - 1;
    for (std::size_t entry = 0; entry < entries; ++entry) {
      const std::uint64_t hash = hash_of(row_of(entry), rows_.width);
      std::size_t at = hash & mask;
      while (slots[at].entry != kFree) at = (at + 1) & mask;
      slots[at] = {std::uint32_t(hash >> 32), std::uint32_t(entry)};
    }
    slots_ = std::move(slots);
  }

  const Rows rows_;
  std::vector<Slot> slots_;
  std::vector<unsigned char> distinct_;  // the first row of each entry
};

template <class Weight>
std::vector<RowEntry<typename Weight::Count>> count(const Rows& rows, Weight weights,
                                                    std::uint32_t* labels) {
  PYINFO_ASSERT(!rows.wide || rows.width % 4 == 0);
  using Count = typename Weight::Count;
  RowIndex index(rows);
  std::vector<std::size_t> firsts;
  std::vector<Count> counts;
  for (std::size_t i = 0; i < rows.size; ++i) {
    if (i % kPerQuestion == 0) threads::require_uninterrupted();
    const std::uint32_t entry = index.find(i, firsts);
    if (entry == counts.size()) counts.push_back(0);
    counts[entry] += weights[i];
    if (labels != nullptr) labels[i] = entry;
  }

  std::vector<std::uint32_t> order(firsts.size());
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::sort(order.begin(), order.end(),
            [&, compared = std::size_t{0}](std::uint32_t a, std::uint32_t b) mutable {
              if (++compared % kPerQuestion == 0) threads::require_uninterrupted();
              return index.less(a, b);
            });
  std::vector<RowEntry<Count>> table;
  table.reserve(order.size());
  for (const std::uint32_t entry : order)
    if (labels != nullptr || counts[entry] != 0) table.push_back({firsts[entry], counts[entry]});
  if (labels != nullptr) {
    std::vector<std::uint32_t> rank(order.size());
    for (std::size_t r = 0; r < order.size(); ++r) rank[order[r]] = std::uint32_t(r);
    for (std::size_t i = 0; i < rows.size; ++i) labels[i] = rank[labels[i]];
  }
  return table;
}

}  // namespace

std::vector<RowEntry<std::uint64_t>> count_rows(Rows rows, std::uint32_t* labels) {
  return count(rows, Ones{}, labels);
}

std::vector<RowEntry<std::uint64_t>> count_rows(Rows rows, const std::uint64_t* weights) {
  return count(rows, Weights<std::uint64_t>{weights}, nullptr);
}

std::vector<RowEntry<double>> count_rows(Rows rows, const double* weights) {
  return count(rows, Weights<double>{weights}, nullptr);
}

template <class Count>
void write_rows(Rows rows, const std::vector<RowEntry<Count>>& table, unsigned char* values,
                Count* counts) noexcept {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (rows.width > 0)
      std::memcpy(values + i * rows.width, rows.data + table[i].row * rows.width, rows.width);
    counts[i] = table[i].count;
  }
}

template void write_rows(Rows, const std::vector<RowEntry<std::uint64_t>>&, unsigned char*,
                         std::uint64_t*) noexcept;
template void write_rows(Rows, const std::vector<RowEntry<double>>&, unsigned char*,
                         double*) noexcept;

std::vector<RowEntry<std::uint64_t>> count_rows_reference(Rows rows) {
  const auto order = [&](std::size_t a, std::size_t b) {
    return less(rows.data + a * rows.width, rows.data + b * rows.width, rows.width, rows.wide);
  };
  std::map<std::size_t, std::uint64_t, decltype(order)> table(order);
  for (std::size_t i = 0; i < rows.size; ++i) ++table[i];
  std::vector<RowEntry<std::uint64_t>> entries;
  for (const auto& [row, number] : table) entries.push_back({row, number});
  return entries;
}

}  // namespace pyinfo::counting
