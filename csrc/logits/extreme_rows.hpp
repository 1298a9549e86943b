// Divergences of rows whose logits are so large that their differences overflow: one logit at a
// time, at a quarter of their size, in double.
#pragma once

#include "logits/logits.hpp"

namespace pyinfo::logits {

// Whether q has a masked class that p has not.
bool leaves_out(const Rows& q, const Rows& p, std::size_t row) noexcept;

class ExtremeRows {
 public:
  ExtremeRows(const Rows& a, const Rows& b, std::size_t row, double inverse_temperature) noexcept;

  // False if one of them has no distribution.
  bool are_defined() const noexcept { return p_.is_defined() && q_.is_defined(); }

  // As the functions of logits.hpp have them, in nats; gradients times `factor`, which may be
  // written over the rows: to be asked for last.
  double kl() const noexcept;
  void kl_gradient(double factor, const Rows& out) const noexcept;
  double js(double weight_a, double weight_b) const noexcept;
  void js_gradient(double weight_a, double weight_b, double factor, const Rows& out) const noexcept;

 private:
  // ln p of a row.
  class LogSoftmax {
   public:
    LogSoftmax(const Rows& rows, std::size_t row, double inverse_temperature) noexcept;
    bool is_defined() const noexcept;
    double operator[](std::size_t i) const noexcept { return above_top(i) - log_sum_; }
    // ln p is 4 / temperature times the first, less the second.
    double quarter_above_top(std::size_t i) const noexcept;
    double log_sum() const noexcept { return log_sum_; }

   private:
    double above_top(std::size_t i) const noexcept {
      return 4 * inverse_temperature_ * quarter_above_top(i);
    }

    double (*element_)(const void*, std::size_t) noexcept;
    const void* x_;
    double inverse_temperature_;
    double quarter_top_;  // a NaN if a logit is one
    double log_sum_ = 0;
  };

  const Rows& a_;
  const Rows& b_;
  std::size_t row_;
  double inverse_temperature_;
  LogSoftmax p_, q_;
};

}  // namespace pyinfo::logits
