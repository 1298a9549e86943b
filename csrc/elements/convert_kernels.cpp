// Array elements of every type to double, a block at a time. Compiled once per ISA.
#include <cstdint>

#include "elements/convert.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::elements {
namespace {

// Plain loops: compilers vectorise them for each instruction set.
template <class From, class Widen>
void convert(const void* from, double* to, std::size_t n, Widen widen) noexcept {
  const char* bytes = static_cast<const char*>(from);
  for (std::size_t i = 0; i < n; ++i) {
    From x;
    PYINFO_COPY(&x, bytes + i * sizeof x, sizeof x);  // of any alignment
    to[i] = widen(x);
  }
}

template <class From>
void arithmetic(const void* from, double* to, std::size_t n) noexcept {
  convert<From>(from, to, n, [](From x) { return double(x); });
}

void boolean(const void* from, double* to, std::size_t n) noexcept {
  convert<std::uint8_t>(from, to, n, [](std::uint8_t x) { return x != 0 ? 1.0 : 0.0; });
}

double from_float_bits(std::uint32_t bits) noexcept {
  float x;
  PYINFO_COPY(&x, &bits, sizeof x);
  return double(x);
}

// IEEE 754 binary16: shifted into float's fields the exponent is 112 too small, which one
// multiplication mends for normal and subnormal numbers alike; infinities and NaNs get float's.
void float16(const void* from, double* to, std::size_t n) noexcept {
  convert<std::uint16_t>(from, to, n, [](std::uint16_t x) {
    const std::uint32_t magnitude = std::uint32_t(x & 0x7fff) << 13;
    const double value = from_float_bits(magnitude) * 0x1p112;
    const double special = from_float_bits(magnitude | 0x7f800000);
    const double absolute = (x & 0x7fff) >= 0x7c00 ? special : value;
    return (x & 0x8000) != 0 ? -absolute : absolute;
  });
}

void bfloat16(const void* from, double* to, std::size_t n) noexcept {
  convert<std::uint16_t>(from, to, n,
                         [](std::uint16_t x) { return from_float_bits(std::uint32_t(x) << 16); });
}

}  // namespace

extern const ConvertKernels PYINFO_TABLE(convert_kernels);
const ConvertKernels PYINFO_TABLE(convert_kernels) = {{
    arithmetic<double>,
    arithmetic<float>,
    float16,
    bfloat16,
    arithmetic<long double>,
    arithmetic<std::int8_t>,
    arithmetic<std::int16_t>,
    arithmetic<std::int32_t>,
    arithmetic<std::int64_t>,
    arithmetic<std::uint8_t>,
    arithmetic<std::uint16_t>,
    arithmetic<std::uint32_t>,
    arithmetic<std::uint64_t>,
    boolean,
}};

}  // namespace pyinfo::elements
