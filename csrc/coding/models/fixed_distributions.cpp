#include "coding/models/fixed_distributions.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "coding/models/rans_model.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::coding {
namespace {

__extension__ typedef unsigned __int128 uint128;
__extension__ typedef __int128 int128;

constexpr int kQuotientBits = 58;                        // of x / scale, below 64
constexpr std::uint64_t kLn2 = 0xb17217f7d1cf79ac;       // ln 2 in units of 2^-64
constexpr std::uint64_t kPhi0 = 0xcc42299ea1b28468;      // 1 / sqrt(2 pi) in units of 2^-65
constexpr std::uint64_t kHalf = std::uint64_t{1} << 59;  // in units of 2^-60

// exp(-t) = mantissa * 2^-63 * 2^-shift, mantissa in (2^62, 2^63].
struct Exponential {
  std::uint64_t mantissa;
  unsigned shift;
};

// t < 64 in units of 2^-58. With t = n ln 2 + r, exp(-r) by its series: 20 terms leave less than
// 2^-70.
Exponential exp_minus(std::uint64_t t) noexcept {
  const uint128 t64 = static_cast<uint128>(t) << (64 - kQuotientBits);
  const auto n = static_cast<unsigned>(t64 / kLn2);
  const auto r = static_cast<std::uint64_t>(t64 - static_cast<uint128>(kLn2) * n);
  constexpr std::uint64_t one = std::uint64_t{1} << 63;
  std::uint64_t sum = one;
  for (std::uint64_t k = 20; k > 0; --k) {
    sum = one - static_cast<std::uint64_t>(static_cast<uint128>(r) * sum >> 64) / k;
  }
  return {sum, n};
}

// The normal distribution at z = i / 32: the probability above (units of 2^-60), the density (of
// 2^-62).
struct NormalGrid {
  static constexpr unsigned kSteps = 32;
  static constexpr unsigned kEnd = 8;  // above, less than 2^-50 is left
  std::uint64_t above[kEnd * kSteps + 1];
  std::uint64_t density[kEnd * kSteps + 1];

  // above = 1/2 - density * (z + z^3 / 3 + z^5 / 15 + ...): all terms are positive.
  NormalGrid() noexcept {
    for (std::uint64_t i = 0; i <= kEnd * kSteps; ++i) {
      const Exponential e = exp_minus(i * i << (kQuotientBits - 11));
      const auto phi = static_cast<std::uint64_t>(static_cast<uint128>(e.mantissa) * kPhi0 >> 64);
      // In units of 2^-64 times 2^-shift.
      density[i] = phi >> 2 >> e.shift;
      uint128 term = static_cast<uint128>(i) << (64 - 5);
      uint128 sum = 0;
      for (std::uint64_t k = 3; term != 0; k += 2) {
        sum += term;
        term = term * (i * i) / (1024 * k);
      }
      unsigned extra = 0;  // bits of the sum above 64
      while (sum >> 64 >> extra != 0) ++extra;
      const auto top = static_cast<std::uint64_t>(sum >> extra);
      const uint128 product = static_cast<uint128>(top) * phi;  // 2^(extra - 128 - shift)
      const int down = 128 - 60 + int(e.shift) - int(extra);
      above[i] = kHalf - static_cast<std::uint64_t>(down < 128 ? product >> down : 0);
    }
  }
};

std::int64_t times(std::int64_t a, std::int64_t b, int shift) noexcept {
  return static_cast<std::int64_t>(static_cast<int128>(a) * b >> shift);
}

// z < 8 in units of 2^-58. From the nearest point of the grid by Taylor's series, whose terms are
// T(n + 1) = (z h T(n) - (n - 1) h^2 T(n - 1) / n) / (n + 1), T(1) = h: Hermite's recurrence. Nine
// of them leave less than 2^-66.
std::uint64_t normal_above(std::uint64_t z) noexcept {
  static const NormalGrid grid;
  constexpr int step_bits = kQuotientBits - 5;
  const std::uint64_t i = (z + (std::uint64_t{1} << (step_bits - 1))) >> step_bits;
  const auto at = static_cast<std::int64_t>(i << step_bits);
  const std::int64_t h = static_cast<std::int64_t>(z) - at;
  const std::int64_t h2 = times(h, h, kQuotientBits - 2);  // in units of 2^-60
  const std::int64_t zh = times(at, h, kQuotientBits * 2 - 60);
  std::int64_t before = 0;
  std::int64_t term = h * 4;  // in units of 2^-60
  std::int64_t sum = 0;
  for (std::int64_t n = 1; n <= 9; ++n) {
    sum += (n & 1) != 0 ? term : -term;
    const std::int64_t next = (times(zh, term, 60) - times(h2, before, 60) * (n - 1) / n) / (n + 1);
    before = term;
    term = next;
  }
  const std::int64_t value = static_cast<std::int64_t>(grid.above[i]) -
                             times(sum, static_cast<std::int64_t>(grid.density[i]), 62);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

// numerator / (denominator * scale) in units of 2^-58, all bits; `limit` or more is told as false.
bool quotient(std::uint32_t numerator, std::uint32_t denominator, double scale, double limit,
              std::uint64_t& z) noexcept {
  // Both sides are exact: scales have 53 bits, the rest are powers of two.
  if (double(numerator) >= limit * denominator * scale) return false;
  int exponent = 0;
  const auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(scale, &exponent), 53));
  int shift = kQuotientBits + 53 - exponent;
  for (std::uint32_t d = denominator; d > 1; d /= 2) --shift;
  // numerator < limit * denominator * 2^exponent, so that this has less than 118 bits.
  z = static_cast<std::uint64_t>((static_cast<uint128>(numerator) << shift) / mantissa);
  return true;
}

}  // namespace

