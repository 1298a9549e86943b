// How often each pair of integers occurs, where both have a small range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "counting/strategies/keys.hpp"
#include "memory/buffer.hpp"

namespace pyinfo::counting {

// counts[(x - first_x) * columns + (y - first_y)], x and y being keys. No row or column at the
// edges is without a count.
struct JointHistogram {
  Key first_x;
  Key first_y;
  std::size_t rows;
  std::size_t columns;
  memory::Buffer<std::uint64_t> counts;
};

// Both columns hold integers, as many of x as of y. Nothing if the table would be large beside the
// samples. Throws std::bad_alloc.
std::optional<JointHistogram> joint_histogram(Column x, Column y);

// The same in its plainest form.
std::optional<JointHistogram> joint_histogram_reference(Column x, Column y);

}  // namespace pyinfo::counting
