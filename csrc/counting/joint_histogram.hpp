// How often each pair occurs: the joint histogram of two columns of integers whose ranges are
// small, or of two sequences of bytes.
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

// Both columns hold integers, as many of x as of y. Nothing if the histogram would be large beside
// the samples. Throws std::bad_alloc.
std::optional<JointHistogram> joint_histogram(Column x, Column y);

// The same in its plainest form.
std::optional<JointHistogram> joint_histogram_reference(Column x, Column y);

// Adds to counts[256 * x + y] how often a[i] = x and b[i] = y. `counts` holds 65536 numbers, and
// does not overlap the others.
void joint_byte_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                       std::uint64_t* counts) noexcept;

// The same in its plainest form: the definition, and the oracle for the one above.
void joint_byte_counts_reference(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                                 std::uint64_t* counts) noexcept;

}  // namespace pyinfo::counting
