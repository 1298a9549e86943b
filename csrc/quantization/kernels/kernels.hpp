// The kernels of quantisation and the tables through which they are reached.
//
// They see blocks of at most kBlock elements, of any alignment, that nobody else writes to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::quantization {

inline constexpr std::size_t kBlock = 4096;
// Floating-point types: the first four of elements::Element.
inline constexpr std::size_t kFloatElements = 4;

struct ValueKernels {
  // n elements of any alignment to float, doubles rounded to nearest. Indexed by elements::Element.
  void (*to_float[kFloatElements])(const void* from, float* to, std::size_t n) noexcept;
  // The largest magnitude; infinite if an element is not finite.
  float (*largest)(const float* x, std::size_t n) noexcept;
};
const ValueKernels& value_kernels(simd::Isa isa) noexcept;

// Integers low .. high, |low| and |high| below 2^17: those next to x / step, ties to even, of which
// the magnitude is less by `dead_zone` first, or 0 if that is more. The step is positive. NaNs give
// some integer.
template <class T>
struct Grid {
  T step;
  T low;
  T high;
  T dead_zone = 0;
};

struct QuantizerKernels {
  // Returns false if an element is a NaN.
  bool (*quantize_float)(const float* x, std::size_t n, const Grid<float>& grid, std::int32_t add,
                         std::int32_t* to) noexcept;
  bool (*quantize_double)(const double* x, std::size_t n, const Grid<double>& grid,
                          std::int32_t add, std::int32_t* to) noexcept;
  // The low bits: one or two bytes of each, or half a byte, the first one in the low bits.
  void (*narrow_8)(const std::int32_t* from, std::size_t n, void* to) noexcept;
  void (*narrow_16)(const std::int32_t* from, std::size_t n, void* to) noexcept;
  void (*narrow_4)(const std::int32_t* from, std::size_t n, void* to) noexcept;

  // Integers of 8, 16 and 4 bits, signed and not, of any alignment.
  void (*widen[2][3])(const void* from, std::size_t n, std::int32_t* to) noexcept;
  // (q - zero) * step
  void (*dequantize_float)(const std::int32_t* q, std::size_t n, std::int32_t zero, float step,
                           float* to) noexcept;
  void (*dequantize_double)(const std::int32_t* q, std::size_t n, std::int32_t zero, double step,
                            double* to) noexcept;

  // The integers of x, and the sum of weight (x - step q)^2; a null weight is 1.
  double (*squared_error)(const float* x, const float* weight, std::size_t n,
                          const Grid<float>& grid, std::int32_t* to) noexcept;
};
const QuantizerKernels& quantizer_kernels(simd::Isa isa) noexcept;

// A table of counts is split in two, kSplit apart, so that equal neighbours need not wait for each
// other.
constexpr std::size_t split_stride(std::size_t bins) noexcept { return bins + 16; }
constexpr std::size_t split_size(std::size_t bins) noexcept { return 2 * split_stride(bins); }

// Of a block's elements.
template <class T>
struct Extent {
  T least;
  T most;
  bool finite;  // else the others are unspecified
};

struct BinKernels {
  Extent<float> (*extent_float)(const float* x, std::size_t n) noexcept;
  Extent<double> (*extent_double)(const double* x, std::size_t n) noexcept;
  // Counts |x| * scale, rounded down and bounded by bins - 1, from zero_bin on; of negative x as
  // far below zero_bin, the first one just below it, unless that is 0. Scale is a power of two.
  void (*count_float)(const float* x, std::size_t n, float scale, std::size_t bins,
                      std::size_t zero_bin, std::uint32_t* counts) noexcept;
  void (*count_double)(const double* x, std::size_t n, double scale, std::size_t bins,
                       std::size_t zero_bin, std::uint32_t* counts) noexcept;

  // Counts x * scale + bins / 2, rounded down, bounded by 0 and bins - 1.
  void (*count)(const float* x, std::size_t n, float scale, std::size_t bins,
                std::uint32_t* counts) noexcept;
  // The same, and the sum of weights in each bin.
  void (*count_weighted)(const float* x, const float* weight, std::size_t n, float scale,
                         std::size_t bins, std::uint32_t* counts, double* sums) noexcept;
};
const BinKernels& bin_kernels(simd::Isa isa) noexcept;

struct ThresholdKernels {
  // The sum of s ln(s / z), each raised to 1 in the logarithm.
  double (*grouped_information)(const double* s, const double* z, std::size_t n) noexcept;
  // The sum of weight ln(value - less), raised to 1e-9 in the logarithm.
  double (*cross_entropy)(const double* weight, const double* value, std::size_t n,
                          double less) noexcept;
};
const ThresholdKernels& threshold_kernels(simd::Isa isa) noexcept;

inline constexpr std::size_t kCandidates = 32;
inline constexpr std::size_t kRoundings = 16;

// What a step makes of a block: the error as above, and the sums of weight |x| q and weight q^2.
struct StepSums {
  double error = 0;
  double product = 0;
  double square = 0;
};
struct ScaleKernels {
  // Adds the errors of each of kCandidates steps: unit times a ratio, of which the inverses are
  // given, too. Integers are bounded by `high`; a null weight is 1.
  void (*errors)(const float* x, const float* weight, std::size_t n, const float* ratios,
                 const float* inverses, float unit, float high, double* errors) noexcept;
  // Likewise adds, for each of kRoundings steps, the sums of weight |x| q and weight q^2 of its
  // integers q: the first over the second is the step that suits them best, and takes the first's
  // square over the second from the error. That error is a difference of large numbers.
  void (*roundings)(const float* x, const float* weight, std::size_t n, const float* inverses,
                    float unit, float high, double* products, double* squares) noexcept;
  void (*sums)(const float* x, const float* weight, std::size_t n, float step, float high,
               StepSums& to) noexcept;
};
const ScaleKernels& scale_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::quantization
