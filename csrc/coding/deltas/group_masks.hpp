// Groups of 64 elements as masks of 64 bits, for step_kernels.cpp: which differ, which are at least
// so large without their sign.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/kernel_file.hpp"

#if defined(__SSE4_2__) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(PYINFO_NEON)
#include <arm_neon.h>
#endif
#if defined(_MSC_VER)
#include <intrin.h>
#endif

namespace pyinfo::coding {
namespace {

// -- Bits of a mask -------------------------------------------------------------------------------

PYINFO_INLINE unsigned count_bits(std::uint64_t x) {
#if defined(__POPCNT__) || (defined(_MSC_VER) && defined(__AVX2__))
  return unsigned(_mm_popcnt_u64(x));
#elif defined(PYINFO_NEON)
  return vaddv_u8(vcnt_u8(vcreate_u8(x)));
#else
  x -= x >> 1 & 0x5555555555555555;
  x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
  x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
  return unsigned(x * 0x0101010101010101 >> 56);
#endif
}

PYINFO_INLINE unsigned lowest_bit(std::uint64_t x) {
#if defined(_MSC_VER)
  unsigned long at = 0;
  _BitScanForward64(&at, x);
  return unsigned(at);
#else
  return unsigned(__builtin_ctzll(x));
#endif
}

// The bits of x where the mask is set, next to each other; and the way back.
PYINFO_INLINE std::uint64_t gather_bits(std::uint64_t x, std::uint64_t mask) {
#if defined(__BMI2__) || (defined(_MSC_VER) && defined(__AVX2__))
  return _pext_u64(x, mask);
#else
  if (mask == ~std::uint64_t{0}) return x;
  std::uint64_t gathered = 0;
  for (x &= mask; x != 0; x &= x - 1) {
    gathered |= std::uint64_t{1} << count_bits(mask & ((x & (0 - x)) - 1));
  }
  return gathered;
#endif
}
PYINFO_INLINE std::uint64_t scatter_bits(std::uint64_t x, std::uint64_t mask) {
#if defined(__BMI2__) || (defined(_MSC_VER) && defined(__AVX2__))
  return _pdep_u64(x, mask);
#else
  if (mask == ~std::uint64_t{0}) return x;
  std::uint64_t scattered = 0;
  for (; mask != 0 && x != 0; mask &= mask - 1, x >>= 1) {
    scattered |= (x & 1) != 0 ? mask & (0 - mask) : 0;
  }
  return scattered;
#endif
}

// -- Masks of elements ----------------------------------------------------------------------------

template <class T>
struct SignedOf;
template <>
struct SignedOf<std::uint8_t> {
  using type = std::int8_t;
};
template <>
struct SignedOf<std::uint16_t> {
  using type = std::int16_t;
};
template <>
struct SignedOf<std::uint32_t> {
  using type = std::int32_t;
};
template <>
struct SignedOf<std::uint64_t> {
  using type = std::int64_t;
};

template <class T>
constexpr T kMagnitude = T(T(~T(0)) >> 1);

#if defined(__AVX512BW__) && defined(__AVX512VBMI2__)

using Register = __m512i;
PYINFO_INLINE Register load(const void* p) { return _mm512_loadu_si512(p); }

template <class T>
PYINFO_INLINE Register splat(T x) {
  if constexpr (sizeof(T) == 1) return _mm512_set1_epi8(char(x));
  if constexpr (sizeof(T) == 2) return _mm512_set1_epi16(short(x));
  if constexpr (sizeof(T) == 4) return _mm512_set1_epi32(int(x));
  if constexpr (sizeof(T) == 8) return _mm512_set1_epi64((long long)(x));
}
template <class T>
PYINFO_INLINE std::uint64_t differing(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return _mm512_cmpneq_epi8_mask(a, b);
  if constexpr (sizeof(T) == 2) return _mm512_cmpneq_epi16_mask(a, b);
  if constexpr (sizeof(T) == 4) return _mm512_cmpneq_epi32_mask(a, b);
  if constexpr (sizeof(T) == 8) return _mm512_cmpneq_epi64_mask(a, b);
}
template <class T>
PYINFO_INLINE std::uint64_t not_below(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return _mm512_cmpge_epu8_mask(a, b);
  if constexpr (sizeof(T) == 2) return _mm512_cmpge_epu16_mask(a, b);
  if constexpr (sizeof(T) == 4) return _mm512_cmpge_epu32_mask(a, b);
  if constexpr (sizeof(T) == 8) return _mm512_cmpge_epu64_mask(a, b);
}

template <class T>
PYINFO_INLINE std::uint64_t differ(const T* a, const T* b) {
  constexpr std::size_t lanes = sizeof(Register) / sizeof(T);
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < 64; i += lanes) {
    mask |= differing<T>(load(a + i), load(b + i)) << i;
  }
  return mask;
}

// The elements of a group without their signs.
template <class T>
struct Magnitudes {
  using Bound = Register;
  static constexpr std::size_t kLanes = sizeof(Register) / sizeof(T);
  PYINFO_INLINE Magnitudes(const T* a, unsigned /*mantissa*/) {
    for (std::size_t i = 0; i < 64 / kLanes; ++i) {
      parts[i] = _mm512_and_si512(load(a + i * kLanes), splat<T>(kMagnitude<T>));
    }
  }
  static PYINFO_INLINE Bound bound(T least, unsigned /*mantissa*/) { return splat<T>(least); }
  PYINFO_INLINE std::uint64_t at_least(Bound least) const {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < 64 / kLanes; ++i)
      mask |= not_below<T>(parts[i], least) << i * kLanes;
    return mask;
  }
  Register parts[64 / kLanes];
};

