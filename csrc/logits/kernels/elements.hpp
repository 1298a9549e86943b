// Elements of logits in registers: loads, stores, and walks along rows. For kernel files.
#pragma once

#include <limits>

#include "logits/kernels/kernels.hpp"
#include "simd/math.hpp"

namespace pyinfo::logits {
namespace {

using simd::Bits;
using simd::kLanes;
using simd::splat;
using simd::Vec;
using simd::where_equal;
using simd::where_less;

template <class T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();

// Elements that are computed with as they are.
template <class Number>
struct Plain {
  using Stored = Number;
  using T = Number;
  static constexpr bool is_narrow = false;
  static constexpr Stored lowest() { return -kInfinity<T>; }
  static T widen(Stored x) { return x; }
  static Stored narrow(T x) { return x; }
  PYINFO_INLINE static Vec<T> load(const Stored* p) { return simd::load<T>(p); }
  PYINFO_INLINE static void store(Stored* p, Vec<T> x) { simd::store<T>(p, x); }
};

PYINFO_INLINE std::uint32_t float_bits(float x) {
  std::uint32_t b;
  PYINFO_COPY(&b, &x, sizeof b);
  return b;
}
PYINFO_INLINE float float_of_bits(std::uint32_t b) {
  float x;
  PYINFO_COPY(&x, &b, sizeof x);
  return x;
}

// Elements of 16 bits, widened to 32.
PYINFO_INLINE Bits<float> load_16(const std::uint16_t* p) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  return (Bits<float>)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i*)p));
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  return (Bits<float>)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i*)p));
#elif defined(__SSE2__) && !defined(PYINFO_ARRAY_VECTORS)
  return (Bits<float>)_mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i*)p), _mm_setzero_si128());
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
  return (Bits<float>)vmovl_u16(vld1_u16(p));
#else
  std::uint16_t lanes[kLanes<float>];
  PYINFO_COPY(lanes, p, sizeof lanes);
  Bits<float> b;
  for (int i = 0; i < kLanes<float>; ++i) b[i] = lanes[i];
  return b;
#endif
}
// The low halves of 32 bits.
PYINFO_INLINE void store_16(std::uint16_t* p, Bits<float> b) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  _mm256_storeu_si256((__m256i*)p, _mm512_cvtepi32_epi16((__m512i)b));
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  const __m256i packed = _mm256_packus_epi32((__m256i)b, (__m256i)b);
  _mm_storeu_si128((__m128i*)p, _mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 8)));
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
  vst1_u16(p, vmovn_u32((uint32x4_t)b));
#else
  std::uint16_t lanes[kLanes<float>];
  for (int i = 0; i < kLanes<float>; ++i) lanes[i] = std::uint16_t(b[i]);
  PYINFO_COPY(p, lanes, sizeof lanes);
#endif
}

struct Brain {  // bfloat16
  using Stored = std::uint16_t;
  using T = float;
  static constexpr bool is_narrow = true;
  static constexpr Stored lowest() { return 0xff80; }
  static T widen(Stored x) { return float_of_bits(std::uint32_t(x) << 16); }
  // To nearest, ties to even. The NaNs of arithmetic stay NaNs.
  static Stored narrow(T x) {
    const std::uint32_t b = float_bits(x);
    return Stored((b + 0x7fff + (b >> 16 & 1)) >> 16);
  }
  PYINFO_INLINE static Vec<T> load(const Stored* p) { return simd::from_bits<T>(load_16(p) << 16); }
  PYINFO_INLINE static void store(Stored* p, Vec<T> x) {
    const Bits<T> b = simd::bits<T>(x);
    store_16(p, (b + std::uint32_t(0x7fff) + ((b >> 16) & std::uint32_t(1))) >> 16);
  }
};

