// Quantisation, by the kernels that PYINFO_ISA names, against the definitions: every type, every
// length of tail, ties, values beyond the range, NaNs and infinities.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "quantization/histogram.hpp"
#include "quantization/kernels/kernels.hpp"
#include "quantization/quantizers.hpp"
#include "quantization/rate_distortion.hpp"
#include "quantization/reference.hpp"
#include "quantization/scales.hpp"
#include "quantization/thresholds.hpp"

namespace {

using namespace pyinfo::quantization;
using pyinfo::check::Buffer;
using pyinfo::check::Random;
using pyinfo::elements::Element;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::size_t lengths_to() { return 3 * 16 + 5; }

double normal(Random& random) {
  return std::sqrt(-2 * std::log(random.uniform())) *
         std::cos(6.283185307179586 * random.uniform());
}

bool near(double a, double b, double relative) {
  return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}

template <class T>
void test_quantize(Element type) {
  Random random(1);
  for (std::size_t n = 1; n <= lengths_to(); ++n) {
    for (std::size_t offset : {0, 1}) {
      Buffer<T> x(n, offset);
      for (std::size_t i = 0; i < n; ++i) {
        const double halves = double(random.bits() % 64) / 2 - 16;  // ties, and beyond the range
        x[i] = T(i % 5 == 4 ? 8 * normal(random) : halves);
        if (i % 11 == 10) x[i] = std::numeric_limits<T>::infinity();
      }
      const Values values{x.data(), type, n};
      const std::size_t size = n % 3 == 0 ? n / 3 : n;
      const double steps[3] = {1, 0.3, 2};
      const std::int32_t zeros[3] = {0, 3, -5};
      const double dead_zone = offset == 0 ? 0 : 0.125;
      const Steps of{steps, zeros, size, dead_zone};
      for (Storage storage : {Storage::bits_8, Storage::bits_16, Storage::bits_4}) {
        const IntegerFormat format = storage == Storage::bits_4
                                         ? IntegerFormat{-8, 7, storage, true}
                                         : IntegerFormat{-128, 127, storage, true};
        Buffer<unsigned char> bytes(format.bytes(n), offset);
        CHECK(quantize(values, of, format, 1, bytes.data()), "finite");
        Buffer<double> back(n);
        dequantize(bytes.data(), n, of, format, Element::float64, 1, back.data());
        Buffer<float> floats(n);
        dequantize(bytes.data(), n, of, format, Element::float32, 1, floats.data());
        for (std::size_t i = 0; i < n; ++i) {
          const std::size_t g = i / size;
          const double wanted = double(reference::integer<T>(
              x[i], T(steps[g]), format.low - zeros[g], format.high - zeros[g], T(dead_zone)));
          const std::string where = std::to_string(n) + ", " + std::to_string(i);
          CHECK(back[i] == wanted * steps[g], where);
          CHECK(floats[i] == float(wanted) * float(steps[g]), where);
        }
      }
      x[n - 1] = T(kNan);
      Buffer<unsigned char> bytes(n);
      const IntegerFormat format{0, 255, Storage::bits_8, false};
      CHECK(!quantize(values, {steps, nullptr, n}, format, 1, bytes.data()), "a NaN");
    }
  }
}

void test_zero_step() {
  const float x[3] = {0, 5, -7};
  const double steps[1] = {0};
  const std::int32_t zeros[1] = {4};
  unsigned char bytes[3];
  const Values values{x, Element::float32, 3};
  CHECK(quantize(values, {steps, zeros, 3}, {0, 255, Storage::bits_8, false}, 1, bytes), "");
  CHECK(bytes[0] == 4 && bytes[1] == 4 && bytes[2] == 4, "a step of 0 gives the zero point");
}

template <class T>
void test_histogram(Element type, bool is_signed) {
  Random random(2);
  for (std::size_t n : {1, 2, 15, 16, 17, 33, 4095, 4097, 9000}) {
    Buffer<T> x(n, 1);
    double largest = 0;
    std::uint64_t nans = 0, infinities = 0;
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = T(normal(random) * std::exp(8 * random.uniform() - 4));
      if (i % 7 == 6) x[i] = T(double(random.bits() % 9) - 4);  // on edges
      if (i % 50 == 49)
        x[i] = T(kNan), ++nans;
      else if (i % 50 == 48)
        x[i] = T(-kInfinity), ++infinities;
      else
        largest = std::max(largest, std::abs(double(x[i])));
    }
    FloatHistogram whole(64, is_signed), parts(64, is_signed);
    whole.add({x.data(), type, n}, 1);
    for (std::size_t i = n; i-- > 0;) {
      FloatHistogram one(64, is_signed);
      one.add({x.data() + i, type, 1}, 1);
      parts.merge(one);
    }
    CHECK(whole.counts() == parts.counts(), "any order: " + std::to_string(n));
    CHECK(whole.exponent() == parts.exponent(), std::to_string(n));
    CHECK(whole.nans() == nans && whole.infinities(false) == infinities, std::to_string(n));
    CHECK(largest < std::ldexp(is_signed ? 32 : 64, whole.exponent()), "in range");
    std::vector<std::uint64_t> wanted(64, 0);
    for (std::size_t i = 0; i < n; ++i)
      if (std::isfinite(x[i]))
        ++wanted[std::size_t(reference::bin(double(x[i]), whole.exponent(), is_signed ? 32 : 0))];
    CHECK(whole.counts() == wanted, std::to_string(n));
  }
}

