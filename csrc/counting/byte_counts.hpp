// How often each byte value occurs, per byte plane: what an order-0 coder needs to know.
//
// Plane k of items of `itemsize` bytes is the sequence of their k-th bytes in memory order. The
// high bytes of numbers (sign, exponent) are usually far more compressible than the low ones, which
// one histogram over all bytes would hide.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::counting {

inline constexpr std::size_t kByteValues = 256;

// Adds to counts[k * 256 + v] how many of the items have value v as their byte k.
// `data` holds n_items * itemsize bytes, `counts` itemsize * 256 numbers; they must not overlap.
void byte_counts(const unsigned char* data, std::size_t n_items, std::size_t itemsize,
                 std::uint64_t* counts) noexcept;

// The same for counts of any size: either all hold the sums, or none is changed and the index of
// the first that does not is returned; else itemsize * 256. Throws std::bad_alloc.
std::size_t checked_byte_counts(const unsigned char* data, std::size_t n_items,
                                std::size_t itemsize, std::uint64_t* counts);

// byte_counts() in its plainest form: the definition, and the oracle for the one above.
void byte_counts_reference(const unsigned char* data, std::size_t n_items, std::size_t itemsize,
                           std::uint64_t* counts) noexcept;

}  // namespace pyinfo::counting
