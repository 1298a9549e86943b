// The mean mutual information of two labellings, one of them shuffled (Vinh, Epps and Bailey 2010).
//
// How many samples labels of sizes a and b share is hypergeometric. Its probabilities are products
// of ratios, taken outwards from the mode until they do not matter, and divided by their sum: no
// factorials, whose logarithms would lose digits with the number of samples, and a number of steps
// that grows with the standard deviation instead of the size of the labels.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "dependence/dependence.hpp"
#include "elements/compensated_sum.hpp"
#include "measures/reference.hpp"
#include "simd/assert.hpp"

namespace pyinfo::dependence {
namespace {

using elements::CompensatedSum;

// Shared samples k of labels that have a and b of `total` samples.
class Overlap {
 public:
  Overlap(std::uint64_t a, std::uint64_t b, std::uint64_t total) noexcept
      : a_(a),
        b_(b),
        neither_(total - std::max(a, b)),
        smaller_(std::min(a, b)),
        least_(smaller_ > neither_ ? smaller_ - neither_ : 0) {
    mean_ = double(a) * double(b) / double(total);
    const double top = (double(a) + 1) * (double(b) + 1) / (double(total) + 2);
    mode_ = std::clamp(std::uint64_t(top), least_, smaller_);
  }

  // The mean of k ln(k / mean) - k + mean, which is that of k ln(k / mean).
  double mean_excess() const noexcept {
    double weights = 1;
    double sum = excess(mode_);
    double weight = 1;
    for (std::uint64_t k = mode_; k < smaller_ && weight > kNegligible * weights;) {
      weight *= rise(k);
      ++k;
      weights += weight;
      sum += weight * excess(k);
    }
    weight = 1;
    for (std::uint64_t k = mode_; k > least_ && weight > kNegligible * weights;) {
      --k;
      weight /= rise(k);
      weights += weight;
      sum += weight * excess(k);
    }
    return sum / weights;
  }

  std::uint64_t least() const noexcept { return least_; }
  std::uint64_t most() const noexcept { return smaller_; }
  // P(k + 1) / P(k).
  double rise(std::uint64_t k) const noexcept {
    return double(a_ - k) / double(k + 1) * (double(b_ - k) / double(neither_ - smaller_ + k + 1));
  }
  double excess(std::uint64_t k) const noexcept {
    const double found = double(k);
    const double s = (found - mean_) / (found + mean_);
    if (std::abs(s) > 0.1) {
      return k == 0 ? mean_ : found * std::log(found / mean_) - (found - mean_);
    }
    // ln(k / mean) = 2 (s + s^3 / 3 + ...); the first term against k - mean leaves s (k - mean).
    const double z = s * s;
    const double tail =
        z * (1. / 3 + z * (1. / 5 + z * (1. / 7 + z * (1. / 9 + z * (1. / 11 + z / 13)))));
    return s * ((found - mean_) + 2 * found * tail);
  }

 private:
  static constexpr double kNegligible = 0x1p-62;

  std::uint64_t a_, b_;
  std::uint64_t neither_;  // samples outside the larger label
  std::uint64_t smaller_;
  std::uint64_t least_, mode_;
  double mean_;
};

template <class Mean>
double over_pairs(const Margin& a, const Margin& b, std::uint64_t total, const Mean& mean) {
  CompensatedSum sum;
  for (std::size_t i = 0; i < a.count; ++i) {
    for (std::size_t j = 0; j < b.count; ++j) {
      PYINFO_ASSERT(a.sizes[i] <= total && b.sizes[j] <= total);
      if (a.sizes[i] == 0 || b.sizes[j] == 0) continue;
      sum.add(double(a.times[i]) * double(b.times[j]) *
              mean(Overlap(a.sizes[i], b.sizes[j], total)));
    }
  }
  return std::max(0.0, sum.value() / double(total));
}

}  // namespace

void check_margin(const Margin& margin, std::uint64_t total) {
  for (std::size_t i = 0; i < margin.count; ++i)
    if (margin.sizes[i] > total) throw std::invalid_argument("a label has more than all samples");
}

double expected_mutual_information(const Margin& a, const Margin& b, std::uint64_t total) {
  return over_pairs(a, b, total, [](const Overlap& overlap) { return overlap.mean_excess(); });
}

namespace reference {

using measures::reference::bregman;
using measures::reference::log_ratio;

double mutual_information(const JointTable<std::uint64_t>& table) {
  const auto row_total = [&](std::size_t i) {
    double sum = 0;
    for (std::size_t j = 0; j < table.columns; ++j)
      sum += double(table.counts[i * table.stride + j]);
    return sum;
  };
  const auto column_total = [&](std::size_t j) {
    double sum = 0;
    for (std::size_t i = 0; i < table.rows; ++i) sum += double(table.counts[i * table.stride + j]);
    return sum;
  };
  double total = 0;
  for (std::size_t i = 0; i < table.rows; ++i) total += row_total(i);
  CompensatedSum sum;
  for (std::size_t i = 0; i < table.rows; ++i) {
    for (std::size_t j = 0; j < table.columns; ++j) {
      const double found = double(table.counts[i * table.stride + j]);
      sum.add(bregman(found, row_total(i) * column_total(j) / total));
    }
  }
  return sum.value() / total;
}

double conditional_entropy(const JointTable<std::uint64_t>& table) {
  CompensatedSum sum;
  double total = 0;
  for (std::size_t i = 0; i < table.rows; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < table.columns; ++j)
      row += double(table.counts[i * table.stride + j]);
    for (std::size_t j = 0; j < table.columns; ++j) {
      const double n = double(table.counts[i * table.stride + j]);
      if (n > 0) sum.add(n * log_ratio(row, n));
    }
    total += row;
  }
  return sum.value() / total;
}

// Every number of shared samples there can be, its probability by binomial coefficients.
double expected_mutual_information(const Margin& a, const Margin& b, std::uint64_t total) {
  const auto log_binomial = [](double n, double k) {
    return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1);
  };
  CompensatedSum sum;
  for (std::size_t i = 0; i < a.count; ++i) {
    for (std::size_t j = 0; j < b.count; ++j) {
      const double x = double(a.sizes[i]);
      const double y = double(b.sizes[j]);
      const double n = double(total);
      const double pairs = double(a.times[i]) * double(b.times[j]);
      for (double k = std::max(1.0, x + y - n); k <= std::min(x, y); ++k) {
        const double probability =
            std::exp(log_binomial(x, k) + log_binomial(n - x, y - k) - log_binomial(n, y));
        sum.add(pairs * probability * k / n * std::log(n * k / (x * y)));
      }
    }
  }
  return sum.value();
}

}  // namespace reference
}  // namespace pyinfo::dependence
