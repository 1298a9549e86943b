// Floats of every width as float, and their largest. Compiled once per ISA.
#include <limits>

#include "logits/kernels/elements.hpp"
#include "quantization/kernels/kernels.hpp"
#include "quantization/kernels/rounding.hpp"

namespace pyinfo::quantization {
namespace {

template <class E>
void to_float(const void* from, float* to, std::size_t n) noexcept {
  using Stored = typename E::Stored;
  const Stored* const x = static_cast<const Stored*>(from);
  constexpr std::size_t lanes = kLanes<float>;
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

float largest(const float* x, std::size_t n) noexcept {
  Vec<float> most[2] = {splat<float>(0), splat<float>(0)};
  Vec<float> rest = splat<float>(0);  // x - x is 0 but for infinities and NaNs
  each_register<float>(x, n, [&](Vec<float> v, std::size_t at, int) {
    Vec<float>& m = most[at / std::size_t(kLanes<float>) % 2];
    m = simd::maximum<float>(simd::absolute<float>(v), m);
    rest = rest + (v - v);
  });
  const Vec<float> both = simd::maximum<float>(most[0], most[1]);
  float found = 0;
  for (int i = 0; i < kLanes<float>; ++i) {
    if (!(rest[i] == 0)) return std::numeric_limits<float>::infinity();
    if (both[i] > found) found = both[i];
  }
  return found;
}

}  // namespace

extern const ValueKernels PYINFO_TABLE(value_kernels);
const ValueKernels PYINFO_TABLE(value_kernels) = {
    {
        doubles_to_float,
        to_float<logits::Plain<float>>,
        to_float<logits::Half>,
        to_float<logits::Brain>,
    },
    largest,
};

}  // namespace pyinfo::quantization
