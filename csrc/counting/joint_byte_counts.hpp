// How often each pair of byte values occurs: the joint table of two sequences of bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::counting {

// Adds to counts[256 * x + y] how often a[i] = x and b[i] = y. `counts` holds 65536 numbers, and
// does not overlap the others.
void joint_byte_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                       std::uint64_t* counts) noexcept;

// The same in its plainest form: the definition, and the oracle for the one above.
void joint_byte_counts_reference(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                                 std::uint64_t* counts) noexcept;

}  // namespace pyinfo::counting
