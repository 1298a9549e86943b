// Counts of floats in bins of equal width, a block at a time. Compiled once per ISA.
#include "quantization/kernels/kernels.hpp"
#include "quantization/kernels/rounding.hpp"

namespace pyinfo::quantization {
namespace {

PYINFO_INLINE void store_some(std::int32_t* to, Bits<float> bins, int count) {
  if (count == kLanes<float>) return (void)PYINFO_COPY(to, &bins, sizeof bins);
  for (int k = 0; k < count; ++k) to[k] = std::int32_t(bins[k]);
}

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
    store_some(
        at + i,
        integer_part(simd::minimum<float>(simd::maximum<float>(place, splat<float>(0)), last)),
        count);
  });
}

PYINFO_INLINE void add_counts(const std::int32_t* at, std::size_t n, std::size_t bins,
                              std::uint32_t* counts) {
  std::uint32_t* const second = counts + split_stride(bins);
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {  // a load brings two of them
    std::uint64_t pairs[4];
    PYINFO_COPY(pairs, at + i, sizeof pairs);
    for (const std::uint64_t pair : pairs) {
      ++counts[std::uint32_t(pair)];
      ++second[pair >> 32];
    }
  }
  for (; i < n; ++i) ++counts[at[i]];
}

template <class T>
Extent<T> extent(const T* x, std::size_t n) noexcept {
  PYINFO_ASSERT(n > 0);
  // Two of each, so that a sum need not wait for the one before it.
  Vec<T> least[2] = {splat<T>(x[0]), splat<T>(x[0])};
  Vec<T> most[2] = {least[0], least[0]};
  Vec<T> rest[2] = {splat<T>(0), splat<T>(0)};  // x - x is 0 but for infinities and NaNs
  const auto add = [&](Vec<T> v, int which) {
    least[which] = simd::minimum<T>(v, least[which]);
    most[which] = simd::maximum<T>(v, most[which]);
    rest[which] = rest[which] + (v - v);
  };
  constexpr std::size_t lanes = kLanes<T>;
  std::size_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    add(simd::load<T>(x + i), 0);
    add(simd::load<T>(x + i + lanes), 1);
  }
  for (; i < n; ++i) add(splat<T>(x[i]), 0);
  Extent<T> found{least[0][0], most[0][0], true};
  for (int which = 0; which < 2; ++which) {
    for (int k = 0; k < kLanes<T>; ++k) {
      if (least[which][k] < found.least) found.least = least[which][k];
      if (most[which][k] > found.most) found.most = most[which][k];
      found.finite = found.finite && rest[which][k] == 0;
    }
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
  if constexpr (sizeof(T) == 4) {
    // -1 - bin has the bits of bin turned over.
    const Bits<T> turned = Bits<T>{} + (is_signed ? ~std::uint32_t(0) : 0);
    each_register<T>(x, n, [&](Vec<T> v, std::size_t i, int count) {
      const Bits<T> bin = integer_part(simd::minimum<T>(simd::absolute<T>(v) * factor, last));
      const Bits<T> sign = simd::bits<T>(
          simd::where_less<T>(v, splat<T>(0), simd::from_bits<T>(turned), splat<T>(0)));
      store_some(at + i, (bin ^ sign) + std::uint32_t(zero_bin), count);
    });
    return add_counts(at, n, bins, counts);
  }
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
