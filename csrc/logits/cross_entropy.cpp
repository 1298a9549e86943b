// Cross-entropy from the kernels' sums.
//
// The label's own exponential is left out of the sum: with s the sum of the others and d its
// distance from the origin, lse - x = log1p(s e^-d), accurate however likely the label is.
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "logits/each_row.hpp"
#include "logits/logits.hpp"
#include "logits/row_kernels.hpp"
#include "memory/thread_scratch.hpp"
#include "simd/assert.hpp"

namespace pyinfo::logits {
namespace {

using elements::Element;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Scratch {
  memory::ScratchBuffer targets;
  void trim() noexcept { targets.trim(); }
};

// A row's distribution, seen from one of its elements.
struct RowSum {
  Origin origin;
  double total = kNaN;  // sum of e^(x - origin), NaN if there is no distribution
  double lse = kNaN;
  double lse_rest = 0;     // what rounding left out of it
  double surprise = kNaN;  // lse - x of the element
  double doubt = kNaN;     // the probability of all others
};

RowSum row_sum(const RowKernels& kernels, const void* x, std::size_t n,
               std::size_t label) noexcept {
  SoftmaxSum others;
  kernels.softmax_sum(x, n, label, others);
  const double own = kernels.element(x, label);
  RowSum row;
  if (!std::isfinite(others.sum) || std::isnan(own) || own > std::numeric_limits<double>::max())
    return row;
  if (others.sum == 0) {  // every other class is masked
    if (std::isinf(own)) return row;
    row.origin.shift = own;
    row.total = 1;
    row.lse = own;
    row.surprise = 0;
    row.doubt = 0;
    return row;
  }
  const double distance = above(own, others.origin);
  row.origin = others.origin;
  const double power = std::exp(distance);
  row.total = others.sum + power;
  row.doubt = others.sum / row.total;
  if (distance > 600)
    row.surprise = std::log1p(others.sum * std::exp(-distance));
  else
    row.surprise =
        distance > -600 ? std::log1p(others.sum / power) : std::log(row.total) - distance;
  if (std::isinf(own)) {
    row.lse = value_of(others.origin) + std::log(others.sum);
    return row;
  }
  row.lse = own + row.surprise;
  const double added = row.lse - own;
  row.lse_rest = (own - (row.lse - added)) + (row.surprise - added);
  return row;
}

// In the type that kernels compute in.
double rounded(double x, Element type) noexcept {
  return type == Element::float64 ? x : double(float(x));
}

// 0 times an infinite surprise is 0.
double times(double weight, double surprise) noexcept {
  return weight == 0 ? 0 : weight * surprise;
}

template <class T>
class Loss {
 public:
  Loss(const CrossEntropy& of, const Results& results) noexcept
      : of_(of),
        results_(results),
        kernels_(row_kernels(of.logits.type())),
        classes_(of.logits.classes()) {}

  void label_row(std::size_t i) {
    const std::int64_t label = of_.labels[i];
    PYINFO_ASSERT(label == kIgnored || (label >= 0 && std::size_t(label) < classes_));
    if (label == kIgnored) {
      results_.values[i] = 0;
      if (results_.gradient != nullptr)
        std::memset(results_.gradient->row(i), 0, results_.gradient->row_bytes());
      return;
    }
    const void* const x = of_.logits.row(i);
    const auto y = std::size_t(label);
    const RowSum row = row_sum(kernels_, x, classes_, y);
    const double own = (1 - of_.smoothing) * (of_.weight == nullptr ? 1 : of_.weight[y]);
    double loss = std::isnan(row.total) ? kNaN : times(own, row.surprise);
    double share = 0, spread_weight = 0, own_target = 0;
    std::optional<memory::ThreadScratch<Scratch>> scratch;  // to find it takes its time
    T* targets = nullptr;
    if (of_.smoothing > 0) {
      const double reference = rounded(row.lse, of_.logits.type());
      const double beyond = (row.lse - reference) + row.lse_rest;
      TargetSums sums;
      kernels_.target_sums(x, classes_, nullptr, reference, sums);
      share = of_.smoothing / sums.weight;
      own_target = std::isinf(kernels_.element(x, y)) ? 0 : share;
      if (of_.weight == nullptr) {
        spread_weight = of_.smoothing;
        loss += share * (sums.distance + sums.weight * beyond);
      } else {
        targets = acquire(*scratch.emplace());
        for (std::size_t j = 0; j < classes_; ++j)
          targets[j] = finite(x, j) ? T(of_.weight[j] * share) : T(0);
        kernels_.target_sums(x, classes_, targets, reference, sums);
        spread_weight = sums.weight;
        own_target *= of_.weight[y];
        loss += sums.distance + sums.weight * beyond;
      }
    }
    loss += of_.z_loss == 0 ? 0 : of_.z_loss * row.lse * row.lse;
    results_.values[i] = results_.unit * loss;
    if (results_.gradient == nullptr) return;
    const double others = spread_weight + 2 * of_.z_loss * zero_if_unused(row.lse);
    const double scale = results_.unit * results_.scale;
    double at_label = -own * row.doubt - own_target;
    if (others != 0) at_label += others * std::exp(-row.surprise);
    write_gradient(i, x, row, scale, own + others, share, targets);
    kernels_.set_element(results_.gradient->row(i), y, scale * at_label);
  }