void test_extreme_values() {
  const float tiny[4] = {-1e-38f, 1e-45f, -0.0f, 0};
  const float large[2] = {-3e38f, 3e38f};
  for (int order = 0; order < 2; ++order) {
    FloatHistogram h(16, true);
    h.add({order == 0 ? tiny : large, Element::float32, order == 0 ? 4u : 2u}, 1);
    h.add({order == 0 ? large : tiny, Element::float32, order == 0 ? 2u : 4u}, 1);
    CHECK(h.counts()[7] == 1 && h.counts()[8] == 3, "next to 0, each on its side");
    CHECK(h.counts()[0] + h.counts()[15] == 2 && h.exponent() == 125, "the ends");
  }
  const double huge[2] = {1.7e308, -1e-300};
  FloatHistogram h(16, true);
  h.add({huge, Element::float64, 2}, 1);
  CHECK(h.counts()[7] == 1 && h.counts()[15] == 1, "doubles");
}

void test_thresholds() {
  Random random(3);
  for (std::size_t bins : {16, 40, 129, 256}) {
    for (int kind = 0; kind < 6; ++kind) {
      std::vector<double> counts(bins);
      for (std::size_t i = 0; i < bins; ++i) {
        const double z = (double(i) - double(bins) / 2) / double(bins) * 8;
        counts[i] = std::floor(1000 * std::exp(-z * z / 2) * (kind == 1 ? random.uniform() : 1));
        if (kind == 2 && i % 3 != 0) counts[i] = 0;
        if (kind == 3) counts[i] = i % 37 == 5 ? 3 : 0;
        if (kind == 4) counts[i] = double(random.bits() % 3);
        if (kind == 5) counts[i] = i == bins / 2 ? 1000 : i + 1 == bins ? 1 : 0;
      }
      for (std::size_t levels : {2, 7, 16}) {
        const std::string what = std::to_string(bins) + " bins, kind " + std::to_string(kind) +
                                 ", " + std::to_string(levels) + " levels";
        const std::vector<double> grouped = grouped_divergences(counts.data(), bins, levels);
        for (std::size_t i = levels; i <= bins; ++i) {
          const double wanted = reference::grouped_divergence(counts, i, levels);
          const double found = grouped[i - levels];
          CHECK(std::isinf(wanted) ? found == wanted : std::abs(found - wanted) < 1e-9, what);
        }
        const std::vector<double> smoothed = smoothed_divergences(counts.data(), bins, levels);
        for (std::size_t i = levels / 2; i <= bins / 2; ++i) {
          const double wanted = reference::smoothed_divergence(counts, i, levels);
          const double found = smoothed[i - levels / 2];
          CHECK(std::isinf(wanted) ? found == wanted : std::abs(found - wanted) < 1e-7, what);
        }
      }
      const double origin = -double(bins) / 3;
      const GridErrors errors(counts.data(), bins, origin);
      for (double step : {0.7, 3.0, 11.5}) {
        const double wanted = reference::grid_error(counts, origin, step, -6, 9, 64);
        CHECK(near(errors(step, -6, 9), wanted, 2e-3), std::to_string(step));
      }
    }
  }
}

