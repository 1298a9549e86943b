// Neumaier's compensated sum.
#pragma once

#include <cmath>

namespace pyinfo::elements {

class CompensatedSum {
 public:
  void add(double x) noexcept {
    const double next = sum_ + x;
    rest_ += std::abs(sum_) >= std::abs(x) ? (sum_ - next) + x : (x - next) + sum_;
    sum_ = next;
  }
  double value() const noexcept {
    const double total = sum_ + rest_;
    return std::isnan(total) ? sum_ : total;  // infinities leave a NaN in the rest
  }

 private:
  double sum_ = 0;
  double rest_ = 0;
};

}  // namespace pyinfo::elements
