#include "counting/joint_byte_counts.hpp"

#include "counting/byte_counts.hpp"

namespace pyinfo::counting {

void joint_byte_counts_reference(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                                 std::uint64_t* counts) noexcept {
  for (std::size_t i = 0; i < n; ++i) ++counts[a[i] * kByteValues + b[i]];
}

// Further tables, as for single bytes, would not fit the second-level cache, and would have to be
// cleared and added up. What they are for is that an increment waits for an earlier one of the same
// counter: here pairs that repeat are added at once instead.
void joint_byte_counts(const std::uint8_t* a, const std::uint8_t* b, std::size_t n,
                       std::uint64_t* counts) noexcept {
  const auto place = [=](std::size_t i) { return a[i] * kByteValues + b[i]; };
  std::size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const std::size_t at[4] = {place(i), place(i + 1), place(i + 2), place(i + 3)};
    if (((at[0] ^ at[1]) | (at[1] ^ at[2]) | (at[2] ^ at[3])) == 0) {
      counts[at[0]] += 4;
    } else {
      for (const std::size_t each : at) ++counts[each];
    }
  }
  joint_byte_counts_reference(a + i, b + i, n - i, counts);
}

}  // namespace pyinfo::counting
