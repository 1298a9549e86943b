// Every kernel of every table this machine can run against its definition in long double: all
// lengths up to 300, from an aligned and an unaligned start, in buffers without a byte to spare.
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "measures/kernels/kernels.hpp"

namespace {

using namespace pyinfo::measures;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::chosen_length;
using pyinfo::check::Random;
namespace simd = pyinfo::simd;
using Real = long double;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kLongest = 300;

const char* const kNames[] = {"sum", "x_log_x",  "remainder", "x_log_y",         "power",      "kl",
                              "js",  "jeffreys", "hellinger", "total_variation", "ratio_power"};
constexpr std::size_t kKernels = kEntropyKernels + kDivergenceKernels;

template <class T>
const KernelEntry<T>& entry(simd::Isa isa, std::size_t kernel);
template <>
const KernelEntry<double>& entry<double>(simd::Isa isa, std::size_t kernel) {
  return kernel < kEntropyKernels ? entropy_kernels(isa).f64[kernel]
                                  : divergence_kernels(isa).f64[kernel - kEntropyKernels];
}
template <>
const KernelEntry<float>& entry<float>(simd::Isa isa, std::size_t kernel) {
  return kernel < kEntropyKernels ? entropy_kernels(isa).f32[kernel]
                                  : divergence_kernels(isa).f32[kernel - kEntropyKernels];
}

Real x_log2_y(Real x, Real y) { return x == 0 ? 0 : x * std::log2(y); }
// p ln(p / q) - p + q
Real bregman(Real p, Real q) { return p == 0 ? q : p * std::log(p / q) - p + q; }

// The terms of a kernel at p and q, and a bound on what is added up inside each.
void define(Kernel kernel, const Parameters& parameters, Real p, Real q, Real (&terms)[kMaxSums],
            Real& size) {
  const Real e = parameters.exponent;
  if (parameters.scaled) {
    if (shape(kernel).operands == 2 && kernel != Kernel::x_log_y)
      p *= Real(parameters.ratio_high) + Real(parameters.ratio_low);
    else
      (kernel == Kernel::x_log_y ? q : p) *= Real(parameters.scale);
  }
  const Real m = parameters.weight_p * p + parameters.weight_q * q;
  const bool divergence = static_cast<std::size_t>(kernel) >= kEntropyKernels;
  const int first = shape(kernel).sums - 2;
  if (divergence) {
    terms[first] = p;
    terms[first + 1] = p - q;
  }
  switch (kernel) {
    case Kernel::sum:
      terms[0] = p;
      break;
    case Kernel::remainder:
      if (p > parameters.cap) p = 0;
      [[fallthrough]];
    case Kernel::x_log_x:
      terms[0] = x_log2_y(p, p);
      terms[1] = p;
      break;
    case Kernel::x_log_y:
      terms[0] = x_log2_y(p, q);
      terms[1] = p;
      terms[2] = q;
      break;
    case Kernel::power:
      terms[0] = p == 0 ? 0 : p * (std::pow(p, e) - 1);
      terms[1] = p == 0 ? 0 : std::pow(p, e + 1);
      terms[2] = p;
      break;
    case Kernel::kl:
      terms[0] = bregman(p, q);
      break;
    case Kernel::js:
      terms[0] =
          m == 0 ? 0 : parameters.weight_p * bregman(p, m) + parameters.weight_q * bregman(q, m);
      break;
    case Kernel::jeffreys:
      terms[0] = p == q ? 0 : (p - q) * std::log(p / q);
      break;
    case Kernel::hellinger:
      terms[0] = (std::sqrt(p) - std::sqrt(q)) * (std::sqrt(p) - std::sqrt(q));
      terms[1] = std::sqrt(p * q);
      break;
    case Kernel::total_variation:
      terms[0] = std::fabs(p - q);
      break;
    case Kernel::ratio_power:
      terms[1] = p == 0 ? 0 : p * std::pow(p / q, e);
      terms[0] = ((p == 0 ? 0 : terms[1]) - q - (e + 1) * (p - q)) / e;
      break;
  }
  size = p + q;
  for (int i = 0; i < shape(kernel).sums; ++i) size += std::fabs(terms[i]);
}

// Sums of a slice by the definition, with `sizes` the sums of the bounds.
struct Expected {
  Real sums[kMaxSums] = {0, 0, 0, 0};
  Real size = 0;
  double smallest = kInfinity;
  double largest = -kInfinity;