  // False if the target is not what it may be.
  bool target_row(std::size_t i) {
    const void* const x = of_.logits.row(i);
    const char* const target = of_.targets->row(i);
    memory::ThreadScratch<Scratch> scratch;
    T* const targets = acquire(*scratch);
    double total = 0;
    double least = 0;
    for (std::size_t j = 0; j < classes_; ++j) {
      T t;
      std::memcpy(&t, target + j * sizeof t, sizeof t);
      total += double(t);
      least = double(t) < least ? double(t) : least;
      targets[j] = t;
    }
    if (least < 0) return false;
    if (of_.kind == Targets::distributions && std::abs(total - 1) > elements::kSumTolerance<T>)
      return false;
    if (of_.kind == Targets::divided) {
      if (!(total > 0) && !std::isnan(total)) return false;
      for (std::size_t j = 0; j < classes_; ++j) targets[j] = T(double(targets[j]) / total);
    }
    const Largest top = kernels_.largest(x, classes_);
    RowSum row;
    if (std::isfinite(top.value)) row = row_sum(kernels_, x, classes_, top.index);
    const double reference = rounded(row.lse, of_.logits.type());
    const double beyond = (row.lse - reference) + row.lse_rest;
    TargetSums sums{0, 0};
    if (of_.smoothing > 0) kernels_.target_sums(x, classes_, nullptr, reference, sums);
    if (of_.smoothing > 0 || of_.weight != nullptr) {
      const double share = of_.smoothing > 0 ? of_.smoothing / sums.weight : 0;
      for (std::size_t j = 0; j < classes_; ++j) {
        const double smoothed =
            (1 - of_.smoothing) * double(targets[j]) + (share > 0 && finite(x, j) ? share : 0);
        targets[j] = T(of_.weight == nullptr ? smoothed : of_.weight[j] * smoothed);
      }
    }
    kernels_.target_sums(x, classes_, targets, reference, sums);
    double loss = sums.distance + sums.weight * beyond;
    if (std::isnan(row.total)) loss = kNaN;
    loss += of_.z_loss == 0 ? 0 : of_.z_loss * row.lse * row.lse;
    results_.values[i] = results_.unit * loss;
    if (results_.gradient != nullptr)
      write_gradient(i, x, row, results_.unit * results_.scale,
                     sums.weight + 2 * of_.z_loss * zero_if_unused(row.lse), 0, targets);
    return true;
  }

 private:
  T* acquire(Scratch& scratch) {
    return reinterpret_cast<T*>(scratch.targets.acquire(classes_ * sizeof(T)));
  }
  bool finite(const void* x, std::size_t j) const noexcept {
    return kernels_.element(x, j) != -std::numeric_limits<double>::infinity();
  }
  double zero_if_unused(double lse) const noexcept { return of_.z_loss == 0 ? 0 : lse; }

  // scale (weight p - share - targets); a row without a distribution is all NaN.
  void write_gradient(std::size_t i, const void* x, const RowSum& row, double scale, double weight,
                      double share, T* targets) const noexcept {
    GradientRow of{row.origin, scale * weight / row.total, 0, nullptr};
    if (targets != nullptr) {
      for (std::size_t j = 0; j < classes_; ++j) targets[j] = T(scale * double(targets[j]));
      of.target = targets;
    } else {
      of.share = scale * share;
    }
    kernels_.gradient(x, results_.gradient->row(i), classes_, of);
  }

  const CrossEntropy& of_;
  const Results& results_;
  const RowKernels& kernels_;
  const std::size_t classes_;
};

template <class T>
std::size_t run(const CrossEntropy& of, const Results& results) {
  const Rows& x = of.logits;
  Loss<T> loss(of, results);
  if (of.targets == nullptr) {
    each_row(x.count(), x.classes(), results.threads, [&](std::size_t i) { loss.label_row(i); });
    return kNoRow;
  }
  std::atomic<std::size_t> wrong{kNoRow};
  each_row(x.count(), x.classes(), results.threads, [&](std::size_t i) {
    if (loss.target_row(i)) return;
    std::size_t first = wrong;
    while (i < first && !wrong.compare_exchange_weak(first, i)) {
    }
  });
  return wrong;
}

}  // namespace

double total_weight(const CrossEntropy& of) noexcept {
  if (of.targets != nullptr) return double(of.logits.count());
  double total = 0;
  for (std::size_t i = 0; i < of.logits.count(); ++i)
    if (of.labels[i] != kIgnored)
      total += of.weight == nullptr ? 1 : of.weight[std::size_t(of.labels[i])];
  return total;
}

std::size_t cross_entropy(const CrossEntropy& of, const Results& results) {
  PYINFO_ASSERT((of.labels == nullptr) != (of.targets == nullptr) || of.logits.count() == 0);
  PYINFO_ASSERT(of.targets == nullptr || (of.targets->count() == of.logits.count() &&
                                          of.targets->type() == result_element(of.logits.type())));
  check_results(results, of.logits);
  PYINFO_ASSERT(of.smoothing >= 0 && of.smoothing <= 1 && of.z_loss >= 0);
  return of.logits.type() == Element::float64 ? run<double>(of, results) : run<float>(of, results);
}

}  // namespace pyinfo::logits
