// Which of the different values each sample is: a column as labels 0, 1, 2, ...
#pragma once

#include <cstddef>
#include <cstdint>

#include "counting/strategies/entries.hpp"

namespace pyinfo::counting {

// The table of a column, and in labels[i] the index of the entry that sample i belongs to. Throws
// std::bad_alloc, and std::length_error for 2^32 different values or more.
ValueCounts<std::uint64_t> label_values(Column column, std::uint32_t* labels);

}  // namespace pyinfo::counting
