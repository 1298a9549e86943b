// The vector vocabulary that kernels are written in: one native register of T, whatever the ISA.
//
// Included by kernel files only, which are compiled once per instruction set: everything here lives
// in an anonymous namespace, so that no object can lend its code to another (architecture, rule 3).
// Arithmetic uses the compiler's vector extensions; intrinsics stand where those say it badly.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/assert.hpp"
#include "simd/kernel_file.hpp"

#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(PYINFO_NEON)
#include <arm_neon.h>
#endif
#if !defined(__GNUC__) || defined(PYINFO_NO_VECTOR_EXTENSIONS)
#define PYINFO_ARRAY_VECTORS 1
#include <cmath>
#elif defined(__FMA__) || defined(PYINFO_NEON)
#define PYINFO_FUSED 1  // multiply_add() rounds once
#endif

namespace pyinfo::simd {
namespace {

#if defined(__AVX512F__) && defined(__AVX512DQ__)
constexpr int kRegisterBytes = 64;
#elif defined(__AVX2__)
constexpr int kRegisterBytes = 32;
#else
constexpr int kRegisterBytes = 16;
#endif

template <class T>
constexpr int kLanes = kRegisterBytes / int(sizeof(T));

template <class T>
struct UnsignedOf;
template <>
struct UnsignedOf<double> {
  using type = std::uint64_t;
};
template <>
struct UnsignedOf<float> {
  using type = std::uint32_t;
};

#ifndef PYINFO_ARRAY_VECTORS

template <class T>
struct Native;
template <>
struct Native<double> {
  typedef double vec __attribute__((vector_size(kRegisterBytes)));
  typedef std::uint64_t bits __attribute__((vector_size(kRegisterBytes)));
};
template <>
struct Native<float> {
  typedef float vec __attribute__((vector_size(kRegisterBytes)));
  typedef std::uint32_t bits __attribute__((vector_size(kRegisterBytes)));
};

template <class T>
using Vec = typename Native<T>::vec;
template <class T>
using Bits = typename Native<T>::bits;

// Subtracting 0 changes nothing, adding it would a negative zero: compilers leave out the first.
template <class T>
PYINFO_INLINE Vec<T> splat(T x) {
  return x - Vec<T>{};
}
template <class T>
PYINFO_INLINE Bits<T> bits(Vec<T> v) {
  return (Bits<T>)v;
}
template <class T>
PYINFO_INLINE Vec<T> from_bits(Bits<T> b) {
  return (Vec<T>)b;
}
template <class T>
PYINFO_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  PYINFO_COPY(&v, p, sizeof v);
  return v;
}
template <class T>
PYINFO_INLINE void store(T* p, Vec<T> v) {
  PYINFO_COPY(p, &v, sizeof v);
}
// a == b ? x : y, lane by lane; likewise a < b.
template <class T>
PYINFO_INLINE Vec<T> where_equal(Vec<T> a, Vec<T> b, Vec<T> x, Vec<T> y) {
  return a == b ? x : y;
}
template <class T>
PYINFO_INLINE Vec<T> where_less(Vec<T> a, Vec<T> b, Vec<T> x, Vec<T> y) {
  return a < b ? x : y;
}

#else  // a compiler without vector extensions: arrays, which it may or may not vectorise

template <class E, int N>
struct ArrayVector {
  E lane[N];
  E operator[](int i) const { return lane[i]; }
  E& operator[](int i) { return lane[i]; }
};

#define PYINFO_ARRAY_OPERATOR(op)                                                     \
  template <class E, int N>                                                           \
  PYINFO_INLINE ArrayVector<E, N> operator op(ArrayVector<E, N> a, ArrayVector<E, N> b) { \
    for (int i = 0; i < N; ++i) a.lane[i] = E(a.lane[i] op b.lane[i]);                \
    return a;                                                                         \
  }                                                                                   \
  template <class E, int N>                                                           \
  PYINFO_INLINE ArrayVector<E, N> operator op(ArrayVector<E, N> a, E b) {             \
    for (int i = 0; i < N; ++i) a.lane[i] = E(a.lane[i] op b);                        \
    return a;                                                                         \
  }
PYINFO_ARRAY_OPERATOR(+)
PYINFO_ARRAY_OPERATOR(-)
PYINFO_ARRAY_OPERATOR(*)
PYINFO_ARRAY_OPERATOR(/)
PYINFO_ARRAY_OPERATOR(&)
PYINFO_ARRAY_OPERATOR(|)
PYINFO_ARRAY_OPERATOR(^)
#undef PYINFO_ARRAY_OPERATOR
template <class E, int N>
PYINFO_INLINE ArrayVector<E, N> operator>>(ArrayVector<E, N> a, int count) {
  for (int i = 0; i < N; ++i) a.lane[i] >>= count;
  return a;
}
template <class E, int N>
PYINFO_INLINE ArrayVector<E, N> operator<<(ArrayVector<E, N> a, int count) {
  for (int i = 0; i < N; ++i) a.lane[i] <<= count;
  return a;
}
template <class V, class W>
PYINFO_INLINE V& operator+=(V& a, W b) {
  return a = a + b;
}

template <class T>
using Vec = ArrayVector<T, kLanes<T>>;
template <class T>
using Bits = ArrayVector<typename UnsignedOf<T>::type, kLanes<T>>;

template <class T>
PYINFO_INLINE Vec<T> splat(T x) {
  Vec<T> v;
  for (int i = 0; i < kLanes<T>; ++i) v.lane[i] = x;
  return v;
}
template <class T>
PYINFO_INLINE Bits<T> bits(Vec<T> v) {
  Bits<T> b;
  PYINFO_COPY(&b, &v, sizeof b);
  return b;
}
template <class T>
PYINFO_INLINE Vec<T> from_bits(Bits<T> b) {
  Vec<T> v;
  PYINFO_COPY(&v, &b, sizeof v);
  return v;
}
template <class T>
PYINFO_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  PYINFO_COPY(&v, p, sizeof v);
  return v;
}
template <class T>
PYINFO_INLINE void store(T* p, Vec<T> v) {
  PYINFO_COPY(p, &v, sizeof v);
}
template <class T>
PYINFO_INLINE Vec<T> where_equal(Vec<T> a, Vec<T> b, Vec<T> x, Vec<T> y) {
  for (int i = 0; i < kLanes<T>; ++i) a.lane[i] = a.lane[i] == b.lane[i] ? x.lane[i] : y.lane[i];
  return a;
}
template <class T>
PYINFO_INLINE Vec<T> where_less(Vec<T> a, Vec<T> b, Vec<T> x, Vec<T> y) {
  for (int i = 0; i < kLanes<T>; ++i) a.lane[i] = a.lane[i] < b.lane[i] ? x.lane[i] : y.lane[i];
  return a;
}