struct Half {  // float16
  using Stored = std::uint16_t;
  using T = float;
  static constexpr bool is_narrow = true;
  static constexpr Stored lowest() { return 0xfc00; }
  // Shifted into float's fields the exponent is 112 too small, which a multiplication mends.
  static T widen(Stored x) {
    const std::uint32_t magnitude = std::uint32_t(x & 0x7fff) << 13;
    const T value = (x & 0x7fff) >= 0x7c00 ? float_of_bits(magnitude | 0x7f800000)
                                           : float_of_bits(magnitude) * 0x1p112f;
    return (x & 0x8000) != 0 ? -value : value;
  }
  static Stored narrow(T x) {
    const std::uint32_t sign = float_bits(x) >> 16 & 0x8000;
    const std::uint32_t magnitude = float_bits(x) & 0x7fffffff;
    if (magnitude > 0x7f800000) return Stored(sign | 0x7e00);
    if (magnitude >= 0x477ff000) return Stored(sign | 0x7c00);  // rounds to 65536 or beyond
    if (magnitude < 0x38800000)  // subnormal: the sum has its last bit where the result has
      return Stored(sign | (float_bits(float_of_bits(magnitude) + 0.5f) - 0x3f000000));
    const std::uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return Stored(sign | ((rounded - 0x38000000) >> 13));
  }
  PYINFO_INLINE static Vec<T> load(const Stored* p) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p));
#elif defined(__F16C__) && !defined(PYINFO_ARRAY_VECTORS)
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p));
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
#else
    const Bits<T> h = load_16(p);
    const Bits<T> magnitude = (h & std::uint32_t(0x7fff)) << 13;
    const Vec<T> value = simd::from_bits<T>(magnitude) * splat<T>(0x1p112f);
    const Vec<T> special = simd::from_bits<T>(magnitude | std::uint32_t(0x7f800000));
    const Vec<T> chosen = where_less<T>(value, splat<T>(65536), value, special);
    return simd::from_bits<T>(simd::bits<T>(chosen) | ((h & std::uint32_t(0x8000)) << 16));
#endif
  }
  PYINFO_INLINE static void store(Stored* p, Vec<T> x) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
    _mm256_storeu_si256((__m256i*)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
#elif defined(__F16C__) && !defined(PYINFO_ARRAY_VECTORS)
    _mm_storeu_si128((__m128i*)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
    vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32(x)));
#else
    Stored lanes[kLanes<T>];
    for (int i = 0; i < kLanes<T>; ++i) lanes[i] = narrow(x[i]);
    PYINFO_COPY(p, lanes, sizeof lanes);
#endif
  }
};

template <class Stored>
PYINFO_INLINE Stored read(const Stored* p, std::size_t i) {  // of any alignment
  Stored x;
  PYINFO_COPY(&x, p + i, sizeof x);
  return x;
}

template <class T>
PYINFO_INLINE Vec<T> lane_numbers() {
  Vec<T> numbers;
  for (int i = 0; i < kLanes<T>; ++i) numbers[i] = T(i);
  return numbers;
}

// The first `count` < lanes elements, `fill` in the other lanes.
template <class E>
PYINFO_INLINE Vec<typename E::T> load_some(const typename E::Stored* p, std::size_t count,
                                           typename E::Stored fill) {
  using T = typename E::T;
  if constexpr (!E::is_narrow) {  // nothing has to pass through memory
    const Vec<T> first = simd::load_first<T>(p, int(count));
    return where_less<T>(lane_numbers<T>(), splat<T>(T(count)), first, splat<T>(fill));
  }
  typename E::Stored lanes[kLanes<typename E::T>];
  for (int i = 0; i < kLanes<typename E::T>; ++i) lanes[i] = fill;
  PYINFO_COPY(lanes, p, count * sizeof *p);
  return E::load(lanes);
}
template <class E>
PYINFO_INLINE void store_some(typename E::Stored* p, Vec<typename E::T> x, std::size_t count) {
  typename E::Stored lanes[kLanes<typename E::T>];
  E::store(lanes, x);
  PYINFO_COPY(p, lanes, count * sizeof *p);
}

