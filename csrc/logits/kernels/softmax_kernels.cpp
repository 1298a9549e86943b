// Sums and gradients of the softmax of one row of logits. Compiled once per ISA.
#include "logits/kernels/exponential.hpp"

namespace pyinfo::logits {
namespace {

// ---- the largest element

template <class E>
PYINFO_INLINE typename E::T largest_value(const typename E::Stored* x, std::size_t n) {
  using T = typename E::T;
  constexpr std::size_t lanes = kLanes<T>;
  Vec<T> of[4];
  for (auto& most : of) most = splat<T>(-kInfinity<T>);
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    prefetch<4 * lanes * sizeof *x>(x + i, kAhead);
    for (std::size_t k = 0; k < 4; ++k)  // a NaN leaves them
      of[k] = simd::maximum<T>(E::load(x + i + k * lanes), of[k]);
  }
  each_register<E>(x + i, n - i,
                   [&](Vec<T> v, std::size_t, std::size_t) { of[0] = simd::maximum<T>(v, of[0]); });
  const Vec<T> most =
      simd::maximum<T>(simd::maximum<T>(of[0], of[1]), simd::maximum<T>(of[2], of[3]));
  T value = most[0];
  for (int k = 1; k < kLanes<T>; ++k) value = most[k] > value ? most[k] : value;
  return value;
}

// Whether four registers of elements are less than a value or no numbers.
template <class E>
PYINFO_INLINE bool all_below(const typename E::Stored* x, typename E::T value) {
  using T = typename E::T;
  Vec<T> most = splat<T>(-kInfinity<T>);
  for (int k = 0; k < 4; ++k) most = simd::maximum<T>(E::load(x + k * kLanes<T>), most);
  return simd::all_less<T>(most, splat<T>(value));
}

constexpr std::size_t kBlock = 1024;

template <class E>
Largest largest(const void* row, std::size_t n) noexcept {
  using T = typename E::T;
  const auto* const x = static_cast<const typename E::Stored*>(row);
  T value = -kInfinity<T>;
  std::size_t block = kNowhere;
  for (std::size_t at = 0; at < n; at += kBlock) {
    const T found = largest_value<E>(x + at, n - at < kBlock ? n - at : kBlock);
    if (found > value) {
      value = found;
      block = at;
    }
  }
  if (block == kNowhere) return {double(value), kNowhere};
  // It is there, unless the row has been written to meanwhile.
  constexpr std::size_t group = 4 * kLanes<T>;
  const std::size_t last = (n - block < kBlock ? n : block + kBlock) - 1;
  std::size_t i = block;
  while (last - i >= group && all_below<E>(x + i, value)) i += group;
  while (i < last && E::widen(read(x, i)) != value) ++i;
  return {double(value), i};
}

// ---- sums of exponentials

// What ends a search for an origin: +inf, or a NaN, which is the whole row's sum then.
template <class E>
double endless_sum(const typename E::Stored* x, std::size_t n, std::size_t skip) {
  using T = typename E::T;
  for (std::size_t i = 0; i < n; ++i) {
    const T value = E::widen(read(x, i));
    if (value != value && i != skip) return double(value);
  }
  return double(kInfinity<T>);
}

template <class E>
PYINFO_INLINE bool has_nan(const typename E::Stored* x, std::size_t n) {
  bool found = false;
  for (std::size_t i = 0; i < n; ++i) {
    const typename E::T value = E::widen(read(x, i));
    found = found || value != value;
  }
  return found;
}

// Where the origin of a block's exponentials is put; false if it has none, and then `sum` says why.
template <class E>
bool find_origin(const typename E::Stored* x, std::size_t n, Origin& origin, double& sum) {
  using T = typename E::T;
  constexpr std::size_t probe = 64;
  T most = largest_value<E>(x, n < probe ? n : probe);
  if (!(most > -kInfinity<T>)) most = largest_value<E>(x, n);
  sum = 0;
  if (most > -kInfinity<T> && most < kInfinity<T>) {
    origin = origin_near<T>(double(most));
    return true;
  }
  if (most == kInfinity<T>) sum = double(most);
  return false;
}

// The sum of a block, of which the element at `skip` may be left out.
template <class E>
PYINFO_INLINE double block_sum(const typename E::Stored* x, std::size_t n, std::size_t skip,
                               const Origin& origin) {
  using T = typename E::T;
  using Stored = typename E::Stored;
  constexpr std::size_t lanes = kLanes<T>;
  constexpr std::size_t group = 8 * lanes;
  const Exponential<T> exponential(origin.steps);
  const Vec<T> shift = splat<T>(T(origin.shift));
  Total<T> total;
  const auto at = [&](const Stored* p) { return exponential(E::load(p) - shift); };
  const auto of_four = [&](const Stored* p) {
    return (at(p) + at(p + lanes)) + (at(p + 2 * lanes) + at(p + 3 * lanes));
  };
  const auto of_group = [&](const Stored* p) { return of_four(p) + of_four(p + 4 * lanes); };
  Stored patched[group];
  std::size_t i = 0;
  for (; i + group <= n; i += group) {
    const Stored* p = x + i;
    prefetch<group * sizeof(Stored)>(p, kAhead);
    if (skip - i < group) {  // wraps where it is before
      PYINFO_COPY(patched, p, sizeof patched);
      patched[skip - i] = E::lowest();
      p = patched;
    }
    total.add(of_group(p));
  }
  const auto at_end = [&](std::size_t k) {
    const std::size_t left = n - k, place = skip - k;
    const Vec<T> v = left >= lanes ? E::load(x + k) : load_some<E>(x + k, left, E::lowest());
    const Vec<T> skipped = splat<T>(T(place < lanes ? place : lanes));
    const Vec<T> kept = where_equal<T>(lane_numbers<T>(), skipped, splat<T>(-kInfinity<T>), v);
    return exponential(kept - shift);
  };
  for (; n - i > 3 * lanes && i < n; i += 4 * lanes)
    total.add((at_end(i) + at_end(i + lanes)) + (at_end(i + 2 * lanes) + at_end(i + 3 * lanes)));
  for (; i < n; i += lanes) total.add(at_end(i));
  return total.value();
}

template <class E>
void softmax_sum(const void* row, std::size_t n, std::size_t skip, SoftmaxSum& out) noexcept {
  using T = typename E::T;
  const auto* const x = static_cast<const typename E::Stored*>(row);
  bool known = false;
  double sum = 0, rest = 0;
  out.origin = {};
  for (std::size_t first = 0; first < n; first += kBlock) {
    const std::size_t count = n - first < kBlock ? n - first : kBlock;
    const auto* const p = x + first;
    if (!known) {
      known = find_origin<E>(p, count, out.origin, out.sum);
      if (!known) {
        if (out.sum != 0) {
          out.sum = endless_sum<E>(x, n, skip);
          return;
        }
        if (has_nan<E>(p, count)) {
          out.sum = std::numeric_limits<double>::quiet_NaN();
          return;
        }
        continue;
      }
    }
    double of_block = block_sum<E>(p, count, skip - first, out.origin);
    if (of_block > kOverflow<T>) {  // rare: all that is summed so far moves to another origin
      const Origin old = out.origin;
      const T most = largest_value<E>(p, count);
      if (most == kInfinity<T>) {
        out.sum = endless_sum<E>(x, n, skip);
        return;
      }
      out.origin = origin_near<T>(double(most));
      // Both are at most e^-60 of the block's sum: their place need not be exact.
      const double move = (old.shift - out.origin.shift) +
                          double(old.steps - out.origin.steps) * simd::kLn2<double>;
      const Vec<double> scale = Exponential<double>()(splat<double>(move));
      sum *= scale[0];
      rest *= scale[0];
      of_block = block_sum<E>(p, count, skip - first, out.origin);
    }
    double next, lost;
    simd::two_sum<double>(sum, of_block, next, lost);
    sum = next;
    rest += lost;
  }
  const double all = sum + rest;
  out.sum = all == all ? all : sum;
}

template <class E>
void spread(const void* row, std::size_t n, Spread& found) noexcept {
  using T = typename E::T;
  const auto* const x = static_cast<const typename E::Stored*>(row);
  const Exponential<T> exponential;
  const Vec<T> top = splat<T>(T(found.top));
  const Vec<T> k = splat<T>(T(found.inverse_temperature));
  const auto terms = [&](Vec<T> v, std::size_t, std::size_t, Vec<T>(&sums)[2]) {
    const Vec<T> y = (v - top) * k;
    sums[0] = exponential(y);
    sums[1] = sums[0] * simd::minimum<T>(splat<T>(T(1000)), splat<T>(0) - y);
  };
  const std::size_t ahead = next_row(n * sizeof *x);
  Total<T> totals[2];
  if (found.index == kNowhere) {
    sum_registers<E>(x, n, ahead, totals, terms);
  } else {
    // In registers around that of the element, and that one without it.
    constexpr std::size_t lanes = kLanes<T>;
    const std::size_t before = found.index / lanes * lanes;
    const std::size_t count = n - before < lanes ? n - before : lanes;
    sum_registers<E>(x, before, ahead, totals, terms);
    typename E::Stored patched[lanes];
    for (auto& element : patched) element = E::lowest();
    PYINFO_COPY(patched, x + before, count * sizeof *x);
    patched[found.index - before] = E::lowest();
    sum_registers<E>(patched, lanes, 0, totals, terms);
    sum_registers<E>(x + before + count, n - before - count, ahead, totals, terms);
  }
  found.rest = totals[0].value();
  found.moment = totals[1].value();
}

// ---- what depends on targets

template <class E>
void target_sums(const void* row, std::size_t n, const void* targets, double reference,
                 TargetSums& out) noexcept {
  using T = typename E::T;
  const auto* const x = static_cast<const typename E::Stored*>(row);
  const auto* const target = static_cast<const T*>(targets);
  const Vec<T> from = splat<T>(T(reference));
  const Vec<T> zero = splat<T>(0), one = splat<T>(1), masked = splat<T>(-kInfinity<T>);
  Total<T> totals[2];
  sum_registers<E>(x, n, kAhead, totals,
                   [&](Vec<T> v, std::size_t i, std::size_t count, Vec<T>(&sums)[2]) {
                     Vec<T> t;
                     if (target == nullptr)
                       t = where_equal<T>(v, masked, zero, one);
                     else
                       t = count == kLanes<T> ? simd::load<T>(target + i)
                                              : simd::load_first<T>(target + i, int(count));
                     sums[0] = where_equal<T>(t, zero, zero, t * (from - v));
                     sums[1] = t;
                   });
  out.distance = totals[0].value();
  out.weight = totals[1].value();
}

// ---- gradients

template <class E>
void gradient(const void* row, void* to, std::size_t n, const GradientRow& of) noexcept {
  using T = typename E::T;
  const auto* const x = static_cast<const typename E::Stored*>(row);
  const auto* const target = static_cast<const T*>(of.target);
  const Exponential<T> exponential(of.origin.steps);
  const Vec<T> shift = splat<T>(T(of.origin.shift));
  const Vec<T> factor = splat<T>(T(of.factor));
  const Vec<T> share = splat<T>(T(of.share));
  const Vec<T> zero = splat<T>(0), masked = splat<T>(-kInfinity<T>);
  const auto run = [&](const auto& rest) {
    map_registers<E, E>(x, static_cast<typename E::Stored*>(to), n,
                        [&](Vec<T> v, std::size_t i, std::size_t count) {
                          return rest(factor * exponential(v - shift), v, i, count);
                        });
  };
  if (target != nullptr) {
    run([&](Vec<T> p, Vec<T>, std::size_t i, std::size_t count) {
      return p - (count == kLanes<T> ? simd::load<T>(target + i)
                                     : simd::load_first<T>(target + i, int(count)));
    });
  } else if (of.share != 0) {
    run([&](Vec<T> p, Vec<T> v, std::size_t, std::size_t) {
      return p - where_equal<T>(v, masked, zero, share);
    });
  } else {
    run([&](Vec<T> p, Vec<T>, std::size_t, std::size_t) { return p; });
  }
}

template <class E>
void entropy_gradient(const void* row, void* to, std::size_t n,
                      const EntropyGradient& of) noexcept {
  using T = typename E::T;
  const auto* const x = static_cast<const typename E::Stored*>(row);
  const Exponential<T> exponential;
  const Vec<T> top = splat<T>(T(of.top));
  const Vec<T> k = splat<T>(T(of.inverse_temperature));
  const Vec<T> factor = splat<T>(T(-of.factor));
  const Vec<T> offset = splat<T>(T(of.offset));
  map_registers<E, E>(
      x, static_cast<typename E::Stored*>(to), n, [&](Vec<T> v, std::size_t, std::size_t) {
        const Vec<T> y = (v - top) * k;
        return factor * exponential(y) * (simd::maximum<T>(splat<T>(-1000), y) + offset);
      });
}

template <class E>
void log_softmax(const void* row, void* to, std::size_t n, double high, double low) noexcept {
  using T = typename E::T;
  const Vec<T> first = splat<T>(T(high)), second = splat<T>(T(low));
  map_registers<E, Plain<T>>(
      static_cast<const typename E::Stored*>(row), static_cast<T*>(to), n,
      [&](Vec<T> v, std::size_t, std::size_t) { return (v - first) - second; });
}

// ---- single elements

template <class E>
double element(const void* row, std::size_t i) noexcept {
  return double(E::widen(read(static_cast<const typename E::Stored*>(row), i)));
}

template <class E>
void set_element(void* row, std::size_t i, double value) noexcept {
  const typename E::Stored x = E::narrow(typename E::T(value));
  PYINFO_COPY(static_cast<typename E::Stored*>(row) + i, &x, sizeof x);
}

template <class E>
constexpr RowKernels kRowKernels = {largest<E>,     element<E>,          set_element<E>,
                                    softmax_sum<E>, spread<E>,           target_sums<E>,
                                    gradient<E>,    entropy_gradient<E>, log_softmax<E>};

}  // namespace

extern const LogitKernels PYINFO_TABLE(logit_kernels);
const LogitKernels PYINFO_TABLE(logit_kernels) = {
    {kRowKernels<Plain<double>>, kRowKernels<Plain<float>>, kRowKernels<Half>, kRowKernels<Brain>}};

}  // namespace pyinfo::logits
