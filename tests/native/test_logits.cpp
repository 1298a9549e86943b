// Losses of logits, by the kernels that PYINFO_ISA names, against the definitions: every type,
// every length of tail, logits that are flat, peaked, far apart, masked.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "logits/logits.hpp"
#include "logits/reference.hpp"
#include "logits/row_kernels.hpp"

namespace {

using namespace pyinfo::logits;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::chosen_length;
using pyinfo::check::Random;
using pyinfo::check::rounds;
using pyinfo::elements::Element;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr Element kTypes[] = {Element::float64, Element::float32, Element::float16,
                              Element::bfloat16};

// eps of results, and of gradients.
double eps(Element type) { return type == Element::float64 ? 0x1p-52 : 0x1p-23; }
double gradient_eps(Element type) {
  return type == Element::float64   ? 0x1p-52
         : type == Element::float32 ? 0x1p-23
         : type == Element::float16 ? 0x1p-10
                                    : 0x1p-7;
}

// A row of one type, with its values as doubles.
class Row {
 public:
  Row(Element type, const std::vector<double>& values)
      : type_(type),
        bytes_(values.size() * pyinfo::elements::element_size(type)),
        values_(values.size()) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      row_kernels(type).set_element(bytes_.data(), i, values[i]);
      values_[i] = row_kernels(type).element(bytes_.data(), i);
    }
  }
  Rows rows() { return Rows(bytes_.data(), type_, values_.size()); }
  const double* values() const { return values_.data(); }
  std::size_t size() const { return values_.size(); }
  double at(std::size_t i) const { return row_kernels(type_).element(bytes_.data(), i); }

 private:
  Element type_;
  Buffer<unsigned char> bytes_;
  std::vector<double> values_;
};

enum Kind { flat, normal, peaked, shifted, masked, wide, kKinds };

std::vector<double> logits_of(Kind kind, std::size_t n, Random& random) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    const double u = 2 * random.uniform() - 1;
    x[i] = kind == flat      ? 1.5
           : kind == normal  ? 3 * u
           : kind == peaked  ? (i == n / 2 ? 15 : u)
           : kind == shifted ? u - 500
           : kind == masked  ? (i % 3 == 1 ? -kInfinity : u)
                             : 200 * u;
  }
  return x;
}

std::string text(double value, double expected) {
  char line[80];
  std::snprintf(line, sizeof line, "%.17g instead of %.17g", value, expected);
  return line;
}

// `near` leaves to results below the smallest normal float what they are.
bool near(double value, double expected, double tolerance) {
  return value == expected || std::abs(value - expected) <= tolerance * std::abs(expected) + 1e-36;
}

void test_cross_entropy(Element type, Kind kind, std::size_t n, Random& random) {
  const std::string which = std::to_string(int(type)) + ", kind " + std::to_string(int(kind)) +
                            ", n " + std::to_string(n) + ": ";
  Row x(type, logits_of(kind, n, random));
  std::vector<double> gradient(n), target(n);
  double finite = 0;
  for (std::size_t i = 0; i < n; ++i) finite += std::isinf(x.values()[i]) ? 0 : 1;
  for (const double smoothing : {0.0, 0.25}) {
    for (const std::int64_t label : {std::int64_t(0), std::int64_t(n / 2), std::int64_t(n - 1)}) {
      if (std::isinf(x.values()[label])) continue;
      for (std::size_t i = 0; i < n; ++i)
        target[i] = std::isinf(x.values()[i]) ? 0 : smoothing / finite;
      target[std::size_t(label)] += 1 - smoothing;
      const double expected =
          reference::cross_entropy(x.values(), n, target.data(), 0, gradient.data());
      Row slope(type, std::vector<double>(n, 7));
      const Rows rows = x.rows(), to = slope.rows();
      double value = -1;
      CrossEntropy of{rows};
      of.labels = &label;
      of.smoothing = smoothing;
      Results results;
      results.values = &value;
      results.gradient = &to;
      cross_entropy(of, results);
      CHECK(near(value, expected, 4 * eps(type)), which + text(value, expected));
      for (std::size_t i = 0; i < n; ++i) {
        const double p = gradient[i] + target[i];
        CHECK(std::abs(slope.at(i) - gradient[i]) <=
                  2 * eps(type) * (p + target[i]) + gradient_eps(type) * std::abs(gradient[i]) +
                      1e-36 + (type == Element::float16 ? 0x1p-24 : 0),
              which + "gradient " + std::to_string(i) + ", " + text(slope.at(i), gradient[i]));
      }
      cross_entropy(of, [&] {
        Results over = results;
        over.gradient = &rows;  // in place
        return over;
      }());
      for (std::size_t i = 0; i < n; ++i) CHECK(x.at(i) == slope.at(i), which + "in place");
      x = Row(type, std::vector<double>(x.values(), x.values() + n));
    }
  }
}