// How many bytes ahead memory is asked for. Processors prefetch by themselves, but only to the end
// of a page; and the second pass over a row leaves them idle, whose next row can be on its way
// then.
constexpr std::size_t kAhead = 4096;
constexpr std::size_t kMostAhead = std::size_t{1} << 19;  // what a second-level cache holds
PYINFO_INLINE std::size_t next_row(std::size_t bytes) {
  return bytes <= kMostAhead ? bytes : kAhead;
}
// May be of what is beyond the array, which is never read.
template <std::size_t kBytes>
PYINFO_INLINE void prefetch(const void* p, std::size_t ahead) {
  const auto at = reinterpret_cast<std::uintptr_t>(p) + ahead;
  for (std::size_t line = 0; line < kBytes; line += 64)
    PYINFO_PREFETCH(reinterpret_cast<const void*>(at + line));
}

// step(register, first, count) along a row; beyond its end the last register is -inf.
template <class E, class Step>
PYINFO_INLINE void each_register(const typename E::Stored* x, std::size_t n, const Step& step) {
  constexpr std::size_t lanes = kLanes<typename E::T>;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) step(E::load(x + i), i, lanes);
  if (i < n) step(load_some<E>(x + i, n - i, E::lowest()), i, n - i);
}

// As above, storing what step returns.
template <class E, class Out, class Step>
PYINFO_INLINE void map_registers(const typename E::Stored* x, typename Out::Stored* out,
                                 std::size_t n, const Step& step) {
  constexpr std::size_t lanes = kLanes<typename E::T>;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) Out::store(out + i, step(E::load(x + i), i, lanes));
  if (i < n)
    store_some<Out>(out + i, step(load_some<E>(x + i, n - i, E::lowest()), i, n - i), n - i);
}

// A sum in double of registers of T: plain for float, compensated for double.
template <class T>
struct Total;
template <>
struct Total<float> {
  Vec<double> low = splat<double>(0), high = splat<double>(0);
  PYINFO_INLINE void add(Vec<float> x) {
    Vec<double> first, second;
    simd::widen(x, first, second);
    low += first;
    high += second;
  }
  PYINFO_INLINE double value() const {
    const Vec<double> both = low + high;
    double sum = 0;
    for (int i = 0; i < kLanes<double>; ++i) sum += both[i];
    return sum;
  }
};
template <>
struct Total<double> {
  Vec<double> sum = splat<double>(0), error = splat<double>(0);
  PYINFO_INLINE void add(Vec<double> x) {
    Vec<double> next, rest;
    simd::two_sum(sum, x, next, rest);
    sum = next;
    error += rest;
  }
  PYINFO_INLINE double value() const {
    double total = 0, rest = 0;
    for (int i = 0; i < kLanes<double>; ++i) {
      double next, lost;
      simd::two_sum<double>(total, sum[i], next, lost);
      total = next;
      rest += lost + error[i];
    }
    const double all = total + rest;
    return all == all ? all : total;  // infinities leave a NaN in the rest
  }
};

// Sums of terms(register, first, count, &sums) along a row, four registers at a time in T, groups
// in doubles. What is `ahead` of them is prefetched.
template <class E, int kSums, class Terms>
PYINFO_INLINE void sum_registers(const typename E::Stored* x, std::size_t n, std::size_t ahead,
                                 Total<typename E::T> (&totals)[kSums], const Terms& terms) {
  using T = typename E::T;
  constexpr std::size_t lanes = kLanes<T>;
  std::size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    prefetch<4 * lanes * sizeof *x>(x + i, ahead);
    Vec<T> group[kSums];
    terms(E::load(x + i), i, lanes, group);
    for (std::size_t k = 1; k < 4; ++k) {
      Vec<T> more[kSums];
      terms(E::load(x + i + k * lanes), i + k * lanes, lanes, more);
      for (int s = 0; s < kSums; ++s) group[s] += more[s];
    }
    for (int s = 0; s < kSums; ++s) totals[s].add(group[s]);
  }
  each_register<E>(x + i, n - i, [&](Vec<T> v, std::size_t at, std::size_t count) {
    Vec<T> rest[kSums];
    terms(v, i + at, count, rest);
    for (int s = 0; s < kSums; ++s) totals[s].add(rest[s]);
  });
}

}  // namespace
}  // namespace pyinfo::logits