#elif defined(__AVX2__)

using Register = __m256i;
PYINFO_INLINE Register load(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
PYINFO_INLINE Register both(Register a, Register b) { return _mm256_and_si256(a, b); }

template <class T>
PYINFO_INLINE Register splat(T x) {
  if constexpr (sizeof(T) == 1) return _mm256_set1_epi8(char(x));
  if constexpr (sizeof(T) == 2) return _mm256_set1_epi16(short(x));
  if constexpr (sizeof(T) == 4) return _mm256_set1_epi32(int(x));
  if constexpr (sizeof(T) == 8) return _mm256_set1_epi64x((long long)(x));
}
template <class T>
PYINFO_INLINE Register equal(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return _mm256_cmpeq_epi8(a, b);
  if constexpr (sizeof(T) == 2) return _mm256_cmpeq_epi16(a, b);
  if constexpr (sizeof(T) == 4) return _mm256_cmpeq_epi32(a, b);
  if constexpr (sizeof(T) == 8) return _mm256_cmpeq_epi64(a, b);
}
// Of numbers without the sign bit.
template <class T>
PYINFO_INLINE Register above(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return _mm256_cmpgt_epi8(a, b);
  if constexpr (sizeof(T) == 2) return _mm256_cmpgt_epi16(a, b);
  if constexpr (sizeof(T) == 4) return _mm256_cmpgt_epi32(a, b);
  if constexpr (sizeof(T) == 8) return _mm256_cmpgt_epi64(a, b);
}

template <class T>
PYINFO_INLINE Register part(const T* a, unsigned i) {
  return load(a + i * (sizeof(Register) / sizeof(T)));
}

// Packing goes by halves of registers: their quarters in order.
PYINFO_INLINE Register in_order(Register packed) { return _mm256_permute4x64_epi64(packed, 0xd8); }

// The exponents of floats, a byte each.
PYINFO_INLINE Register exponents(const std::uint16_t* a, unsigned mantissa) {
  const __m128i by = _mm_cvtsi32_si128(int(mantissa + 1));
  const auto of = [&](unsigned i) {
    return _mm256_srl_epi16(_mm256_slli_epi16(part(a, i), 1), by);
  };
  return in_order(_mm256_packus_epi16(of(0), of(1)));
}
PYINFO_INLINE Register exponents(const std::uint32_t* a, unsigned mantissa) {
  const __m128i by = _mm_cvtsi32_si128(int(mantissa + 1));
  const auto of = [&](unsigned i) {
    return _mm256_srl_epi32(_mm256_slli_epi32(part(a, i), 1), by);
  };
  const Register words[2] = {_mm256_packus_epi32(of(0), of(1)), _mm256_packus_epi32(of(2), of(3))};
  return _mm256_permutevar8x32_epi32(_mm256_packus_epi16(words[0], words[1]),
                                     _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
}
PYINFO_INLINE Register with_other_top(Register bytes) {
  return _mm256_xor_si256(bytes, _mm256_set1_epi8(char(0x80)));
}

// The mask of a group that `test(i)` gives for each part, as all ones or zeros.
template <class T, class Test>
PYINFO_INLINE std::uint64_t mask_of(Test test) {
  std::uint64_t mask = 0;
  if constexpr (sizeof(T) <= 2) {
    for (unsigned i = 0; i < 2; ++i) {
      const Register bytes = [&] {
        if constexpr (sizeof(T) == 1) {
          return test(i);
        } else {
          return in_order(_mm256_packs_epi16(test(2 * i), test(2 * i + 1)));
        }
      }();
      mask |= std::uint64_t{std::uint32_t(_mm256_movemask_epi8(bytes))} << 32 * i;
    }
  } else if constexpr (sizeof(T) == 4) {
    for (unsigned i = 0; i < 8; ++i) {
      mask |= std::uint64_t{std::uint32_t(_mm256_movemask_ps(_mm256_castsi256_ps(test(i))))}
              << 8 * i;
    }
  } else {
    for (unsigned i = 0; i < 16; ++i) {
      mask |= std::uint64_t{std::uint32_t(_mm256_movemask_pd(_mm256_castsi256_pd(test(i))))}
              << 4 * i;
    }
  }
  return mask;
}

#elif defined(__SSE4_2__)

using Register = __m128i;
PYINFO_INLINE Register load(const void* p) {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}
PYINFO_INLINE Register both(Register a, Register b) { return _mm_and_si128(a, b); }

template <class T>
PYINFO_INLINE Register splat(T x) {
  if constexpr (sizeof(T) == 1) return _mm_set1_epi8(char(x));
  if constexpr (sizeof(T) == 2) return _mm_set1_epi16(short(x));
  if constexpr (sizeof(T) == 4) return _mm_set1_epi32(int(x));
  if constexpr (sizeof(T) == 8) return _mm_set1_epi64x((long long)(x));
}
template <class T>
PYINFO_INLINE Register equal(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return _mm_cmpeq_epi8(a, b);
  if constexpr (sizeof(T) == 2) return _mm_cmpeq_epi16(a, b);
  if constexpr (sizeof(T) == 4) return _mm_cmpeq_epi32(a, b);
  if constexpr (sizeof(T) == 8) return _mm_cmpeq_epi64(a, b);
}
template <class T>
PYINFO_INLINE Register above(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return _mm_cmpgt_epi8(a, b);
  if constexpr (sizeof(T) == 2) return _mm_cmpgt_epi16(a, b);
  if constexpr (sizeof(T) == 4) return _mm_cmpgt_epi32(a, b);
  if constexpr (sizeof(T) == 8) return _mm_cmpgt_epi64(a, b);
}

template <class T>
PYINFO_INLINE Register part(const T* a, unsigned i) {
  return load(a + i * (sizeof(Register) / sizeof(T)));
}

PYINFO_INLINE Register exponents(const std::uint16_t* a, unsigned mantissa) {
  const Register by = _mm_cvtsi32_si128(int(mantissa + 1));
  const auto of = [&](unsigned i) { return _mm_srl_epi16(_mm_slli_epi16(part(a, i), 1), by); };
  return _mm_packus_epi16(of(0), of(1));
}
PYINFO_INLINE Register exponents(const std::uint32_t* a, unsigned mantissa) {
  const Register by = _mm_cvtsi32_si128(int(mantissa + 1));
  const auto of = [&](unsigned i) { return _mm_srl_epi32(_mm_slli_epi32(part(a, i), 1), by); };
  return _mm_packus_epi16(_mm_packus_epi32(of(0), of(1)), _mm_packus_epi32(of(2), of(3)));
}
PYINFO_INLINE Register with_other_top(Register bytes) {
  return _mm_xor_si128(bytes, _mm_set1_epi8(char(0x80)));
}

template <class T, class Test>
PYINFO_INLINE std::uint64_t mask_of(Test test) {
  std::uint64_t mask = 0;
  if constexpr (sizeof(T) <= 2) {
    for (unsigned i = 0; i < 4; ++i) {
      const Register bytes = [&] {
        if constexpr (sizeof(T) == 1) {
          return test(i);
        } else {
          return _mm_packs_epi16(test(2 * i), test(2 * i + 1));
        }
      }();
      mask |= std::uint64_t{std::uint32_t(_mm_movemask_epi8(bytes))} << 16 * i;
    }
  } else if constexpr (sizeof(T) == 4) {
    for (unsigned i = 0; i < 16; ++i) {
      mask |= std::uint64_t{std::uint32_t(_mm_movemask_ps(_mm_castsi128_ps(test(i))))} << 4 * i;
    }
  } else {
    for (unsigned i = 0; i < 32; ++i) {
      mask |= std::uint64_t{std::uint32_t(_mm_movemask_pd(_mm_castsi128_pd(test(i))))} << 2 * i;
    }
  }
  return mask;
}

#elif defined(PYINFO_NEON)

using Register = uint8x16_t;
PYINFO_INLINE Register both(Register a, Register b) { return vandq_u8(a, b); }

template <class T>
PYINFO_INLINE Register splat(T x) {
  if constexpr (sizeof(T) == 1) return vdupq_n_u8(x);
  if constexpr (sizeof(T) == 2) return vreinterpretq_u8_u16(vdupq_n_u16(x));
  if constexpr (sizeof(T) == 4) return vreinterpretq_u8_u32(vdupq_n_u32(x));
  if constexpr (sizeof(T) == 8) return vreinterpretq_u8_u64(vdupq_n_u64(x));
}
template <class T>
PYINFO_INLINE Register equal(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return vceqq_u8(a, b);
  if constexpr (sizeof(T) == 2)
    return vreinterpretq_u8_u16(vceqq_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
  if constexpr (sizeof(T) == 4)
    return vreinterpretq_u8_u32(vceqq_u32(vreinterpretq_u32_u8(a), vreinterpretq_u32_u8(b)));
  if constexpr (sizeof(T) == 8)
    return vreinterpretq_u8_u64(vceqq_u64(vreinterpretq_u64_u8(a), vreinterpretq_u64_u8(b)));
}
template <class T>
PYINFO_INLINE Register above(Register a, Register b) {
  if constexpr (sizeof(T) == 1) return vcgtq_s8(vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b));
  if constexpr (sizeof(T) == 2)
    return vreinterpretq_u8_u16(vcgtq_s16(vreinterpretq_s16_u8(a), vreinterpretq_s16_u8(b)));
  if constexpr (sizeof(T) == 4)
    return vreinterpretq_u8_u32(vcgtq_s32(vreinterpretq_s32_u8(a), vreinterpretq_s32_u8(b)));
  if constexpr (sizeof(T) == 8)
    return vreinterpretq_u8_u64(vcgtq_s64(vreinterpretq_s64_u8(a), vreinterpretq_s64_u8(b)));
}

template <class T>
PYINFO_INLINE Register part(const T* a, unsigned i) {
  return vld1q_u8(reinterpret_cast<const unsigned char*>(a) + i * sizeof(Register));
}

PYINFO_INLINE Register exponents(const std::uint16_t* a, unsigned mantissa) {
  const int16x8_t by = vdupq_n_s16(short(-int(mantissa + 1)));
  const auto of = [&](unsigned i) {
    const uint16x8_t shifted = vshlq_n_u16(vreinterpretq_u16_u8(part(a, i)), 1);
    return vreinterpretq_u8_u16(vshlq_u16(shifted, by));
  };
  return vuzp1q_u8(of(0), of(1));
}
PYINFO_INLINE Register exponents(const std::uint32_t* a, unsigned mantissa) {
  const int32x4_t by = vdupq_n_s32(-int(mantissa + 1));
  const auto of = [&](unsigned i) {
    const uint32x4_t shifted = vshlq_n_u32(vreinterpretq_u32_u8(part(a, i)), 1);
    return vreinterpretq_u8_u32(vshlq_u32(shifted, by));
  };
  return vuzp1q_u8(vuzp1q_u8(of(0), of(1)), vuzp1q_u8(of(2), of(3)));
}
PYINFO_INLINE Register with_other_top(Register bytes) { return veorq_u8(bytes, vdupq_n_u8(0x80)); }

// A byte, all ones or zeros, for each of 16 elements: every second byte of what has more.
template <std::size_t size, class Test>
PYINFO_INLINE Register test_bytes(const Test& test, unsigned i) {
  if constexpr (size == 1) {
    return test(i);
  } else {
    const auto narrower = [&](unsigned k) { return vuzp1q_u8(test(2 * k), test(2 * k + 1)); };
    return test_bytes<size / 2>(narrower, i);
  }
}

template <class T, class Test>
PYINFO_INLINE std::uint64_t mask_of(Test test) {
  static constexpr unsigned char bit[16] = {1, 2, 4, 8, 16, 32, 64, 128,
                                            1, 2, 4, 8, 16, 32, 64, 128};
  const Register bits = vld1q_u8(bit);
  const auto sixteen = [&](unsigned i) { return both(test_bytes<sizeof(T)>(test, i), bits); };
  const Register low = vpaddq_u8(sixteen(0), sixteen(1));
  const Register high = vpaddq_u8(sixteen(2), sixteen(3));
  const Register quarters = vpaddq_u8(low, high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(quarters, quarters)), 0);
}

#else

template <class T>
PYINFO_INLINE std::uint64_t differ(const T* a, const T* b) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < 64; ++i) mask |= std::uint64_t{a[i] != b[i]} << i;
  return mask;
}
template <class T>
struct Magnitudes {
  using Bound = T;
  PYINFO_INLINE Magnitudes(const T* a, unsigned /*mantissa*/) : elements(a) {}
  static PYINFO_INLINE Bound bound(T least, unsigned /*mantissa*/) { return least; }
  PYINFO_INLINE std::uint64_t at_least(T least) const {
    std::uint64_t mask = 0;
    for (unsigned i = 0; i < 64; ++i) {
      mask |= std::uint64_t{T(elements[i] & kMagnitude<T>) >= least} << i;
    }
    return mask;
  }
  const T* elements;
};

