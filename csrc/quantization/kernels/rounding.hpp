// Rounding to integers on registers. For kernel files.
#pragma once

#include <cstdint>

#include "simd/math.hpp"

namespace pyinfo::quantization {
namespace {

using simd::Bits;
using simd::kLanes;
using simd::splat;
using simd::Vec;

// Adding it rounds to an integer, ties to even, and leaves that integer in the low bits.
template <class T>
constexpr T kRound = sizeof(T) == 8 ? T(6755399441055744.0) : T(12582912.0);
template <class T>
constexpr typename simd::UnsignedOf<T>::type kRoundBits =
    typename simd::UnsignedOf<T>::type(sizeof(T) == 8 ? 0x4338000000000000u : 0x4b400000u);

// |x| < 2^22.
template <class T>
PYINFO_INLINE Vec<T> round_even(Vec<T> x) {
  return (x + splat<T>(kRound<T>)) - splat<T>(kRound<T>);
}
template <class T>
PYINFO_INLINE Vec<T> round_down(Vec<T> x) {
  const Vec<T> r = round_even<T>(x);
  return simd::where_less<T>(x, r, r - splat<T>(1), r);
}

// The integer part of 0 <= x < 2^31, as bits.
PYINFO_INLINE Bits<float> integer_part(Vec<float> x) {
#ifdef PYINFO_ARRAY_VECTORS
  Bits<float> found;
  for (int i = 0; i < kLanes<float>; ++i) found[i] = std::uint32_t(x[i]);
  return found;
#else
  typedef std::int32_t Integers __attribute__((vector_size(sizeof(Vec<float>))));
  return (Bits<float>)__builtin_convertvector(x, Integers);
#endif
}

// Integers |x| < 2^22 plus another one, to memory.
template <class T>
PYINFO_INLINE void store_integers(std::int32_t* to, Vec<T> x, std::int32_t add) {
  using U = typename simd::UnsignedOf<T>::type;
  const Bits<T> b =
      simd::bits<T>(x + splat<T>(kRound<T>)) + U(U(std::int64_t(add)) - kRoundBits<T>);
  if constexpr (sizeof(T) == 4) {
    PYINFO_COPY(to, &b, sizeof b);
  } else {
    for (int i = 0; i < kLanes<T>; ++i) to[i] = std::int32_t(std::uint32_t(b[i]));
  }
}

// step(register, first, count) along a block; lanes beyond its end are 0.
template <class T, class Step>
PYINFO_INLINE void each_register(const T* x, std::size_t n, const Step& step) {
  constexpr std::size_t lanes = kLanes<T>;
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) step(simd::load<T>(x + i), i, int(lanes));
  if (i < n) step(simd::load_first<T>(x + i, int(n - i)), i, int(n - i));
}

}  // namespace
}  // namespace pyinfo::quantization