  void add(Kernel kernel, const Parameters& parameters, double p, double q) {
    Real terms[kMaxSums] = {0, 0, 0, 0};
    Real one = 0;
    define(kernel, parameters, p, shape(kernel).operands == 2 ? q : 0, terms, one);
    for (int i = 0; i < kMaxSums; ++i) sums[i] += terms[i];
    size += one;
    smallest = std::min(smallest, p);
    if (shape(kernel).operands == 2) smallest = std::min(smallest, q);
    largest = std::max(largest, p);
  }
};

template <class T>
void compare(Kernel kernel, const Expected& expected, const double* totals, double smallest,
             const std::string& what) {
  const Real bound = 8 * Real(std::numeric_limits<T>::epsilon()) * expected.size;
  for (int i = 0; i < shape(kernel).sums; ++i) {
    CHECK(std::fabs(totals[i] - expected.sums[i]) <= bound,
          what + " sum " + std::to_string(i) + " is " + std::to_string(totals[i]) + ", not " +
              std::to_string(expected.sums[i]));
  }
  // Zeros that fill a register may be counted: only a negative value must be told exactly.
  CHECK(expected.smallest < 0 ? smallest == expected.smallest
                              : smallest >= 0 && smallest <= expected.smallest,
        what);
}

// Values over many orders of magnitude, some zero; q is positive wherever p is.
template <class T>
void fill(Buffer<T>& p, Buffer<T>& q, std::uint64_t seed, bool zeros_together = false) {
  Random random(seed);
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] = T(std::exp2(-20 * random.uniform()));
    q[i] =
        T(i % 3 == 0 ? std::exp2(-20 * random.uniform()) : double(p[i]) * (0.5 + random.uniform()));
    if (random.bits() % 11 == 0) p[i] = 0;
    if (p[i] == 0 && (zeros_together || random.bits() % 2 == 0)) q[i] = 0;
  }
}

Parameters parameters_for(Kernel kernel, bool scaled) {
  Parameters parameters;
  parameters.cap = 0.25;
  parameters.exponent = kernel == Kernel::ratio_power ? -0.25 : 0.75;
  parameters.weight_p = 0.25;
  parameters.weight_q = 0.75;
  parameters.scaled = scaled;
  if (scaled) {
    parameters.scale = 0.375;
    parameters.ratio_high = 1.1;
    parameters.ratio_low = -0x1p-60;
  }
  return parameters;
}

template <class T>
void test_slices(simd::Isa isa, std::size_t index) {
  const KernelEntry<T>& functions = entry<T>(isa, index);
  const Kernel kernel = static_cast<Kernel>(index);
  for (const bool scaled : {false, true}) {
    const auto run = scaled ? functions.scaled : functions.run;
    if (run == nullptr) continue;
    const Parameters parameters = parameters_for(kernel, scaled);
    for (std::size_t n = 0; n <= kLongest; ++n) {
      if (!chosen_length(n)) continue;
      for (const std::size_t offset : {0, 1}) {
        Buffer<T> p(n, offset);
        Buffer<T> q(n, 1 - offset);
        fill(p, q, 1000 * index + n, kernel == Kernel::jeffreys);
        Expected expected;
        for (std::size_t i = 0; i < n; ++i) expected.add(kernel, parameters, p[i], q[i]);
        Sums sums = no_sums();
        run(p.data(), shape(kernel).operands == 2 ? q.data() : p.data(), n, parameters, sums);
        double totals[kMaxSums];
        for (int i = 0; i < shape(kernel).sums; ++i) totals[i] = sums.total(i);
        const std::string what = std::string(simd::name(isa)) + " " + kNames[index] +
                                 (sizeof(T) == 8 ? " f64 n=" : " f32 n=") + std::to_string(n) +
                                 (scaled ? " scaled" : "");
        // An empty slice may count the zeros that fill a register.
        if (n > 0) compare<T>(kernel, expected, totals, sums.smallest, what);
        if (kernel == Kernel::sum && n > 0) CHECK(sums.largest == expected.largest, what);
      }
    }
  }
}

// A NaN anywhere reaches a sum; a negative value anywhere is the smallest.
template <class T>
void test_values_that_are_wrong(simd::Isa isa, std::size_t index) {
  const KernelEntry<T>& functions = entry<T>(isa, index);
  if (functions.run == nullptr) return;
  const Kernel kernel = static_cast<Kernel>(index);
  const Parameters parameters = parameters_for(kernel, false);
  const int operands = shape(kernel).operands;
  for (const std::size_t n : {1, 2, 7, 8, 9, 16, 33, 130}) {
    for (std::size_t place = 0; place < n; ++place) {
      if (!chosen()) continue;
      for (int operand = 0; operand < operands; ++operand) {
        Buffer<T> p(n);
        Buffer<T> q(n);
        fill(p, q, n);
        T& value = (operand == 0 ? p : q)[place];
        const std::string what = std::string(simd::name(isa)) + " " + kNames[index] + " of " +
                                 std::to_string(n) + " at " + std::to_string(place);
        value = T(-0x1p-100);
        Sums sums = no_sums();
        functions.run(p.data(), operands == 2 ? q.data() : p.data(), n, parameters, sums);
        CHECK(sums.smallest == -0x1p-100, what);
        value = std::numeric_limits<T>::quiet_NaN();
        functions.run(p.data(), operands == 2 ? q.data() : p.data(), n, parameters, sums);
        bool reached = false;
        for (int i = 0; i < shape(kernel).sums; ++i) reached = reached || std::isnan(sums.total(i));
        CHECK(reached, what + " is lost");
      }
    }
  }
}

