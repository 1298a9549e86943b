// The measures of contiguous vectors as C functions.
#include <cmath>
#include <string>

#include "abi/errors.hpp"
#include "measures/evaluate.hpp"

namespace pyinfo::abi {
namespace {

using measures::Fault;
using measures::Measure;
using measures::Normalization;
using measures::Request;
using measures::Result;
using measures::Source;

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

// What made the measure refuse these operands.
template <class T>
[[noreturn]] void diagnose(const T* const* operands, int count, std::size_t n) {
  for (int i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < n; ++k) {
      const T x = operands[i][k];
      if (!(x < 0) && !(std::is_floating_point_v<T> && std::isinf(double(x)))) continue;
      throw Failure(PYINFO_ERROR_VALUE, std::string(i == 0 ? "p[" : "q[") + std::to_string(k) +
                                            "] is " + (x < 0 ? "negative" : "not finite"));
    }
  }
  throw Failure(PYINFO_ERROR_SUM, pyinfo_error_message(PYINFO_ERROR_SUM));
}

// `answer` is the measure's function: nobody has to look at the request to find it.
template <Measure which, class T>
pyinfo_error measure(Result (*answer)(const Request&, const Source<T>&), const T* p, const T* q,
                     std::size_t n, pyinfo_normalization normalization, double base,
                     T* out) noexcept {
  return guard([&] {
    constexpr bool two = measures::operands(which) == 2;
    require(n > 0, "a distribution of no elements");
    require_pointer(p, "p");
    if (two) require_pointer(q, "q");
    require_pointer(out, "result");
    Request request;
    request.measure = which;
    request.p = request.q = as_normalization(normalization);
    request.p_tolerance = request.q_tolerance = measures::kSumTolerance<T>;
    request.unit = unit_of(base);
    const Source<T> source(p, two ? q : nullptr, n);
    const Result result = answer(request, source);
    if (result.fault != Fault::none) {
      const T* const operands[2] = {p, q};
      diagnose(operands, two ? 2 : 1, n);
    }
    *out = T(result.value);
  });
}

}  // namespace
}  // namespace pyinfo::abi

namespace measures = pyinfo::measures;
using pyinfo::abi::measure;
using pyinfo::measures::Measure;

pyinfo_error pyinfo_entropy_f64(const double* p, size_t n, pyinfo_normalization normalization,
                                double base, double* result) {
  return measure<Measure::entropy, double>(measures::entropy<double>, p, nullptr, n, normalization,
                                           base, result);
}
pyinfo_error pyinfo_entropy_f32(const float* p, size_t n, pyinfo_normalization normalization,
                                double base, float* result) {
  return measure<Measure::entropy, float>(measures::entropy<float>, p, nullptr, n, normalization,
                                          base, result);
}
pyinfo_error pyinfo_cross_entropy_f64(const double* p, const double* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      double* result) {
  return measure<Measure::cross_entropy>(measures::cross_entropy<double>, p, q, n, normalization,
                                         base, result);
}
pyinfo_error pyinfo_cross_entropy_f32(const float* p, const float* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      float* result) {
  return measure<Measure::cross_entropy>(measures::cross_entropy<float>, p, q, n, normalization,
                                         base, result);
}
pyinfo_error pyinfo_kl_divergence_f64(const double* p, const double* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      double* result) {
  return measure<Measure::kl_divergence>(measures::kl_divergence<double>, p, q, n, normalization,
                                         base, result);
}
pyinfo_error pyinfo_kl_divergence_f32(const float* p, const float* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      float* result) {
  return measure<Measure::kl_divergence>(measures::kl_divergence<float>, p, q, n, normalization,
                                         base, result);
}
pyinfo_error pyinfo_js_divergence_f64(const double* p, const double* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      double* result) {
  return measure<Measure::js_divergence>(measures::js_divergence<double>, p, q, n, normalization,
                                         base, result);
}
pyinfo_error pyinfo_js_divergence_f32(const float* p, const float* q, size_t n,
                                      pyinfo_normalization normalization, double base,
                                      float* result) {
  return measure<Measure::js_divergence>(measures::js_divergence<float>, p, q, n, normalization,
                                         base, result);
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
    measures::Operand operand;
    operand.data = reinterpret_cast<const char*>(counts);
    operand.type = measures::Element::uint64;
    measures::Space space;
    space.append(std::ptrdiff_t(n), sizeof(uint64_t), 0);
    space.simplify(1);
    measures::Workspace<double> workspace;
    const measures::Source<double> source(operand, nullptr, space, workspace, 1);
    const measures::Result answer = measures::measure_slice(request, source);
    if (answer.fault != measures::Fault::none) {
      throw abi::Failure(PYINFO_ERROR_SUM, "the counts sum to 0: there is nothing to divide by");
    }
    *result = answer.value;
  });
}
