#include "coding/models/indexed_tables.hpp"

namespace pyinfo::coding {

void IndexedTables::add(int least, const std::uint32_t* frequencies, std::size_t symbols) {
  PYINFO_ASSERT(count() < kMostTables);
  PYINFO_ASSERT(symbols >= 1 && symbols < std::size_t{1} << precision_);
  PYINFO_ASSERT(least >= kLeastTableSymbol && least + int(symbols) - 1 <= kMostTableSymbol);
  const std::size_t index = count();
  const auto first = std::uint32_t(intervals());
  const auto escape = std::uint32_t(symbols);
  tables_.push_back({first, escape, least});
  const std::size_t bucket_count = std::size_t{1} << (precision_ - 4);
  buckets_.resize((index + 1) * bucket_count);
  std::uint32_t* const buckets = buckets_.data() + index * bucket_count;

  std::uint32_t start = 0;
  std::uint64_t frequency = 0;
  std::uint64_t reciprocal = 0;
  std::uint64_t inverse = 0;
  for (std::uint32_t i = 0; i <= escape; ++i) {
    PYINFO_ASSERT(frequencies[i] >= 1);
    if (frequencies[i] != frequency) {  // tails have many equal ones: fewer divisions
      frequency = frequencies[i];
      reciprocal = ((std::uint64_t{1} << (32 + precision_)) - 1) / frequency + 1;
      inverse = 0xffffffff / frequency;
    }
    const std::uint64_t interval = start | frequency << 16;
    const auto symbol = static_cast<std::uint16_t>(least + int(i));
    intervals_.push_back(static_cast<std::uint32_t>(interval));
    reciprocals_.push_back(reciprocal);
    encode_.push_back(interval | inverse << 32);
    decode_.push_back(interval | std::uint64_t{symbol} << 32 | std::uint64_t{i == escape} << 63);
    buckets[start >> 4] |= 1u << (16 + (start & 15));
    start += static_cast<std::uint32_t>(frequency);
  }
  PYINFO_ASSERT(start == 1u << precision_);
  std::uint32_t before = first - 1;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    const std::uint32_t begins = buckets[i] >> 16;
    buckets[i] |= before & 0xffff;
    before += ones(begins);
  }

  const auto bits16 = [](auto value) { return static_cast<std::uint16_t>(value); };
  search_.push_back(std::uint64_t{bits16(least)} | std::uint64_t{bits16(escape)} << 16 |
                    std::uint64_t{bits16(first)} << 32);
  if (index >= kKernelTables) return;
  by_table_.first[index] = bits16(first);
  by_table_.least[index] = bits16(least);
  by_table_.escape[index] = bits16(escape);
  by_table_.delta[index] = bits16(int(first) - least);
  by_table_.last[index] = bits16(first + escape);
}

}  // namespace pyinfo::coding