std::uint64_t probability_above(Family family, std::uint32_t numerator, std::uint32_t denominator,
                                double scale) noexcept {
  PYINFO_ASSERT(scale >= kLeastScale && scale <= kMostScale);
  PYINFO_ASSERT(denominator >= 1 && (denominator & (denominator - 1)) == 0);
  if (numerator == 0) return kHalf;
  std::uint64_t z = 0;
  if (family == Family::gaussian) {
    return quotient(numerator, denominator, scale, 8, z) ? normal_above(z) : 0;
  }
  if (!quotient(numerator, denominator, scale, 60, z)) return 0;
  const Exponential e = exp_minus(z);
  if (family == Family::laplace) return e.mantissa >> 4 >> std::min(e.shift, 63u);
  const std::uint64_t below_one = e.mantissa >> std::min(e.shift, 63u);  // in units of 2^-63
  const std::uint64_t sum = (std::uint64_t{1} << 63) + below_one;
  return static_cast<std::uint64_t>((static_cast<uint128>(below_one) << 60) / sum);
}

void add_weights(IndexedTables& tables, int least, const std::uint64_t* weights,
                 std::size_t symbols) {
  std::vector<std::uint32_t> frequencies(symbols + 1);
  rans_frequencies(weights, symbols + 1, tables.precision(), false, frequencies.data());
  tables.add(least, frequencies.data(), symbols);
}

void add_distribution(IndexedTables& tables, Family family, double scale, unsigned step,
                      unsigned steps, std::uint32_t tail) {
  PYINFO_ASSERT(step < steps && steps <= kMostMeanSteps && (steps & (steps - 1)) == 0);
  constexpr std::int64_t total = std::int64_t{1} << kWeightBits;
  constexpr int round_bits = 60 - kWeightBits;
  // The weight above the upper end of symbol k, k + 1/2 - step / steps.
  const auto above = [&](std::int64_t k) -> std::int64_t {
    const std::int64_t numerator = std::int64_t{2} * steps * k + steps - std::int64_t{2} * step;
    const std::uint64_t p = probability_above(
        family, static_cast<std::uint32_t>(numerator < 0 ? -numerator : numerator), 2 * steps,
        scale);
    const auto rounded =
        static_cast<std::int64_t>((p + (std::uint64_t{1} << (round_bits - 1))) >> round_bits);
    return numerator < 0 ? total - rounded : rounded;
  };
  const std::int64_t half = std::int64_t{1} << (tables.precision() - 2);
  const auto least_weight = static_cast<std::int64_t>(std::max(tail, 1u));
  std::vector<std::uint64_t> up;  // symbols 1, 2, ...
  std::vector<std::uint64_t> down;
  const std::int64_t above_zero = above(0);
  const std::int64_t above_least = above(-1);
  std::int64_t highest = above_zero;
  for (std::int64_t k = 1; k < half; ++k) {
    const std::int64_t next = above(k);
    if (highest - next < least_weight) break;
    up.push_back(static_cast<std::uint64_t>(highest - next));
    highest = next;
  }
  std::int64_t lowest = above_least;
  for (std::int64_t k = 1; k < half; ++k) {
    const std::int64_t next = above(-1 - k);
    if (next - lowest < least_weight) break;
    down.push_back(static_cast<std::uint64_t>(next - lowest));
    lowest = next;
  }
  std::vector<std::uint64_t> weights(down.rbegin(), down.rend());
  weights.push_back(
      static_cast<std::uint64_t>(std::max<std::int64_t>(above_least - above_zero, 1)));
  weights.insert(weights.end(), up.begin(), up.end());
  const std::size_t symbols = weights.size();
  weights.push_back(
      static_cast<std::uint64_t>(std::max<std::int64_t>(total - lowest + highest, 1)));
  add_weights(tables, -int(down.size()), weights.data(), symbols);
}

void add_distributions(IndexedTables& tables, Family family, const double* scales,
                       std::size_t count, unsigned steps, std::uint32_t tail) {
  for (std::size_t i = 0; i < count; ++i) {
    threads::require_uninterrupted();
    for (unsigned step = 0; step < steps; ++step) {
      add_distribution(tables, family, scales[i], step, steps, tail);
    }
  }
}

void add_weight_tables(IndexedTables& tables, const std::uint64_t* weights, std::size_t total,
                       const std::int64_t* sizes, const std::int64_t* leasts, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    threads::require_uninterrupted();
    const auto size = static_cast<std::size_t>(sizes[i]);
    if (size < 2 || size > total || size > std::size_t{1} << tables.precision()) {
      throw std::invalid_argument("a table has no such number of symbols");
    }
    add_weights(tables, static_cast<int>(leasts[i]), weights, size - 1);
    weights += size;
    total -= size;
  }
}

}  // namespace pyinfo::coding
