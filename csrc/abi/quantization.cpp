// Quantisation as C functions: histograms of floats, thresholds, scales, rate against distortion.
#include <cmath>
#include <vector>

#include "abi/errors.hpp"
#include "quantization/clipping.hpp"
#include "quantization/histogram.hpp"
#include "quantization/scales.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::abi {
namespace {

namespace q = quantization;

q::Values values_of(const void* data, pyinfo_float_type type, std::size_t n) {
  require(type >= PYINFO_LOGITS_F64 && type <= PYINFO_LOGITS_BF16, "there is no such type");
  require_data(data, n, "the data");
  return {data, elements::Element(int(type)), n};
}

int threads_of(int threads) {
  require(threads >= 0 && threads <= threads::kMostThreads, "threads out of range");
  return threads::resolve(threads);
}

int levels_of(int bits) {
  require(bits >= 2 && bits <= 16, "bits out of range");
  return (1 << (bits - 1)) - 1;
}

void require_bins(std::size_t bins) {
  require(bins >= q::FloatHistogram::kLeastBins && bins <= q::FloatHistogram::kMostBins &&
              (bins & (bins - 1)) == 0,
          "bins must be a power of two from 16 to 262144");
}

void require_state(const pyinfo_float_histogram& histogram) {
  require(q::FloatHistogram::is_state(histogram.bins, histogram.is_signed != 0, histogram.exponent,
                                      histogram.least, histogram.most),
          "this is no histogram");
}

q::Weights weights_of(const void* w, pyinfo_float_type type, std::size_t groups, std::size_t size,
                      const float* importance, std::size_t columns) {
  require(groups > 0 && size > 0 && groups <= std::size_t(-1) / 16 / size, "no weights");
  require(importance == nullptr || (columns > 0 && groups * size % columns == 0),
          "columns must divide the number of weights");
  for (std::size_t i = 0; importance != nullptr && i < columns; ++i)
    if (!(importance[i] >= 0) || std::isinf(importance[i]))
      throw Failure(PYINFO_ERROR_VALUE, "importance must be finite and not negative");
  return {values_of(w, type, groups * size), size, importance, columns};
}

void require_finite(bool finite) {
  if (!finite) throw Failure(PYINFO_ERROR_VALUE, "weights must be finite numbers of float's range");
}

}  // namespace
}  // namespace pyinfo::abi

namespace abi = pyinfo::abi;
namespace quantization = pyinfo::quantization;

pyinfo_error pyinfo_histogram_add(const void* x, pyinfo_float_type type, size_t n, int threads,
                                  pyinfo_float_histogram* histogram, uint64_t* counts) {
  return abi::guard([&] {
    using Histogram = quantization::FloatHistogram;
    abi::require_pointer(histogram, "histogram");
    abi::require_pointer(counts, "counts");
    abi::require_bins(histogram->bins);
    const quantization::Values values = abi::values_of(x, type, n);
    const int used = abi::threads_of(threads);
    Histogram of(histogram->bins, histogram->is_signed != 0);
    if (histogram->is_used != 0) {
      abi::require_state(*histogram);
      of.restore(histogram->exponent, counts, histogram->nans, histogram->negative_infinities,
                 histogram->positive_infinities, histogram->least, histogram->most);
    }
    if (n > 0) of.add(values, used);
    for (std::size_t i = 0; i < histogram->bins; ++i) counts[i] = of.counts()[i];
    histogram->is_used = 1;
    histogram->exponent = of.exponent();
    histogram->nans = of.nans();
    histogram->negative_infinities = of.infinities(false);
    histogram->positive_infinities = of.infinities(true);
    histogram->least = of.least();
    histogram->most = of.most();
  });
}

pyinfo_error pyinfo_calibrate(const pyinfo_float_histogram* histogram, const uint64_t* counts,
                              int bits, pyinfo_criterion criterion, double* threshold,
                              double* score) {
  return abi::guard(
      [&] {
        abi::require_pointer(histogram, "histogram");
        abi::require_pointer(counts, "counts");
        abi::require_pointer(threshold, "threshold");
        abi::require_bins(histogram->bins);
        abi::levels_of(bits);
        abi::require(criterion >= PYINFO_CRITERION_NVIDIA && criterion <= PYINFO_CRITERION_MSE,
                     "there is no such criterion");
        const std::vector<std::uint64_t> own(counts, counts + histogram->bins);
        const double largest = std::max(-histogram->least, histogram->most);
        bool any = false;
        for (std::uint64_t count : own) any = any || count != 0;
        abi::require(histogram->is_used != 0 && any, "nothing has been counted");
        abi::require_state(*histogram);
        abi::require(std::isfinite(largest), "nothing finite has been counted");
        if (largest <= 0) {
          *threshold = 0;
          if (score != nullptr) *score = 0;
          return;
        }
        const double width = std::ldexp(1.0, histogram->exponent);
        const quantization::ClippingCurve curve =
            quantization::clipping_curve(own, histogram->is_signed != 0, largest / width, bits,
                                         quantization::Criterion(int(criterion)), 0);
        const int unit = criterion == PYINFO_CRITERION_MSE ? 2 * histogram->exponent : 0;
        *threshold = std::min(curve.thresholds[curve.best] * width, largest);
        if (score != nullptr) *score = std::ldexp(curve.scores[curve.best], unit);
      },
      PYINFO_ERROR_VALUE);
}

pyinfo_error pyinfo_optimal_scales(const void* w, pyinfo_float_type type, size_t groups,
                                   size_t size, const float* importance, size_t columns, int bits,
                                   int threads, float* scales, double* errors) {
  return abi::guard([&] {
    abi::require_pointer(scales, "scales");
    const int levels = abi::levels_of(bits);
    const int used = abi::threads_of(threads);
    const quantization::Weights weights =
        abi::weights_of(w, type, groups, size, importance, columns);
    std::vector<float> found(groups);
    std::vector<double> error(groups);
    abi::require_finite(
        quantization::optimal_steps(weights, levels, used, found.data(), error.data()));
    std::copy(found.begin(), found.end(), scales);
    if (errors != nullptr) std::copy(error.begin(), error.end(), errors);
  });
}

pyinfo_error pyinfo_rate_distortion(const void* w, pyinfo_float_type type, size_t groups,
                                    size_t size, const float* importance, size_t columns,
                                    const double* steps, size_t n, int threads, double* errors,
                                    double* bits) {
  return abi::guard([&] {
    abi::require_data(steps, n, "steps");
    abi::require_data(errors, n, "errors");
    abi::require_data(bits, n, "bits");
    const int used = abi::threads_of(threads);
    const quantization::Weights weights =
        abi::weights_of(w, type, groups, size, importance, columns);
    const std::vector<double> own(steps, steps + n);
    for (double step : own)
      abi::require(step > 0 && std::isfinite(step), "steps must be positive and finite");
    std::vector<float> largest(groups);
    abi::require_finite(quantization::find_largest(weights, used, largest.data()));
    const quantization::RateRequest request{nullptr, 0, nullptr, 0, own.data(), n, false};
    const quantization::RateCurve curve =
        quantization::rate_curve(weights, largest.data(), request, used);
    for (std::size_t i = 0; i < n; ++i) {
      errors[i] = curve.unclipped[i].error;
      bits[i] = curve.unclipped[i].rate;
    }
  });
}
