#include "measures/information.hpp"

#include <algorithm>

#include "threads/interruption.hpp"

namespace pyinfo::measures {
namespace {

constexpr std::size_t kPerQuestion = 128 * kBlock;  // whether to go on

template <class T>
InformationKernel<T> information_kernel() noexcept;
template <>
InformationKernel<double> information_kernel<double>() noexcept {
  return entropy_kernels(simd::active()).information_f64;
}
template <>
InformationKernel<float> information_kernel<float>() noexcept {
  return entropy_kernels(simd::active()).information_f32;
}

// Blocks stay in the first-level cache: one pass for the extremes, one for the logarithms.
template <class T>
bool evaluate(const InformationRequest& request, const elements::Operand& p,
              const elements::Space& space, char* out) {
  const auto extremes = kernel<T>(Kernel::sum).run;
  const auto logarithms = information_kernel<T>();
  const T factor_high = T(request.factor_high);
  const T factor_low = T(request.factor_high - double(factor_high) + request.factor_low);
  const bool direct_out =
      space.dimensions == 0 ||
      (space.dimensions == 1 && space.strides[1][0] == std::ptrdiff_t(sizeof(T)));
  alignas(64) T from[kBlock];
  alignas(64) T to[kBlock];
  for (std::size_t first = 0; first < space.size; first += kBlock) {
    if (first % kPerQuestion == 0) threads::require_uninterrupted();
    const std::size_t n = std::min(kBlock, space.size - first);
    elements::load_elements<T>(p, space, 0, first, n, from);
    Sums sums;
    extremes(from, from, n, {}, sums);
    if (sums.smallest < 0 || sums.largest > 1 + request.tolerance) return false;
    T* const target = direct_out ? reinterpret_cast<T*>(out) + first : to;
    logarithms(from, target, n, factor_high, factor_low);
    if (!direct_out) elements::store_elements(to, out, space, 1, first, n);
  }
  return true;
}

}  // namespace

bool information_content(const InformationRequest& request, const elements::Operand& p,
                         elements::Space space, char* out) {
  space.simplify(2);
  return request.float_result ? evaluate<float>(request, p, space, out)
                              : evaluate<double>(request, p, space, out);
}

}  // namespace pyinfo::measures