#endif

// The first `count` lanes from memory, zero in the others; count in 1 .. lanes. Reads no further.
template <class T>
PYINFO_INLINE Vec<T> load_first(const T* p, int count) {
  PYINFO_ASSERT(count >= 1 && count <= kLanes<T>);
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm512_maskz_loadu_pd(__mmask8((1u << count) - 1), p);
  else
    return _mm512_maskz_loadu_ps(__mmask16((1u << count) - 1), p);
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  static constexpr std::int32_t ramp[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
  const __m256i mask =
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ramp + 8 - count * int(sizeof(T) / 4)));
  if constexpr (sizeof(T) == 8)
    return _mm256_maskload_pd(p, mask);
  else
    return _mm256_maskload_ps(p, mask);
#else
  T lanes[kLanes<T>] = {};
  for (int i = 0; i < count; ++i) PYINFO_COPY(lanes + i, p + i, sizeof(T));  // of any alignment
  return load<T>(lanes);
#endif
}

// The first `count` lanes to memory; count in 1 .. lanes. Writes no further.
template <class T>
PYINFO_INLINE void store_first(T* p, Vec<T> v, int count) {
  PYINFO_ASSERT(count >= 1 && count <= kLanes<T>);
  T lanes[kLanes<T>];
  store<T>(lanes, v);
  for (int i = 0; i < count; ++i) PYINFO_COPY(p + i, lanes + i, sizeof(T));
}

// a * b + c; rounded once where the instruction set has that, twice elsewhere.
template <class T>
PYINFO_INLINE Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm512_fmadd_pd(a, b, c);
  else
    return _mm512_fmadd_ps(a, b, c);
#elif defined(__FMA__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm256_fmadd_pd(a, b, c);
  else
    return _mm256_fmadd_ps(a, b, c);
#elif defined(PYINFO_FUSED)
  if constexpr (sizeof(T) == 8)
    return vfmaq_f64(c, a, b);
  else
    return vfmaq_f32(c, a, b);
#else
  return a * b + c;
#endif
}

// min(x, bound) and max(x, bound): a NaN in x gives `bound`, so trackers of extremes survive it.
template <class T>
PYINFO_INLINE Vec<T> minimum(Vec<T> x, Vec<T> bound) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm512_min_pd(x, bound);
  else
    return _mm512_min_ps(x, bound);
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm256_min_pd(x, bound);
  else
    return _mm256_min_ps(x, bound);
#elif defined(__SSE2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm_min_pd(x, bound);
  else
    return _mm_min_ps(x, bound);
#else
  return where_less<T>(x, bound, x, bound);
#endif
}
template <class T>
PYINFO_INLINE Vec<T> maximum(Vec<T> x, Vec<T> bound) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm512_max_pd(x, bound);
  else
    return _mm512_max_ps(x, bound);
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm256_max_pd(x, bound);
  else
    return _mm256_max_ps(x, bound);
