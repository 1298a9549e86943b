// What the kernels find out about a row of logits, and the tables through which they are reached.
//
// Rows are contiguous, of one of the first four elements: float64, float32, float16, bfloat16. They
// need not be aligned. Float64 is computed in double, the others in float; sums are doubles.
#pragma once

#include <cstddef>

#include "simd/dispatch.hpp"

namespace pyinfo::logits {

inline constexpr std::size_t kRowElements = 4;
inline constexpr std::size_t kNowhere = std::size_t(-1);

// What exponentials are relative to: e^(x - origin) with origin = shift + steps ln 2. Steps cost no
// accuracy, which is why small origins have no shift.
struct Origin {
  double shift = 0;
  int steps = 0;
};

// x - origin, and the origin itself.
double above(double x, const Origin& origin) noexcept;
double value_of(const Origin& origin) noexcept;

// The largest element, NaNs passed over, and where it is first; -inf and kNowhere if all are.
struct Largest {
  double value;
  std::size_t index;
};

// The sum of e^(x - origin): infinite if +inf is among the elements, a NaN if a NaN is, and 0 with
// an unspecified origin if all are -inf.
struct SoftmaxSum {
  Origin origin;
  double sum;
};

// Sums of u = e^y and -u y, y = (x - top) / temperature, over all elements but that at `index`.
// None may be larger than `top`.
struct Spread {
  double top;
  std::size_t index;
  double inverse_temperature;
  double rest;
  double moment;
};

// Sums of t (reference - x) and of t: t is 1 for every logit that is not -inf, or the target, of
// which 0 times infinity is 0.
struct TargetSums {
  double distance;
  double weight;
};

// gradient = factor e^(x - origin) - share - target; the share only where x is not -inf.
struct GradientRow {
  Origin origin;
  double factor;
  double share;
  const void* target;  // as many as logits, of the type that is computed in; may be null
};

// gradient = -factor u (y + offset), as in Spread.
struct EntropyGradient {
  double top;
  double inverse_temperature;
  double factor;
  double offset;
};

struct RowKernels {
  Largest (*largest)(const void* x, std::size_t n) noexcept;
  double (*element)(const void* x, std::size_t i) noexcept;
  void (*set_element)(void* x, std::size_t i, double value) noexcept;
  // Leaves out the element at `skip`.
  void (*softmax_sum)(const void* x, std::size_t n, std::size_t skip, SoftmaxSum&) noexcept;
  void (*spread)(const void* x, std::size_t n, Spread&) noexcept;
  void (*target_sums)(const void* x, std::size_t n, const void* target, double reference,
                      TargetSums&) noexcept;
  // `out` may be x.
  void (*gradient)(const void* x, void* out, std::size_t n, const GradientRow&) noexcept;
  void (*entropy_gradient)(const void* x, void* out, std::size_t n,
                           const EntropyGradient&) noexcept;
  // x - (high + low), in the type that is computed in.
  void (*log_softmax)(const void* x, void* out, std::size_t n, double high, double low) noexcept;
};
struct LogitKernels {
  RowKernels of[kRowElements];
};
const LogitKernels& logit_kernels(simd::Isa isa) noexcept;

// Two rows and the constants between them: with k = 1 / temperature and any c,
//   u = e^(k (a - a_origin)), e = k (a - b - c), v = u e^-e = e^(k (b - a_origin + c)).
struct Pair {
  const void* a;
  const void* b;
  std::size_t n;
  double a_origin;
  double center;
  double center_rest;
  double inverse_temperature;
};

// The sums of u, v - u and u (e^-e - 1 + e), each term of which is at least 0.
struct PairSums {
  double u;
  double excess;
  double bregman;
};

// With m = w_a u + w_b v and x phi(x / m) = x ln(x / m) - x + m >= 0: the sums of
// w_a u phi(u / m) + w_b v phi(v / m), and of v phi(v / m).
struct MixtureSums {
  double divergence;
  double of_b;
};

struct PairKernels {
  void (*sums)(const Pair&, PairSums&) noexcept;
  void (*mixture)(const Pair&, double weight_a, double weight_b, MixtureSums&) noexcept;
  // factor (v - u); `out` may be a or b.
  void (*kl_gradient)(const Pair&, double factor, void* out) noexcept;
  // factor v (ln(v / m) - offset)
  void (*js_gradient)(const Pair&, double weight_a, double weight_b, double factor, double offset,
                      void* out) noexcept;
};
struct LogitPairKernels {
  PairKernels of[kRowElements];
};
const LogitPairKernels& logit_pair_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::logits
