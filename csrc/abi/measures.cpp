// The measures of contiguous vectors as C functions.
#include <cstddef>
#include <string>

#include "abi/errors.hpp"
#include "measures/diagnosis.hpp"
#include "measures/measure_table.hpp"

namespace pyinfo::abi {
namespace {

using measures::Fault;
using measures::Measure;
using measures::Normalization;
using measures::Request;
using measures::Result;
using measures::Slice;

Normalization as_normalization(pyinfo_normalization normalization) {
  switch (normalization) {
    case PYINFO_CHECK:
      return Normalization::check;
    case PYINFO_DIVIDE:
      return Normalization::divide;
    case PYINFO_AS_IS:
      return Normalization::as_is;
    default:
      throw Failure(PYINFO_ERROR_ARGUMENT, "there is no such normalization");
  }
}

double unit_of(double base) {
  if (base == 2) return 1;
  require(measures::is_base(base), "the base must be positive, finite and not 1");
  return measures::bit_in_base(base).high;
}

// What made the measure refuse these operands. An element above 1 is a wrong sum here: elements are
// looked at as those of weights.
template <class T>
[[noreturn]] void diagnose(const T* const* operands, int count, std::size_t n) {
  const std::ptrdiff_t shape = std::ptrdiff_t(n);
  const std::ptrdiff_t stride = sizeof(T);
  measures::Suspect suspects[2];
  for (int i = 0; i < count; ++i) {
    elements::Operand operand;
    operand.data = reinterpret_cast<const char*>(operands[i]);
    operand.type = elements::kElement<T>;
    suspects[i] = {operand, 1, &shape, &stride, Normalization::as_is, 0};
  }
  const bool reduced = true;
  const measures::Diagnosis found = measures::diagnose(suspects, count, 1, &shape, &reduced, 0);
  if (found.flaw == measures::Flaw::none)
    throw Failure(PYINFO_ERROR_SUM, pyinfo_error_message(PYINFO_ERROR_SUM));
  throw Failure(PYINFO_ERROR_VALUE,
                std::string(found.operand == 0 ? "p[" : "q[") + std::to_string(found.index[0]) +
                    "] is " + (found.flaw == measures::Flaw::negative ? "negative" : "not finite"));
}

// A measure that has kernels in double and float.
template <class T>
pyinfo_error measure(const Measure& which, const T* p, const T* q, std::size_t n,
                     pyinfo_normalization normalization, double base, T* out) noexcept {
  return guard([&] {
    const bool two = which.operands == 2;
    require(n > 0, "a distribution of no elements");
    require_pointer(p, "p");
    if (two) require_pointer(q, "q");
    require_pointer(out, "result");
    Request request;
    request.p = request.q = as_normalization(normalization);
    request.p_tolerance = request.q_tolerance = elements::kSumTolerance<T>;
    request.unit = unit_of(base);
    const Slice<T> slice(p, two ? q : nullptr, n);
    const Result result = measures::measure_slice(which, request, slice);
    if (result.fault != Fault::none) {
      const T* const operands[2] = {p, q};
      diagnose(operands, two ? 2 : 1, n);
    }
    *out = T(result.value);
  });
}

}  // namespace
}  // namespace pyinfo::abi

namespace elements = pyinfo::elements;
namespace measures = pyinfo::measures;
using pyinfo::abi::measure;

static constexpr const measures::Measure& kEntropy = measures::row("entropy");
static constexpr const measures::Measure& kCrossEntropy = measures::row("cross_entropy");
static constexpr const measures::Measure& kKlDivergence = measures::row("kl_divergence");
static constexpr const measures::Measure& kJsDivergence = measures::row("js_divergence");

pyinfo_error pyinfo_entropy_f64(const double* p, size_t n, pyinfo_normalization normalization,
                                double base, double* result) {
  return measure(kEntropy, p, decltype(p){}, n, normalization, base, result);
}
pyinfo_error pyinfo_entropy_f32(const float* p, size_t n, pyinfo_normalization normalization,
                                double base, float* result) {
  return measure(kEntropy, p, decltype(p){}, n, normalization, base, result);
}
pyinfo_error pyinfo_cross_entropy_f64(const double* p, const double* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      double* result) {
  return measure(kCrossEntropy, p, q, n, normalization, base, result);
}
pyinfo_error pyinfo_cross_entropy_f32(const float* p, const float* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      float* result) {
  return measure(kCrossEntropy, p, q, n, normalization, base, result);
}
pyinfo_error pyinfo_kl_divergence_f64(const double* p, const double* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      double* result) {
  return measure(kKlDivergence, p, q, n, normalization, base, result);
}
pyinfo_error pyinfo_kl_divergence_f32(const float* p, const float* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      float* result) {
  return measure(kKlDivergence, p, q, n, normalization, base, result);
}
pyinfo_error pyinfo_js_divergence_f64(const double* p, const double* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      double* result) {
  return measure(kJsDivergence, p, q, n, normalization, base, result);
}
pyinfo_error pyinfo_js_divergence_f32(const float* p, const float* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      float* result) {
  return measure(kJsDivergence, p, q, n, normalization, base, result);
}

pyinfo_error pyinfo_entropy_u64(const uint64_t* counts, size_t n, double base, double* result) {
  namespace abi = pyinfo::abi;
  return abi::guard([&] {
    abi::require(n > 0, "a distribution of no elements");
    abi::require_pointer(counts, "counts");
    abi::require_pointer(result, "result");
    measures::Request request;
    request.p = measures::Normalization::divide;
    request.unit = abi::unit_of(base);
    elements::Operand operand;
    operand.data = reinterpret_cast<const char*>(counts);
    operand.type = elements::Element::uint64;
    elements::Space space;
    space.append(std::ptrdiff_t(n), sizeof(uint64_t), 0);
    space.simplify(1);
    measures::Workspace<double> workspace;
    const measures::Slice<double> slice(operand, nullptr, space, workspace, 1);
    const measures::Result found = measures::measure_slice(kEntropy, request, slice);
    if (found.fault != measures::Fault::none) {
      throw abi::Failure(PYINFO_ERROR_SUM, "the counts sum to 0: there is nothing to divide by");
    }
    *result = found.value;
  });
}