#elif defined(__SSE2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm_max_pd(x, bound);
  else
    return _mm_max_ps(x, bound);
#else
  return where_less<T>(bound, x, x, bound);
#endif
}

template <class T>
PYINFO_INLINE Vec<T> square_root(Vec<T> x) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm512_sqrt_pd(x);
  else
    return _mm512_sqrt_ps(x);
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm256_sqrt_pd(x);
  else
    return _mm256_sqrt_ps(x);
#elif defined(__SSE2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm_sqrt_pd(x);
  else
    return _mm_sqrt_ps(x);
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return vsqrtq_f64(x);
  else
    return vsqrtq_f32(x);
#elif defined(PYINFO_ARRAY_VECTORS)
  for (int i = 0; i < kLanes<T>; ++i) x[i] = std::sqrt(x[i]);
  return x;
#else
  for (int i = 0; i < kLanes<T>; ++i)
    x[i] = sizeof(T) == 8 ? T(__builtin_sqrt(x[i])) : T(__builtin_sqrtf(float(x[i])));
  return x;
#endif
}

template <class T>
PYINFO_INLINE Vec<T> absolute(Vec<T> x) {
  using U = typename UnsignedOf<T>::type;
  return from_bits<T>(bits<T>(x) & U(U(~U(0)) >> 1));
}

// Whether a < b in every lane; not so where one is a NaN.
template <class T>
PYINFO_INLINE bool all_less(Vec<T> a, Vec<T> b) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ) == 0xff;
  else
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ) == 0xffff;
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_LT_OQ)) == 0xf;
  else
    return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_LT_OQ)) == 0xff;
#elif defined(__SSE2__) && !defined(PYINFO_ARRAY_VECTORS)
  if constexpr (sizeof(T) == 8)
    return _mm_movemask_pd(_mm_cmplt_pd(a, b)) == 0x3;
  else
    return _mm_movemask_ps(_mm_cmplt_ps(a, b)) == 0xf;
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
  return vminvq_u32((uint32x4_t)(a < b)) != 0;
#else
  bool all = true;
  for (int i = 0; i < kLanes<T>; ++i) all = all && a[i] < b[i];
  return all;
#endif
}

// The two halves of a float register as doubles.
PYINFO_INLINE void widen(Vec<float> v, Vec<double>& low, Vec<double>& high) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
  high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
  high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
#elif defined(__SSE2__) && !defined(PYINFO_ARRAY_VECTORS)
  low = _mm_cvtps_pd(v);
  high = _mm_cvtps_pd(_mm_movehl_ps(v, v));
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
  low = vcvt_f64_f32(vget_low_f32(v));
  high = vcvt_high_f64_f32(v);
#else
  for (int i = 0; i < kLanes<double>; ++i) {
    low[i] = double(v[i]);
    high[i] = double(v[i + kLanes<double>]);
  }
#endif
}

// Lane i of the result is lane (i + distance) mod lanes.
template <class T, int distance>
PYINFO_INLINE Vec<T> rotate(Vec<T> v) {
#if defined(PYINFO_ARRAY_VECTORS)
  Vec<T> r;
  for (int i = 0; i < kLanes<T>; ++i) r[i] = v[(i + distance) % kLanes<T>];
  return r;
#else
  Bits<T> index;
  for (int i = 0; i < kLanes<T>; ++i)
    index[i] = typename UnsignedOf<T>::type((i + distance) % kLanes<T>);
#if defined(__clang__)
  Vec<T> r;
  for (int i = 0; i < kLanes<T>; ++i) r[i] = v[index[i]];
  return r;
#else
  return __builtin_shuffle(v, index);
#endif
#endif
}

// sum + error == a + b exactly (Knuth); works on registers and on scalars.
template <class V>
PYINFO_INLINE void two_sum(V a, V b, V& sum, V& error) {
  sum = a + b;
  const V virtual_b = sum - a;
  error = (a - (sum - virtual_b)) + (b - virtual_b);
}

// product + error == a * b exactly: by fused multiply-add, or Dekker's splitting without it.
template <class T>
PYINFO_INLINE void two_product(Vec<T> a, Vec<T> b, Vec<T>& product, Vec<T>& error) {
  product = a * b;
#ifdef PYINFO_FUSED
  error = multiply_add<T>(a, b, splat<T>(0) - product);
#else
  const T splitter = sizeof(T) == 8 ? T(134217729) : T(4097);
  const Vec<T> a_big = a * splitter;
  const Vec<T> a_high = a_big - (a_big - a);
  const Vec<T> a_low = a - a_high;
  const Vec<T> b_big = b * splitter;
  const Vec<T> b_high = b_big - (b_big - b);
  const Vec<T> b_low = b - b_high;
  error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
#endif
}

}  // namespace
}  // namespace pyinfo::simd