template <class T>
void test_columns(simd::Isa isa, std::size_t index) {
  const KernelEntry<T>& functions = entry<T>(isa, index);
  if (functions.columns == nullptr) return;
  const Kernel kernel = static_cast<Kernel>(index);
  const Parameters parameters = parameters_for(kernel, false);
  const auto state = std::make_unique<ColumnSums<T>>();
  const std::vector<std::size_t> widths = {1,  2,  3,  4,  5,  7,  8,  9,   15,  16,
                                           17, 31, 32, 33, 47, 63, 64, 129, 255, kColumnTile};
  for (const std::size_t columns : widths) {
    for (const std::size_t rows : {1, 2, 8, 15, 16, 17, 40}) {
      for (const std::size_t gap : {0, 3}) {
        if (!chosen()) continue;
        const std::size_t row = columns + gap;
        const std::size_t size = row * (rows - 1) + columns;
        Buffer<T> p(size, gap % 2);
        Buffer<T> q(size);
        fill(p, q, columns * 100 + rows, kernel == Kernel::jeffreys);
        functions.columns(p.data(), shape(kernel).operands == 2 ? q.data() : p.data(),
                          std::ptrdiff_t(row), std::ptrdiff_t(row), rows, columns, parameters,
                          *state);
        for (std::size_t column = 0; column < columns; ++column) {
          Expected expected;
          for (std::size_t i = 0; i < rows; ++i)
            expected.add(kernel, parameters, p[i * row + column], q[i * row + column]);
          double totals[kMaxSums];
          for (int i = 0; i < shape(kernel).sums; ++i)
            totals[i] = state->high[i][column] + state->low[i][column];
          compare<T>(kernel, expected, totals, double(state->smallest[column]),
                     std::string(simd::name(isa)) + " columns " + kNames[index] + " " +
                         std::to_string(rows) + " x " + std::to_string(columns));
        }
      }
    }
  }
}

// A row step of 0 repeats one row: how a broadcast operand is read.
template <class T>
void test_repeated_rows(simd::Isa isa) {
  const auto state = std::make_unique<ColumnSums<T>>();
  Buffer<T> p(37);
  Buffer<T> q(37 * 5);
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = T(1 + i);
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = T(1);
  entry<T>(isa, std::size_t(Kernel::x_log_y))
      .columns(p.data(), q.data(), 0, 37, 5, 37, kPlain, *state);
  for (std::size_t i = 0; i < p.size(); ++i)
    CHECK(state->high[1][i] == 5 * double(1 + i) && state->high[0][i] == 0, simd::name(isa));
}

template <class T>
void test_information(simd::Isa isa, InformationKernel<T> information) {
  Random random(7);
  for (std::size_t n = 0; n <= kLongest; ++n) {
    if (!chosen_length(n)) continue;
    for (const std::size_t offset : {0, 1}) {
      Buffer<T> p(n, offset);
      Buffer<T> out(n, 1 - offset);
      for (std::size_t i = 0; i < n; ++i) p[i] = T(std::exp2(-60 * random.uniform()));
      information(p.data(), out.data(), n, T(1), T(0));
      for (std::size_t i = 0; i < n; ++i) {
        const Real exact = -std::log2(Real(p[i]));
        int exponent;
        std::frexp(exact, &exponent);
        const Real ulp = std::ldexp(Real(1), exponent - std::numeric_limits<T>::digits);
        CHECK(std::fabs(out[i] - exact) <= 2 * ulp, simd::name(isa));
      }
      // In place.
      Buffer<T> same(n, offset);
      std::copy(p.data(), p.data() + n, same.data());
      information(same.data(), same.data(), n, T(1), T(0));
      CHECK(std::equal(same.data(), same.data() + n, out.data()), simd::name(isa));
    }
  }
}

template <class T>
void test_all(simd::Isa isa) {
  for (std::size_t kernel = 0; kernel < kKernels; ++kernel) {
    test_slices<T>(isa, kernel);
    test_values_that_are_wrong<T>(isa, kernel);
    test_columns<T>(isa, kernel);
  }
  test_repeated_rows<T>(isa);
}

}  // namespace

int main() {
  for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
    const simd::Isa isa = static_cast<simd::Isa>(i);
    if (!simd::available(isa)) {
      std::printf("%s: not on this machine\n", simd::name(isa));
      continue;
    }
    test_all<double>(isa);
    test_all<float>(isa);
    test_information<double>(isa, entropy_kernels(isa).information_f64);
    test_information<float>(isa, entropy_kernels(isa).information_f32);
  }
  return pyinfo::check::finish();
}
