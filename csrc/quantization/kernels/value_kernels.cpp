// Floats of every width as float. Compiled once per ISA.
#include "logits/kernels/elements.hpp"
#include "quantization/kernels/kernels.hpp"

namespace pyinfo::quantization {
namespace {

template <class E>
void to_float(const void* from, float* to, std::size_t n) noexcept {
  using Stored = typename E::Stored;
  const Stored* const x = static_cast<const Stored*>(from);
  constexpr std::size_t lanes = simd::kLanes<float>;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) simd::store<float>(to + i, E::load(x + i));
  if (i < n)
    simd::store_first<float>(to + i, logits::load_some<E>(x + i, n - i, Stored(0)), int(n - i));
}

void doubles_to_float(const void* from, float* to, std::size_t n) noexcept {
  const char* const bytes = static_cast<const char*>(from);
  for (std::size_t i = 0; i < n; ++i) {
    double x;
    PYINFO_COPY(&x, bytes + i * sizeof x, sizeof x);  // of any alignment
    to[i] = float(x);
  }
}

}  // namespace

extern const ValueKernels PYINFO_TABLE(value_kernels);
const ValueKernels PYINFO_TABLE(value_kernels) = {{
    doubles_to_float,
    to_float<logits::Plain<float>>,
    to_float<logits::Half>,
    to_float<logits::Brain>,
}};

}  // namespace pyinfo::quantization
