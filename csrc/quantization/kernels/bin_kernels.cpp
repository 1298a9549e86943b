// Counts of floats in bins of equal width, a block at a time. Compiled once per ISA.
#include "quantization/kernels/kernels.hpp"
#include "quantization/kernels/rounding.hpp"

namespace pyinfo::quantization {
namespace {

// All the block's bins first: a counter that is read just after it was written stops the others.
PYINFO_INLINE void find_bins(const float* x, std::size_t n, float scale, std::size_t bins,
                             std::int32_t* at) {
  PYINFO_ASSERT(n <= kBlock && bins >= 2 && bins <= (std::size_t(1) << 20));
  const Vec<float> factor = splat<float>(scale);
  const Vec<float> middle = splat<float>(float(bins / 2));
  const Vec<float> last = splat<float>(float(bins - 1));
  each_register<float>(x, n, [&](Vec<float> v, std::size_t i, int count) {
    // A NaN becomes a bound.
    const Vec<float> place = simd::multiply_add<float>(v, factor, middle);
    const Vec<float> bin =
        round_down<float>(simd::minimum<float>(simd::maximum<float>(place, splat<float>(0)), last));
    if (count == kLanes<float>) return store_integers<float>(at + i, bin, 0);
    std::int32_t lanes[kLanes<float>];
    store_integers<float>(lanes, bin, 0);
    for (int k = 0; k < count; ++k) at[i + std::size_t(k)] = lanes[k];
  });
}

void count(const float* x, std::size_t n, float scale, std::size_t bins,
           std::uint32_t* counts) noexcept {
  std::int32_t at[kBlock];
  find_bins(x, n, scale, bins, at);
  std::uint32_t* const second = counts + split_stride(bins);
  std::size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    ++counts[at[i]];
    ++second[at[i + 1]];
  }
  if (i < n) ++counts[at[i]];
}

void count_weighted(const float* x, const float* weight, std::size_t n, float scale,
                    std::size_t bins, std::uint32_t* counts, double* sums) noexcept {
  std::int32_t at[kBlock];
  find_bins(x, n, scale, bins, at);
  const std::size_t stride = split_stride(bins);
  std::size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    ++counts[at[i]];
    sums[at[i]] += double(weight[i]);
    ++counts[stride + std::size_t(at[i + 1])];
    sums[stride + std::size_t(at[i + 1])] += double(weight[i + 1]);
  }
  if (i < n) {
    ++counts[at[i]];
    sums[at[i]] += double(weight[i]);
  }
}

}  // namespace

extern const BinKernels PYINFO_TABLE(bin_kernels);
const BinKernels PYINFO_TABLE(bin_kernels) = {count, count_weighted};

}  // namespace pyinfo::quantization
