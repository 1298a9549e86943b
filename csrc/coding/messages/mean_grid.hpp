// Means as models per symbol take them: rounded to a grid that encoder and decoder share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/messages/indexed_block.hpp"

namespace pyinfo::coding {

inline constexpr double kMostMean = 0x1p30;

// A mean that is not finite, or beyond kMostMean.
class MeanOutOfRange {
 public:
  explicit MeanOutOfRange(double mean) noexcept : mean_(mean) {}
  double mean() const noexcept { return mean_; }

 private:
  double mean_;
};

// For n symbols, whose mean is q + m / steps once it is rounded, half to even: the table
// index * steps + m, and the shift q. `steps` is a power of two up to kMostMeanSteps; a Table holds
// scales * steps - 1. The memory may change while it is read. Throws MeanOutOfRange,
// IndexOutOfRange for an index that is not below `scales`, and if it is interrupted.
template <class Mean, class Index, class Table>
void split_means(const Mean* means, const Index* indexes, std::size_t n, unsigned steps,
                 std::size_t scales, Table* tables, std::int32_t* shifts);

}  // namespace pyinfo::coding
