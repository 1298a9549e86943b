#include "coding/models/fixed_log2.hpp"

#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace detail {
namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr std::uint64_t kTwiceLog2E = 0x5c551d94ae0bf85d;  // 2 / ln 2 in units of 2^-61

// log2((1 + y) / (1 - y)) = 2 / ln 2 * (y + y^3 / 3 + y^5 / 5 + ...) for 0 <= y <= 1/3; y in units
// of 2^-62, the result of 2^-60. Every rounding is downwards.
constexpr std::uint64_t log2_of_quotient(std::uint64_t y) {
  const std::uint64_t square = static_cast<std::uint64_t>(static_cast<uint128>(y) * y >> 62);
  std::uint64_t sum = 0;
  std::uint64_t power = y;
  for (std::uint32_t n = 1; power != 0; n += 2) {
    sum += power / n;
    power = static_cast<std::uint64_t>(static_cast<uint128>(power) * square >> 62);
  }
  return static_cast<std::uint64_t>(static_cast<uint128>(sum) * kTwiceLog2E >> 63);
}

constexpr std::uint64_t exact_step(std::uint32_t f) {
  return log2_of_quotient((std::uint64_t{1} << 62) / (2 * std::uint64_t{f} + 1));
}

constexpr LogTables make_tables() {
  LogTables tables{};
  std::uint64_t sum = 0;
  for (std::uint32_t f = 2; f <= kLogSteps; ++f) {
    const std::uint64_t step = exact_step(f);
    tables.steps[f] = static_cast<std::uint32_t>(step >> 28);
    if (f < kLogSteps / 2 || f == kLogSteps) continue;
    tables.fractions[f - kLogSteps / 2] = static_cast<std::uint32_t>(sum >> 28);
    sum += step;
  }
  tables.steps[1] = 0xffffffff;
  return tables;
}

}  // namespace

constexpr LogTables kLogTables = make_tables();

std::uint32_t far_log2_step(std::uint32_t f) noexcept {
  return static_cast<std::uint32_t>(exact_step(f) >> 28);
}

}  // namespace detail

std::uint64_t fixed_log2(std::uint64_t x) noexcept {
  PYINFO_ASSERT(x >= 1);
  const int exponent = 63 - __builtin_clzll(x);
  const std::uint64_t mantissa = x << (63 - exponent);
  // The mantissa is i + r, i one of the 2048 numbers in the table and r the 52 bits after it:
  // log2(i + r) = log2(i) + log2((1 + y) / (1 - y)) where y = r / (2 i + r).
  const std::uint64_t i = mantissa >> 52;
  const std::uint64_t r = mantissa << 12 >> 12;
  std::uint64_t fraction = detail::kLogTables.fractions[i - 2048];
  if (r != 0) {
    const std::uint64_t y = (r << 11) / ((2 * i << 22) + (r >> 30) + 1);  // in units of 2^-41
    fraction += detail::log2_of_quotient(y << 21) >> 28;
  }
  return (std::uint64_t(exponent) << kLogBits) + fraction;
}

}  // namespace pyinfo::coding
