// The tables of indexed rANS: a quantised distribution for every index, and how coders look into
// all of them.
//
// A table divides [0, 2^precision) into intervals, those of consecutive symbols from the least one
// on and a last one, the escape, which stands for every other symbol. The intervals of all tables
// are numbered through, in the order of tables and symbols: symbol = number - delta[table].
//
// A decoder finds the number of a slot in buckets of 16 slots: the number of the interval before
// the bucket plus the intervals that have begun in it up to the slot, which are bits to be counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding/models/rans_model.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {

inline constexpr int kMostIndexedPrecision = 14;  // of frequencies whose fourfold has 16 bits
inline constexpr std::size_t kMostTables = 65536;
// What kernels know: tables by a byte, intervals by 16 bits.
inline constexpr std::size_t kKernelTables = 256;
inline constexpr std::size_t kKernelIntervals = 65536;
// Symbols of tables. The two numbers of 16 bits beyond them are outside of every table.
inline constexpr int kLeastTableSymbol = -32767;
inline constexpr int kMostTableSymbol = 32766;

struct IndexedTable {
  std::uint32_t first;   // number of the first interval
  std::uint32_t escape;  // intervals before the escape: symbols
  std::int32_t least;    // symbol
};

// What kernels look up, where IndexedTables::fit_kernels(). Fields from the lowest bits on.
struct IndexedLookups {
  struct ByTable {
    alignas(64) std::uint16_t first[kKernelTables];
    alignas(64) std::uint16_t least[kKernelTables];
    alignas(64) std::uint16_t escape[kKernelTables];
    alignas(64) std::uint16_t delta[kKernelTables];  // number - symbol
    alignas(64) std::uint16_t last[kKernelTables];   // first + escape
  };

  int precision;
  bool few;                          // at most 64 tables
  const std::uint32_t* intervals;    // 16 bits start, 16 bits frequency
  const std::uint64_t* reciprocals;  // see IndexedTables::reciprocal
  const std::uint32_t* buckets;  // by table and slot / 16: 16 bits number before, 16 bits begins
  const std::uint64_t* encode;   // 16 bits start, 16 bits frequency, 32 bits (2^32 - 1) / frequency
  const std::uint64_t* decode;   // 16 bits start, 16 frequency, 16 symbol; the top bit for escapes
  const std::uint64_t* search;   // by table: 16 bits least, 16 bits escape, 16 bits first
  const ByTable* by_table;
};

class IndexedTables {
 public:
  // kMinPrecision <= precision <= kMostIndexedPrecision.
  explicit IndexedTables(int precision) : precision_(precision) {
    PYINFO_ASSERT(precision >= kMinPrecision && precision <= kMostIndexedPrecision);
  }

  // One more table: frequencies of `symbols` >= 1 symbols from `least` on and of the escape, all at
  // least 1, their sum 2^precision. Symbols are in kLeastTableSymbol .. kMostTableSymbol.
  void add(int least, const std::uint32_t* frequencies, std::size_t symbols);

  int precision() const noexcept { return precision_; }
  std::size_t count() const noexcept { return tables_.size(); }
  std::size_t intervals() const noexcept { return intervals_.size(); }
  const IndexedTable& table(std::size_t i) const noexcept { return tables_[i]; }
  bool fit_kernels() const noexcept {
    return count() <= kKernelTables && intervals() <= kKernelIntervals;
  }

  // From the lowest bits: 16 bits start, 16 bits frequency.
  std::uint32_t interval(std::size_t number) const noexcept { return intervals_[number]; }
  std::uint32_t frequency(std::size_t number) const noexcept { return intervals_[number] >> 16; }
  // 2^(32 + precision) / frequency, rounded up: (x * reciprocal) >> (32 + precision) is
  // x / frequency for every x < frequency << (32 - precision), and the product is below 2^64.
  std::uint64_t reciprocal(std::size_t number) const noexcept { return reciprocals_[number]; }
  // Of the interval that this slot of a table is in.
  std::uint32_t number_of(std::size_t table, std::uint32_t slot) const noexcept {
    const std::uint32_t bucket = buckets_[table << (precision_ - 4) | slot >> 4];
    const std::uint32_t begun = bucket >> 16 & ((2u << (slot & 15)) - 1);
    const std::uint32_t first = tables_[table].first;
    return first + ((bucket + ones(begun) - first) & 0xffff);
  }

  // Until the next add().
  IndexedLookups lookups() const noexcept {
    return {precision_,     count() <= 64,  intervals_.data(), reciprocals_.data(), buckets_.data(),
            encode_.data(), decode_.data(), search_.data(),    &by_table_};
  }

 private:
  static std::uint32_t ones(std::uint32_t bits16) noexcept {
    bits16 -= bits16 >> 1 & 0x5555;
    bits16 = (bits16 & 0x3333) + (bits16 >> 2 & 0x3333);
    bits16 = (bits16 + (bits16 >> 4)) & 0x0f0f;
    return (bits16 + (bits16 >> 8)) & 31;
  }

  int precision_;
  std::vector<IndexedTable> tables_;
  std::vector<std::uint32_t> intervals_;
  std::vector<std::uint64_t> reciprocals_;
  std::vector<std::uint32_t> buckets_;
  std::vector<std::uint64_t> encode_;
  std::vector<std::uint64_t> decode_;
  std::vector<std::uint64_t> search_;
  IndexedLookups::ByTable by_table_{};
};

}  // namespace pyinfo::coding