void test_rates_and_scales(Element type) {
  Random random(4);
  const std::size_t group = 96, groups = 40;
  Buffer<float> x(group * groups);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = i / group == 3 ? 0 : float(normal(random) * (1 + double(i / group % 5)));
  Buffer<double> doubles(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) doubles[i] = x[i];
  const void* const data =
      type == Element::float64 ? static_cast<const void*>(doubles.data()) : x.data();
  Buffer<float> importance(group);
  for (std::size_t i = 0; i < group; ++i) importance[i] = float(random.uniform() + 0.1);
  for (const float* given :
       {static_cast<const float*>(nullptr), static_cast<const float*>(importance.data())}) {
    const Weights weights{{data, type, x.size()}, group, given, group};
    std::vector<float> largest(groups);
    CHECK(find_largest(weights, 1, largest.data()), "finite");
    for (std::size_t g = 0; g < groups; ++g) {
      float wanted = 0;
      for (std::size_t i = 0; i < group; ++i) wanted = std::max(wanted, std::abs(x[g * group + i]));
      CHECK(largest[g] == wanted, std::to_string(g));
    }
    for (int q : {1, 7, 127}) {
      std::vector<float> steps(groups);
      std::vector<double> errors(groups);
      CHECK(optimal_steps(weights, q, 1, steps.data(), errors.data()), "finite");
      double found = 0, best = 0;
      for (std::size_t g = 0; g < groups; ++g) {
        double error = 0;
        for (std::size_t i = 0; i < group && steps[g] > 0; ++i) {
          const float w = x[g * group + i];
          const double distance =
              double(w) - double(steps[g]) * double(reference::integer<float>(w, steps[g], -q, q));
          error += (given == nullptr ? 1 : double(given[i])) * distance * distance;
        }
        CHECK(near(errors[g], error, 1e-4) || error < 1e-9, std::to_string(q));
        found += error;
        best += reference::best_step(x.data() + g * group, given, group, q).error;
      }
      CHECK(found >= best * (1 - 1e-6), "no better than the best");
      CHECK(found <= best * (q <= 7 ? 1.01 : 1.1), std::to_string(q) + ": next to the best");

      const float dead_zone = given == nullptr ? 0 : 0.2f;
      const RatePoint point = exact_point(weights, largest.data(), q, 0.8, 1, double(dead_zone));
      std::vector<double> counts(std::size_t(2 * q + 1), 0);
      double error = 0;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float step = std::max(float(0.8 * double(largest[i / group]) / q), 1e-30f);
        const int k = reference::integer<float>(x[i], step, -q, q, dead_zone);
        ++counts[std::size_t(k + q)];
        const double distance = double(x[i]) - double(step) * k;
        error += (given == nullptr ? 1 : double(given[i % group])) * distance * distance;
      }
      double rate = 0;
      for (double c : counts)
        if (c > 0) rate -= c / double(x.size()) * std::log2(c / double(x.size()));
      CHECK(near(point.error, error, 1e-5), std::to_string(q));
      CHECK(near(point.rate, rate, 1e-12), std::to_string(q));
    }
    for (int threads : {1, 3}) {
      const FineHistogram once = fine_histogram(weights, largest.data(), 1);
      const FineHistogram again = fine_histogram(weights, largest.data(), threads);
      CHECK(once.counts == again.counts && once.weights == again.weights, "any threads");
    }
  }
  x[5] = kNan;
  doubles[5] = 1e300;
  const Weights weights{{data, type, x.size()}, group, nullptr, group};
  std::vector<float> steps(groups);
  CHECK(!optimal_steps(weights, 7, 1, steps.data(), nullptr), "not finite");
  CHECK(!find_largest(weights, 1, steps.data()), "not finite");
}

}  // namespace

int main() {
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  test_quantize<float>(Element::float32);
  test_quantize<double>(Element::float64);
  test_zero_step();
  for (bool is_signed : {false, true}) {
    test_histogram<float>(Element::float32, is_signed);
    test_histogram<double>(Element::float64, is_signed);
  }
  test_extreme_values();
  test_thresholds();
  test_rates_and_scales(Element::float32);
  test_rates_and_scales(Element::float64);
  return pyinfo::check::finish();
}
