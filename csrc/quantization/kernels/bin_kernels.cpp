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

PYINFO_INLINE void add_counts(const std::int32_t* at, std::size_t n, std::size_t bins,
                              std::uint32_t* counts) {
  std::uint32_t* const second = counts + split_stride(bins);
  std::size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    ++counts[at[i]];
    ++second[at[i + 1]];
  }
  if (i < n) ++counts[at[i]];
}

template <class T>
Extent<T> extent(const T* x, std::size_t n) noexcept {
  PYINFO_ASSERT(n > 0);
  Vec<T> least = splat<T>(x[0]);
  Vec<T> most = least;
  Vec<T> rest = splat<T>(0);  // x - x is 0 but for infinities and NaNs
  std::size_t i = 0;
  const auto add = [&](Vec<T> v) {
    least = simd::minimum<T>(v, least);
    most = simd::maximum<T>(v, most);
    rest = rest + (v - v);
  };
  constexpr std::size_t lanes = kLanes<T>;
  for (; i + lanes <= n; i += lanes) add(simd::load<T>(x + i));
  for (; i < n; ++i) add(splat<T>(x[i]));
  Extent<T> found{least[0], most[0], true};
  for (int k = 0; k < kLanes<T>; ++k) {
    if (least[k] < found.least) found.least = least[k];
    if (most[k] > found.most) found.most = most[k];
    found.finite = found.finite && rest[k] == 0;
  }
  return found;
}

// Magnitudes are rounded down, so that what is next to 0 stays on its side however wide bins are.
template <class T>
void count_magnitudes(const T* x, std::size_t n, T scale, std::size_t bins, std::size_t zero_bin,
                      std::uint32_t* counts) noexcept {
  PYINFO_ASSERT(n <= kBlock && bins >= 2 && bins <= (std::size_t(1) << 20));
  PYINFO_ASSERT(zero_bin == 0 || zero_bin == bins / 2);
  std::int32_t at[kBlock];
  const bool is_signed = zero_bin != 0;
  const Vec<T> factor = splat<T>(scale);
  const Vec<T> last = splat<T>(T(bins - zero_bin - 1));
  const Vec<T> below = splat<T>(is_signed ? T(-1) : T(0));
  each_register<T>(x, n, [&](Vec<T> v, std::size_t i, int count) {
    const Vec<T> bin = round_down<T>(simd::minimum<T>(simd::absolute<T>(v) * factor, last));
    const Vec<T> opposite = is_signed ? below - bin : bin;
    const Vec<T> chosen = simd::where_less<T>(v, splat<T>(0), opposite, bin);
    if (count == kLanes<T>) return store_integers<T>(at + i, chosen, std::int32_t(zero_bin));
    std::int32_t some[kLanes<T>];
    store_integers<T>(some, chosen, std::int32_t(zero_bin));
    for (int k = 0; k < count; ++k) at[i + std::size_t(k)] = some[k];
  });
  add_counts(at, n, bins, counts);
}

void count(const float* x, std::size_t n, float scale, std::size_t bins,
           std::uint32_t* counts) noexcept {
  std::int32_t at[kBlock];
  find_bins(x, n, scale, bins, at);
  add_counts(at, n, bins, counts);
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
const BinKernels PYINFO_TABLE(bin_kernels) = {
    extent<float>, extent<double>, count_magnitudes<float>, count_magnitudes<double>,
    count,         count_weighted,
};

}  // namespace pyinfo::quantization