#endif

#if !(defined(__AVX512BW__) && defined(__AVX512VBMI2__)) && \
    (defined(__AVX2__) || defined(__SSE4_2__) || defined(PYINFO_NEON))

template <class T>
PYINFO_INLINE std::uint64_t differ(const T* a, const T* b) {
  return ~mask_of<T>([=](unsigned i) { return equal<T>(part(a, i), part(b, i)); });
}

// Exponents of eight bits tell as much, and are compared in fewer registers.
template <class T>
constexpr bool kByExponents = sizeof(T) == 2 || sizeof(T) == 4;

// The elements of a group without their signs, or their exponents with the highest bit turned, as
// bytes are compared with signs.
template <class T>
struct Magnitudes {
  using Bound = Register;
  static constexpr unsigned kParts = (kByExponents<T> ? 64 : 64 * sizeof(T)) / sizeof(Register);
  PYINFO_INLINE Magnitudes(const T* a, [[maybe_unused]] unsigned mantissa) {
    for (unsigned i = 0; i < kParts; ++i) {
      if constexpr (kByExponents<T>) {
        parts[i] = with_other_top(exponents(a + i * sizeof(Register), mantissa));
      } else {
        parts[i] = both(part(a, i), splat<T>(kMagnitude<T>));
      }
    }
  }
  // What is above this is at least so large; `least` is no smaller than 1 << mantissa.
  static PYINFO_INLINE Bound bound(T least, [[maybe_unused]] unsigned mantissa) {
    if constexpr (kByExponents<T>) {
      return with_other_top(splat<std::uint8_t>(std::uint8_t((least >> mantissa) - 1)));
    } else {
      return splat<T>(T(least - 1));
    }
  }
  PYINFO_INLINE std::uint64_t at_least(Bound below) const {
    if constexpr (kByExponents<T>) {
      return mask_of<std::uint8_t>(
          [&](unsigned i) { return above<std::uint8_t>(parts[i], below); });
    } else {
      return mask_of<T>([&](unsigned i) { return above<T>(parts[i], below); });
    }
  }
  Register parts[kParts];
};

#endif

}  // namespace
}  // namespace pyinfo::coding
