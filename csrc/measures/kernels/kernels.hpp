// What the measure kernels add up, and the tables through which they are reached.
//
// A kernel walks one slice (or many slices side by side) once and returns a few sums; the formulas
// in entropy.cpp and divergence.cpp turn sums into measures.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::measures {

inline constexpr int kMaxSums = 4;

// Double-double sums of a slice and the extremes of its values.
struct Sums {
  double high[kMaxSums];
  double low[kMaxSums];  // what rounding left out of `high`
  double smallest;       // over all values of p and q; NaNs are passed over
  double largest;        // by the kernel `sum` alone
  // Smallest value of the logarithm's denominator where the other operand is positive:
  // 0 makes the measure infinite, a subnormal asks for the scalar reference.
  double support;

  double total(int i) const noexcept {
    const double sum = high[i] + low[i];
    return sum == sum ? sum : overflowed(i);
  }
  // After an overflow `low` is a NaN, `high` infinite. A function, so that compilers branch: the
  // choice without a branch would take every sum through the integer registers.
  double overflowed(int i) const noexcept;
};

// Sums of a slice that has no elements yet.
Sums no_sums() noexcept;
// Appends the sums of the elements that follow.
void merge(Sums& sums, const Sums& next, int count) noexcept;

struct Parameters {
  bool scaled = false;    // scale or ratio count; the sums they need are exact
  double scale = 1;       // one operand: p is multiplied by this first; x_log_y: q is
  double cap = 0;         // remainder: larger values are left out
  double ratio_high = 1;  // two operands, scaled kernels: p is multiplied by ratio_high + ratio_low
  double ratio_low = 0;   //   without rounding the difference p - q
  double exponent = 0;    // power kernels: alpha - 1
  double weight_p = 0.5;  // js: weights of the mixture
  double weight_q = 0.5;
};

inline constexpr Parameters kPlain = {};

// Each kernel's sums, in order. p and q are after scaling.
enum class Kernel : std::uint8_t {
  sum,              // p
  x_log_x,          // p log2 p, p
  remainder,        // p log2 p, p over the values not above `cap`
  x_log_y,          // p log2 q, p, q
  power,            // p (p^e - 1), p^(e + 1), p          with e = exponent
  kl,               // q phi(p/q) with phi(t) = t ln t - t + 1, p, p - q
  js,               // w_p m phi(p/m) + w_q m phi(q/m) with m = w_p p + w_q q, p, p - q
  jeffreys,         // (p - q) ln(p/q), p, p - q
  hellinger,        // (sqrt p - sqrt q)^2, sqrt(p q), p, p - q
  total_variation,  // |p - q|, p, p - q
  ratio_power,      // (q ((p/q)^a - 1) - a (p - q)) / e, p (p/q)^e, p, p - q   with a = e + 1
};
inline constexpr std::size_t kEntropyKernels = 5;
inline constexpr std::size_t kDivergenceKernels = 6;

struct KernelShape {
  int operands;
  int sums;
};
KernelShape shape(Kernel kernel) noexcept;

// Columns done side by side: slices are lanes, rows their elements.
inline constexpr std::size_t kColumnTile = 512;
template <class T>
struct ColumnSums {
  double high[kMaxSums][kColumnTile];
  double low[kMaxSums][kColumnTile];
  T smallest[kColumnTile];
  T largest[kColumnTile];
  T support[kColumnTile];
};

template <class T>
struct KernelEntry {
  using Run = void (*)(const T* p, const T* q, std::size_t n, const Parameters&, Sums&) noexcept;
  using Columns = void (*)(const T* p, const T* q, std::ptrdiff_t p_row, std::ptrdiff_t q_row,
                           std::size_t rows, std::size_t columns, const Parameters&,
                           ColumnSums<T>&) noexcept;
  Run run;          // one contiguous slice; overwrites the sums
  Run scaled;       // the same with the scale or the ratio applied
  Columns columns;  // up to kColumnTile slices, rows a step apart; starts the sums afresh
};

// -log2 of n values, times factor_high + factor_low, elementwise.
template <class T>
using InformationKernel = void (*)(const T* p, T* out, std::size_t n, T factor_high,
                                   T factor_low) noexcept;

struct EntropyKernels {
  KernelEntry<double> f64[kEntropyKernels];
  KernelEntry<float> f32[kEntropyKernels];
  InformationKernel<double> information_f64;
  InformationKernel<float> information_f32;
};
struct DivergenceKernels {
  KernelEntry<double> f64[kDivergenceKernels];
  KernelEntry<float> f32[kDivergenceKernels];
};

const EntropyKernels& entropy_kernels(simd::Isa isa) noexcept;
const DivergenceKernels& divergence_kernels(simd::Isa isa) noexcept;

// The kernel of the active instruction set. Entries of kernels that have no float version are null.
template <class T>
const KernelEntry<T>& kernel(Kernel which) noexcept;
template <>
const KernelEntry<double>& kernel<double>(Kernel which) noexcept;
template <>
const KernelEntry<float>& kernel<float>(Kernel which) noexcept;

}  // namespace pyinfo::measures
