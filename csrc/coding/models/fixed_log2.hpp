// Logarithms in integers: the same on every machine, where they decide what a coder writes.
#pragma once

#include <cstdint>

#include "simd/assert.hpp"

namespace pyinfo::coding {

inline constexpr int kLogBits = 32;  // fixed point: units of 2^-32

// log2(x) for x >= 1 in units of 2^-32: exact for powers of two, else less than two
// units too small.
std::uint64_t fixed_log2(std::uint64_t x) noexcept;

// log2(f + 1) - log2(f) for f >= 1, rounded down to units of 2^-32 (for f = 1 to one unit less than
// 1). Falls strictly with f up to 65536, so what a frequency gains by growing is concave.
std::uint32_t log2_step(std::uint32_t f) noexcept;

namespace detail {

inline constexpr std::uint32_t kLogSteps = 4096;

struct LogTables {
  std::uint32_t steps[kLogSteps + 1];      // [f]: log2_step(f); [0] is not used
  std::uint32_t fractions[kLogSteps / 2];  // [i]: log2(1 + i / 2048)
};
extern const LogTables kLogTables;

std::uint32_t far_log2_step(std::uint32_t f) noexcept;

}  // namespace detail

inline std::uint32_t log2_step(std::uint32_t f) noexcept {
  PYINFO_ASSERT(f >= 1);
  return f <= detail::kLogSteps ? detail::kLogTables.steps[f] : detail::far_log2_step(f);
}

}  // namespace pyinfo::coding
