// Rows, labels, and what needs no more of a row than one number.
#include <cmath>
#include <limits>

#include "elements/compensated_sum.hpp"
#include "logits/each_row.hpp"
#include "logits/logits.hpp"
#include "logits/row_kernels.hpp"
#include "simd/assert.hpp"

namespace pyinfo::logits {

PYINFO_KERNEL_TABLES(LogitKernels, logit_kernels)
PYINFO_KERNEL_TABLES(LogitPairKernels, logit_pair_kernels)

namespace {

constexpr double kLn2High = 6.93147180369123816490e-01;  // its multiples by steps are exact
constexpr double kLn2Low = 1.90821492927058770002e-10;

}  // namespace

double above(double x, const Origin& origin) noexcept {
  return ((x - origin.shift) - origin.steps * kLn2High) - origin.steps * kLn2Low;
}

double value_of(const Origin& origin) noexcept {
  return (origin.shift + origin.steps * kLn2High) + origin.steps * kLn2Low;
}

const RowKernels& row_kernels(elements::Element type) noexcept {
  PYINFO_ASSERT(std::size_t(type) < kRowElements);
  static const LogitKernels& active = logit_kernels(simd::active());
  return active.of[std::size_t(type)];
}

const PairKernels& pair_kernels(elements::Element type) noexcept {
  PYINFO_ASSERT(std::size_t(type) < kRowElements);
  static const LogitPairKernels& active = logit_pair_kernels(simd::active());
  return active.of[std::size_t(type)];
}

Rows::Rows(void* data, elements::Element type, std::size_t classes) noexcept
    : data_(static_cast<char*>(data)), type_(type), classes_(classes) {
  PYINFO_ASSERT(data != nullptr && std::size_t(type) < kRowElements && classes > 0);
}

Rows& Rows::operator=(const Rows& other) noexcept {
  data_ = other.data_;
  type_ = other.type_;
  classes_ = other.classes_;
  count_ = other.count_;
  dimensions_ = other.dimensions_;
  for (int d = 0; d < dimensions_; ++d) {
    shape_[d] = other.shape_[d];
    strides_[d] = other.strides_[d];
  }
  return *this;
}

void Rows::append(std::size_t extent, std::ptrdiff_t stride) noexcept {
  count_ *= extent;
  if (extent == 1) return;
  if (dimensions_ > 0 && strides_[dimensions_ - 1] == stride * std::ptrdiff_t(extent)) {
    shape_[dimensions_ - 1] *= extent;  // one run with the axis before
    strides_[dimensions_ - 1] = stride;
    return;
  }
  PYINFO_ASSERT(dimensions_ < elements::kMaxDimensions);
  shape_[dimensions_] = extent;
  strides_[dimensions_] = stride;
  ++dimensions_;
}

char* Rows::row(std::size_t i) const noexcept {
  PYINFO_ASSERT(i < count_);
  char* at = data_;
  for (int d = dimensions_ - 1; d > 0; --d) {
    at += std::ptrdiff_t(i % shape_[d]) * strides_[d];
    i /= shape_[d];
  }
  return dimensions_ > 0 ? at + std::ptrdiff_t(i) * strides_[0] : at;
}

std::size_t read_labels(const elements::Operand& operand, const elements::Space& space,
                        std::size_t classes, std::int64_t ignored, std::int64_t* labels) noexcept {
  PYINFO_ASSERT(elements::is_count(operand.type) && labels != nullptr);
  // As doubles, in which every label that can be right is exact, and 2^64 - 100 is not -100.
  constexpr std::size_t piece = 256;
  double values[piece];
  std::size_t wrong = kNoRow;
  for (std::size_t first = 0; first < space.size; first += piece) {
    const std::size_t n = std::min(piece, space.size - first);
    elements::load_elements<double>(operand, space, 0, first, n, values);
    for (std::size_t i = 0; i < n; ++i) {
      const bool is_ignored = values[i] == double(ignored);
      const bool is_class = values[i] >= 0 && values[i] < double(classes);
      labels[first + i] = is_ignored || !is_class ? kIgnored : std::int64_t(values[i]);
      if (!is_ignored && !is_class && wrong == kNoRow) wrong = first + i;
    }
  }
  return wrong;
}

std::size_t read_weight(const elements::Operand& operand, const elements::Space& space,
                        double* weight) noexcept {
  elements::load_slice<double>(operand, space, 0, weight);
  for (std::size_t i = 0; i < space.size; ++i)
    if (!(weight[i] >= 0) || std::isinf(weight[i])) return i;
  return kNoRow;
}

void logsumexp(const Rows& x, double* values, int threads) {
  PYINFO_ASSERT(values != nullptr || x.count() == 0);
  const RowKernels& kernels = row_kernels(x.type());
  each_row(x.count(), x.classes(), threads, [&](std::size_t i) {
    SoftmaxSum found;
    kernels.softmax_sum(x.row(i), x.classes(), kNowhere, found);
    values[i] = value_of(found.origin) + std::log(found.sum);
    // Near 0 the parts cancel, and a row of one class lost digits.
    if (std::fabs(values[i]) < 1) {
      const Largest top = kernels.largest(x.row(i), x.classes());
      kernels.softmax_sum(x.row(i), x.classes(), top.index, found);
      const double others =
          found.sum == 0 ? 0 : found.sum * std::exp(-above(top.value, found.origin));
      values[i] = top.value + std::log1p(others);
    }
  });
}

void log_softmax(const Rows& x, const Rows& out, int threads) {
  PYINFO_ASSERT(out.count() == x.count() && out.classes() == x.classes());
  PYINFO_ASSERT(out.type() == result_element(x.type()));
  const RowKernels& kernels = row_kernels(x.type());
  each_row(x.count(), x.classes(), threads, [&](std::size_t i) {
    const void* const row = x.row(i);
    const Largest top = kernels.largest(row, x.classes());
    double high = std::numeric_limits<double>::quiet_NaN();
    double low = 0;
    if (std::isfinite(top.value)) {
      high = top.value;
      SoftmaxSum others;
      kernels.softmax_sum(row, x.classes(), top.index, others);
      if (others.sum != 0) low = std::log1p(others.sum * std::exp(-above(high, others.origin)));
    }
    kernels.log_softmax(row, out.row(i), x.classes(), high, low);
  });
}

void top(const Rows& x, std::int64_t* indices, int threads) {
  PYINFO_ASSERT(indices != nullptr || x.count() == 0);
  const RowKernels& kernels = row_kernels(x.type());
  each_row(x.count(), x.classes(), threads, [&](std::size_t i) {
    const Largest found = kernels.largest(x.row(i), x.classes());
    indices[i] = found.index == kNowhere ? 0 : std::int64_t(found.index);
  });
}

double sum(const double* values, std::size_t n) noexcept {
  elements::CompensatedSum total;
  for (std::size_t i = 0; i < n; ++i) total.add(values[i]);
  return total.value();
}

}  // namespace pyinfo::logits
