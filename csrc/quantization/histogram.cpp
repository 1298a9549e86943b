#include "quantization/histogram.hpp"

#include <algorithm>
#include <cmath>

#include "quantization/blocks.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {
namespace {

const BinKernels& active() noexcept {
  static const BinKernels& kernels = bin_kernels(simd::active());
  return kernels;
}

template <class T>
Extent<T> extent(const T* x, std::size_t n) noexcept {
  if constexpr (sizeof(T) == 8)
    return active().extent_double(x, n);
  else
    return active().extent_float(x, n);
}

template <class T>
void count(const T* x, std::size_t n, int exponent, std::size_t bins, std::size_t zero_bin,
           std::uint32_t* counts) noexcept {
  const T scale = std::ldexp(T(1), -exponent);
  if constexpr (sizeof(T) == 8)
    active().count_double(x, n, scale, bins, zero_bin, counts);
  else
    active().count_float(x, n, scale, bins, zero_bin, counts);
}

// A part that is worth a thread and tables of its own.
constexpr std::size_t kLeastPart = std::size_t{1} << 18;

}  // namespace

FloatHistogram::FloatHistogram(std::size_t bins, bool is_signed)
    : is_signed_(is_signed), counts_(bins, 0) {
  PYINFO_ASSERT(bins >= kLeastBins && bins <= kMostBins && (bins & (bins - 1)) == 0);
}

// The least one with largest < 2^exponent half.
int FloatHistogram::exponent_for(double largest) const noexcept {
  if (largest == 0) return kLeastExponent;
  const int half = std::ilogb(double(counts_.size() - zero_bin()));
  return std::max(std::ilogb(largest) + 1 - half, kLeastExponent);
}

void FloatHistogram::widen_to(int exponent) noexcept {
  if (exponent <= exponent_) return;
  const std::size_t middle = zero_bin();
  const std::size_t half = counts_.size() - middle;
  const int doublings = std::min(exponent - exponent_, 31);  // then all lie next to 0
  for (std::size_t i = 0; i < half; ++i) {
    const std::size_t to = i >> doublings;
    if (to == i) continue;
    counts_[middle + to] += counts_[middle + i];
    counts_[middle + i] = 0;
    if (middle == 0) continue;
    counts_[middle - 1 - to] += counts_[middle - 1 - i];
    counts_[middle - 1 - i] = 0;
  }
  exponent_ = exponent;
}

// Counts in tables that are added to the histogram now and then.
template <class T>
class FloatHistogram::Filling {
 public:
  explicit Filling(FloatHistogram& histogram)
      : histogram_(histogram), table_(split_size(histogram.counts_.size()), 0) {}

  void add(T* x, std::size_t n) {
    Extent<T> found = extent(x, n);
    if (!found.finite) {
      n = keep_finite(x, n);
      if (n == 0) return;
      found = extent(x, n);
    }
    histogram_.least_ = std::min(histogram_.least_, double(found.least));
    histogram_.most_ = std::max(histogram_.most_, double(found.most));
    const double largest = std::max(std::abs(double(found.least)), std::abs(double(found.most)));
    const int exponent = histogram_.exponent_for(largest);
    if (exponent > histogram_.exponent_) {
      flush();
      histogram_.widen_to(exponent);
    }
    count(x, n, histogram_.exponent_, histogram_.counts_.size(), histogram_.zero_bin(),
          table_.data());
    if ((pending_ += n) > (std::size_t{1} << 30)) flush();
  }

  void flush() noexcept {
    if (pending_ == 0) return;
    const std::size_t bins = histogram_.counts_.size();
    for (std::size_t i = 0; i < bins; ++i)
      histogram_.counts_[i] += std::uint64_t(table_[i]) + table_[i + split_stride(bins)];
    std::fill(table_.begin(), table_.end(), 0);
    pending_ = 0;
  }

 private:
  // Counts the others apart. Returns how many are left.
  std::size_t keep_finite(T* x, std::size_t n) noexcept {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (std::isfinite(x[i]))
        x[kept++] = x[i];
      else if (std::isnan(x[i]))
        ++histogram_.nans_;
      else
        ++histogram_.infinities_[x[i] > 0];
    }
    return kept;
  }

  FloatHistogram& histogram_;
  std::vector<std::uint32_t> table_;
  std::size_t pending_ = 0;
};

template <class T>
void FloatHistogram::add_part(const Values& values, std::size_t first, std::size_t last) {
  Filling<T> filling(*this);
  T block[kBlock];
  std::size_t until_asked = 0;
  for (std::size_t i = first; i < last; i += kBlock) {
    if (until_asked++ % 64 == 0) threads::require_uninterrupted();
    const std::size_t n = std::min(kBlock, last - i);
    load(values, i, n, block);
    filling.add(block, n);
  }
  filling.flush();
}

void FloatHistogram::add(const Values& values, int threads) {
  const std::size_t most =
      std::clamp<std::size_t>(values.size / kLeastPart, 1, std::size_t(threads::resolve(threads)));
  const std::size_t parts = threads::useful_threads(most, threads);
  std::vector<FloatHistogram> found(parts, FloatHistogram(counts_.size(), is_signed_));
  threads::parallel_or_throw(parts, threads, [&](std::size_t part) {
    const auto place = [&](std::size_t i) {  // parts end where blocks do
      return i == parts ? values.size : values.size / parts * i / kBlock * kBlock;
    };
    if (values.type == elements::Element::float64)
      found[part].add_part<double>(values, place(part), place(part + 1));
    else
      found[part].add_part<float>(values, place(part), place(part + 1));
  });
  for (const FloatHistogram& part : found) merge(part);
}

void FloatHistogram::merge(const FloatHistogram& other) noexcept {
  PYINFO_ASSERT(counts_.size() == other.counts_.size() && is_signed_ == other.is_signed_);
  widen_to(other.exponent_);
  const int doublings = std::min(exponent_ - other.exponent_, 31);
  const std::size_t middle = zero_bin();
  const std::size_t half = counts_.size() - middle;
  for (std::size_t i = 0; i < half; ++i) {
    counts_[middle + (i >> doublings)] += other.counts_[middle + i];
    if (middle > 0) counts_[middle - 1 - (i >> doublings)] += other.counts_[middle - 1 - i];
  }
  nans_ += other.nans_;
  for (int sign = 0; sign < 2; ++sign) infinities_[sign] += other.infinities_[sign];
  least_ = std::min(least_, other.least_);
  most_ = std::max(most_, other.most_);
}

bool FloatHistogram::is_state(std::size_t bins, bool is_signed, int exponent, double least,
                              double most) noexcept {
  if (exponent < kLeastExponent || exponent > kMostExponent) return false;
  if (least > most) return std::isinf(least) && std::isinf(most);  // nothing finite was counted
  const double half = double(is_signed ? bins / 2 : bins);
  return std::max(-least, most) < std::ldexp(half, exponent) && std::isfinite(least) &&
         std::isfinite(most);
}

void FloatHistogram::restore(int exponent, const std::uint64_t* counts, std::uint64_t nans,
                             std::uint64_t negative_infinities, std::uint64_t positive_infinities,
                             double least, double most) noexcept {
  PYINFO_ASSERT(is_state(counts_.size(), is_signed_, exponent, least, most));
  std::copy(counts, counts + counts_.size(), counts_.begin());
  exponent_ = exponent;
  nans_ = nans;
  infinities_[0] = negative_infinities;
  infinities_[1] = positive_infinities;
  least_ = least;
  most_ = most;
}

}  // namespace pyinfo::quantization
