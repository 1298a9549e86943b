// Distributions in integers: the same tables on every machine, whatever its exp() is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/models/indexed_tables.hpp"

namespace pyinfo::coding {

enum class Family : std::uint8_t { gaussian, laplace, logistic };

inline constexpr int kWeightBits = 30;  // of a probability as a weight
inline constexpr double kLeastScale = 0x1p-20;
inline constexpr double kMostScale = 0x1p15;
inline constexpr unsigned kMostMeanSteps = 64;
// A symbol that would get less than so much of a slot is cheaper as an escape.
inline constexpr double kTailSlots = 0.15;

// The probability of being above x = numerator / denominator, in units of 2^-60, for a distribution
// around 0: exact but for some units. numerator >= 0, the denominator is a power of two up to
// 2 * kMostMeanSteps, kLeastScale <= scale <= kMostScale. Scales are those of the standard
// deviation, of exp(-|x| / scale) and of 1 / (1 + exp(x / scale)).
std::uint64_t probability_above(Family family, std::uint32_t numerator, std::uint32_t denominator,
                                double scale) noexcept;

// One more table: the numbers rounded from a variable around step / steps, 0 <= step < steps, where
// steps is a power of two. Symbols that have a probability of less than `tail` * 2^-kWeightBits
// are left to the escape, and so is what is more than half of the slots.
void add_distribution(IndexedTables& tables, Family family, double scale, unsigned step,
                      unsigned steps, std::uint32_t tail);

// A table for each scale and step, scale by scale. An interrupted call throws.
void add_distributions(IndexedTables& tables, Family family, const double* scales,
                       std::size_t count, unsigned steps, std::uint32_t tail);

// One more table of these weights, at least 1 each and below 2^31 in sum; the last is the escape's.
void add_weights(IndexedTables& tables, int least, const std::uint64_t* weights,
                 std::size_t symbols);

// Table i of `count` has sizes[i] of the `total` weights, those of its symbols from leasts[i] on
// and of the escape. Throws std::invalid_argument where that cannot be, and if it is interrupted.
void add_weight_tables(IndexedTables& tables, const std::uint64_t* weights, std::size_t total,
                       const std::int64_t* sizes, const std::int64_t* leasts, std::size_t count);

}  // namespace pyinfo::coding