void test_divergences(Element type, Kind kind, std::size_t n, Random& random) {
  std::vector<double> gradient(n);
  const double steps[] = {3, 0.1, 1e-3, 0};
  for (const double step : steps) {
    const std::vector<double> first = logits_of(kind, n, random);
    std::vector<double> second = first;
    for (double& v : second) v += step * (2 * random.uniform() - 1);
    Row a(type, first), b(type, second);
    const Rows p = a.rows(), q = b.rows();
    for (const double temperature : {1.0, 2.5}) {
      const std::string which = std::to_string(int(type)) + ", kind " + std::to_string(int(kind)) +
                                ", n " + std::to_string(n) + ", step " + std::to_string(step) +
                                ": ";
      Row slope(type, std::vector<double>(n, 7));
      const Rows to = slope.rows();
      double value = -1;
      Results results;
      results.values = &value;
      results.gradient = &to;
      const auto check = [&](double expected, const char* name, double tolerance) {
        // What long double loses when it subtracts logarithms.
        const double lost = 1e-17;
        CHECK(value >= 0, which + name);
        CHECK(std::abs(value - expected) <= tolerance * expected + lost,
              which + name + text(value, expected));
        for (std::size_t i = 0; i < n; ++i)
          CHECK(std::abs(slope.at(i) - gradient[i]) <=
                    8 * eps(type) + gradient_eps(type) * std::abs(gradient[i]),
                which + name + " gradient " + text(slope.at(i), gradient[i]));
      };
      const double tolerance = type == Element::float64 ? 1e-13 : 2e-6;
      double expected =
          reference::kl_divergence(a.values(), b.values(), n, temperature, gradient.data());
      kl_divergence(p, q, temperature, results);
      check(expected, "KL ", tolerance);
      expected = reference::js_divergence(a.values(), b.values(), n, temperature, 0.25, 0.75,
                                          gradient.data());
      js_divergence(p, q, temperature, 0.25, 0.75, results);
      check(expected, "JS ", tolerance);
      expected = reference::entropy(a.values(), n, temperature, gradient.data());
      entropy(p, temperature, results);
      check(expected, "entropy ", temperature == 1 ? 8 * eps(type) : tolerance);
    }
  }
}

void test_sums(Element type, Kind kind, std::size_t n, Random& random) {
  Row x(type, logits_of(kind, n, random));
  const double expected = reference::logsumexp(x.values(), n);
  double value = 0;
  logsumexp(x.rows(), &value, 1);
  CHECK(std::abs(value - expected) <= 4 * eps(type) * std::max(1.0, std::abs(expected)),
        text(value, expected));
  std::vector<double> logs(n);
  reference::log_softmax(x.values(), n, logs.data());
  Row out(result_element(type), std::vector<double>(n, 7));
  log_softmax(x.rows(), out.rows(), 1);
  for (std::size_t i = 0; i < n; ++i)
    CHECK(near(out.at(i), logs[i], 4 * eps(type)), text(out.at(i), logs[i]));
  std::int64_t index = -1;
  top(x.rows(), &index, 1);
  CHECK(index == std::max_element(x.values(), x.values() + n) - x.values(), "the largest");
}

// Beyond what exponentials of a block can be added up, ahead of and after where they start.
void test_climbing_rows() {
  for (const Element type : kTypes) {
    std::vector<double> x(5000);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = double(i) * (type == Element::float16 ? 4 : 16);
    for (const bool falling : {false, true}) {
      if (falling) std::reverse(x.begin(), x.end());
      Row row(type, x);
      double value = 0;
      logsumexp(row.rows(), &value, 1);
      const double expected = reference::logsumexp(row.values(), row.size());
      CHECK(near(value, expected, 4 * eps(type)), text(value, expected));
    }
  }
  const double most = std::numeric_limits<double>::max();
  for (const double size : {most, double(std::numeric_limits<float>::max())}) {
    Row row(size == most ? Element::float64 : Element::float32, {-size, size, size, 0});
    double value = 0;
    logsumexp(row.rows(), &value, 1);
    CHECK(value == size, text(value, size));
  }
}

