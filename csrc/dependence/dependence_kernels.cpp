// What cells of a table of joint counts add to mutual information and conditional entropy.
// Compiled once per ISA.
//
// A cell of n, in a row of a, a column of b and a table of c, was expected to hold a b / c. It adds
// n ln(n c / (a b)) - n + a b / c >= 0: over a whole table the two last terms cancel. Products of
// counts are taken apart into double-doubles, so that the difference n c - a b is exact as long as
// counts are below 2^53, and a table whose rows and columns are independent gives 0.
#include "dependence/dependence.hpp"
#include "simd/log_ratio.hpp"

namespace pyinfo::dependence {
namespace {

using simd::kLanes;
using simd::load;
using simd::load_first;
using simd::LogRatio;
using simd::splat;
using simd::where_equal;

using V = simd::Vec<double>;

PYINFO_INLINE V excess_term(V n, V a, V b, V c) {
  V found, found_rest, expected, expected_rest;
  simd::two_product<double>(n, c, found, found_rest);
  simd::two_product<double>(a, b, expected, expected_rest);
  const V difference = (found - expected) + (found_rest - expected_rest);
  return LogRatio<double>(found, expected, difference).bregman(found, expected) / c;
}

// n ln(a / n), 0 for n = 0.
PYINFO_INLINE V surprisal_term(V n, V a) { return n * LogRatio<double>(a, n, a - n).value(); }

// The sum of term(i, count) over registers of values, the last of them with `count` < lanes.
template <class Term>
PYINFO_INLINE double sum(std::size_t size, const Term& term) {
  constexpr std::size_t lanes = kLanes<double>;
  V total = splat<double>(0);
  std::size_t i = 0;
  for (; i + lanes <= size; i += lanes)
    total += term([i](const double* p) { return load<double>(p + i); });
  if (i < size) {
    const int rest = int(size - i);
    total += term([i, rest](const double* p) { return load_first<double>(p + i, rest); });
  }
  double result = 0;
  for (std::size_t lane = 0; lane < lanes; ++lane) result += total[lane];
  return result;
}

double row_excess(const double* n, double a, const double* b, double c, std::size_t size) noexcept {
  const V row = splat<double>(a);
  const V table = splat<double>(c);
  return sum(size, [=](const auto& at) { return excess_term(at(n), row, at(b), table); });
}

double cells_excess(const double* n, const double* a, const double* b, const double* c,
                    std::size_t size) noexcept {
  return sum(size, [=](const auto& at) {
    const V table = at(c);  // 0 beyond the end
    const V divisor = where_equal<double>(table, splat<double>(0), splat<double>(1), table);
    return excess_term(at(n), at(a), at(b), divisor);
  });
}

double row_surprisal(const double* n, double a, std::size_t size) noexcept {
  const V row = splat<double>(a);
  return sum(size, [=](const auto& at) { return surprisal_term(at(n), row); });
}

double cells_surprisal(const double* n, const double* a, std::size_t size) noexcept {
  return sum(size, [=](const auto& at) { return surprisal_term(at(n), at(a)); });
}

}  // namespace

extern const DependenceKernels PYINFO_TABLE(dependence_kernels);
const DependenceKernels PYINFO_TABLE(dependence_kernels) = {row_excess, cells_excess, row_surprisal,
                                                            cells_surprisal};

}  // namespace pyinfo::dependence
