// Every measure of a slice, by the kernels that PYINFO_ISA names, against the scalar reference.
#include <cmath>
#include <cstdlib>
#include <string>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "measures/measure_table.hpp"

namespace {

using namespace pyinfo::measures;
using pyinfo::check::Buffer;
using pyinfo::check::Random;

template <class T>
void fill(Buffer<T>& p, Buffer<T>& q, std::uint64_t seed) {
  Random random(seed);
  for (std::size_t i = 0; i < p.size(); ++i) {
    p[i] = T(std::exp2(-8 * random.uniform()));
    q[i] = T(std::exp2(-8 * random.uniform()));
    if (i % 7 == 3) p[i] = 0;
  }
}

template <class T>
void test_measure(const Measure& measure, Normalization normalization, double alpha) {
  Request request;
  request.p = request.q = normalization;
  request.alpha = alpha;
  // The reference leaves the order 1 to the Kullback-Leibler divergence.
  const bool is_kl = &measure == &row("renyi_divergence") && alpha == 1;
  const Measure& defined = is_kl ? row("kl_divergence") : measure;
  for (std::size_t n = 1; n <= 300; n += n < 40 ? 1 : 13) {
    Buffer<T> p(n, n % 2);
    Buffer<T> q(n);
    fill(p, q, n);
    const bool two = measure.operands == 2;
    const Slice<T> slice(p.data(), two ? q.data() : nullptr, n);
    const Result result = measure_slice(measure, request, slice);
    const double expected = reference::evaluate(defined, request, slice);
    const double bound = 32 * double(std::numeric_limits<T>::epsilon());
    CHECK(result.fault == Fault::none, std::to_string(n));
    CHECK(result.value == expected ||
              std::abs(result.value - expected) <= bound * std::max(std::abs(expected), 1.0),
          std::string(measure.name) + " of " + std::to_string(n) + ": " +
              std::to_string(result.value) + ", not " + std::to_string(expected));
  }
}

void test_reference() {
  for (double x = 1e-3; x < 1e3; x *= 1.37) {
    CHECK(reference::bregman(x, x) == 0, std::to_string(x));
    CHECK(reference::log_ratio(x, x) == 0, std::to_string(x));
    for (double y = 1e-3; y < 1e3; y *= 1.41) {
      const long double exact = std::log((long double)(x) / (long double)(y));
      const double logs = std::abs(std::log(x)) + std::abs(std::log(y));
      CHECK(std::abs(reference::log_ratio(x, y) - exact) <= 2.3e-16 * (1 + logs), "");
      const long double term = x * exact - ((long double)(x)-y);
      CHECK(std::abs(reference::bregman(x, y) - term) <= 1e-15 * (term + x + y), "");
      CHECK(reference::bregman(x, y) >= 0, "");
    }
    // Next to each other: r^2 / 2 times the value.
    for (double r = 1e-3; r > 1e-12; r /= 7) {
      const double y = x * (1 + r);
      const long double s = ((long double)(x)-y) / y;
      const long double term = y * s * s * (0.5L - s / 6 + s * s / 12 - s * s * s / 20);
      CHECK(std::abs(reference::bregman(x, y) - term) <= 1e-13 * term, std::to_string(r));
    }
  }
}

}  // namespace

int main() {
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  test_reference();
  for (const Measure& measure : kMeasures) {
    for (const Normalization normalization : {Normalization::divide, Normalization::as_is}) {
      for (const double alpha : {0.0, 0.5, 1.0, 2.0, 3.5}) {
        const bool ordered = measure.takes(kAlpha);
        if (!ordered && alpha != 0) continue;
        if (ordered && alpha == 0) continue;  // a count, not a sum of powers
        test_measure<double>(measure, normalization, alpha);
        if (measure.has_float_kernels()) test_measure<float>(measure, normalization, alpha);
      }
    }
  }
  return pyinfo::check::finish();
}