// Rows without a distribution.
void test_no_distribution() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const Element type : kTypes) {
    for (std::size_t n = 1; n < 200; n += 11) {
      for (const double value : {-kInfinity, kInfinity, nan}) {
        if (!chosen()) continue;
        std::vector<double> x(n, value == -kInfinity ? value : 0.5);
        x[n * 2 / 3] = value;
        Row row(type, x), other(type, std::vector<double>(n, 0.25)),
            slope(type, std::vector<double>(n, 7));
        const Rows rows = row.rows(), to = slope.rows(), others = other.rows();
        const std::int64_t label = 0;
        double results_of[6] = {0, 0, 0, 0, 0, 0};
        Results results;
        results.gradient = &to;
        CrossEntropy of{rows};
        of.labels = &label;
        const auto next = [&](int i) -> const Results& {
          results.values = results_of + i;
          return results;
        };
        cross_entropy(of, next(0));
        for (std::size_t i = 0; i < n; ++i) CHECK(std::isnan(slope.at(i)), "gradient");
        kl_divergence(rows, others, 1, next(1));
        kl_divergence(others, rows, 1, next(2));
        js_divergence(others, rows, 1, 0.5, 0.5, next(3));
        entropy(rows, 1, next(4));
        for (int i = 0; i < 5; ++i)
          CHECK(std::isnan(results_of[i]), std::to_string(i) + " of " + std::to_string(value));
        logsumexp(rows, results_of, 1);
        CHECK(std::isnan(value) ? std::isnan(results_of[0]) : results_of[0] == value, "lse");
      }
    }
  }
}

void test_masks() {
  Row a(Element::float32, {1, -kInfinity, 2}), b(Element::float32, {1, 0, -kInfinity});
  double value = 0;
  Results results;
  results.values = &value;
  kl_divergence(a.rows(), b.rows(), 1, results);
  CHECK(value == kInfinity, "p where q is 0");
  js_divergence(a.rows(), b.rows(), 1, 0.5, 0.5, results);
  CHECK(value > 0 && value < 0.694, "masks that differ");
  Row one(Element::float32, {-kInfinity, 4, -kInfinity});
  const std::int64_t labels[2] = {1, 0};
  const Rows rows = one.rows();
  CrossEntropy of{rows};
  of.labels = labels;
  cross_entropy(of, results);
  CHECK(value == 0, "the only class");
  of.labels = labels + 1;
  cross_entropy(of, results);
  CHECK(value == kInfinity, "a masked class");
  entropy(rows, 1, results);
  CHECK(value == 0, "one class");
}

// Float32 sums of terms of both signs are negative in half of such rows.
void test_never_negative() {
  Random random(9);
  const std::size_t rows = std::size_t(rounds(1000000)), classes = 5;
  Buffer<float> a(rows * classes), b(rows * classes);
  for (std::size_t i = 0; i < a.size(); ++i) {
    // Each row has a step of its own, from 1 to 1e-7.
    const double step = std::pow(10.0, -double(i / classes % 8));
    a[i] = float(6 * random.uniform() - 3);
    b[i] = float(double(a[i]) + step * (2 * random.uniform() - 1));
  }
  const auto all = [&](Buffer<float>& data) {
    Rows found(data.data(), Element::float32, classes);
    found.append(rows, std::ptrdiff_t(classes * sizeof(float)));
    return found;
  };
  const Rows p = all(a), q = all(b);
  std::vector<double> values(rows);
  Results results;
  results.values = values.data();
  std::size_t negative = 0;
  kl_divergence(p, q, 1, results);
  for (const double value : values) negative += value >= 0 ? 0 : 1;
  js_divergence(p, q, 1, 0.5, 0.5, results);
  for (const double value : values) negative += value >= 0 ? 0 : 1;
  CHECK(negative == 0, std::to_string(negative) + " of twice " + std::to_string(rows));
}

void test_threads() {
  Random random(5);
  const std::size_t rows = 300, classes = 1001;
  Buffer<float> x(rows * classes);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(8 * random.uniform());
  Rows all(x.data(), Element::float32, classes);
  all.append(rows, std::ptrdiff_t(classes * sizeof(float)));
  std::vector<double> one(rows), many(rows), alone(rows);
  logsumexp(all, one.data(), 1);
  logsumexp(all, many.data(), 7);
  for (std::size_t i = rows; i-- > 0;)
    logsumexp(Rows(x.data() + i * classes, Element::float32, classes), &alone[i], 1);
  CHECK(one == many && one == alone, "threads and order");
}

}  // namespace

int main() {
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  Random random(1);
  for (const Element type : kTypes) {
    for (int kind = 0; kind < kKinds; ++kind) {
      for (std::size_t n = 1; n <= 2100; n += n < 70 ? 1 : n < 300 ? 29 : 601) {
        if (!chosen()) continue;
        test_cross_entropy(type, Kind(kind), n, random);
        test_sums(type, Kind(kind), n, random);
        if (n < 40 || n > 290) test_divergences(type, Kind(kind), n, random);
      }
    }
  }
  test_climbing_rows();
  test_no_distribution();
  test_masks();
  test_never_negative();
  test_threads();
  return pyinfo::check::finish();
}
