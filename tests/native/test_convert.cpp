// Conversion of every element type to double: every value of the small types, any alignment.
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "buffers.hpp"
#include "check.hpp"
#include "elements/convert.hpp"

namespace {

using namespace pyinfo::elements;
using pyinfo::check::Buffer;
using pyinfo::check::Random;
namespace simd = pyinfo::simd;

double float_of_parts(bool negative, int exponent, int fraction, int fraction_bits, int bias) {
  const int special = 2 * bias + 1;
  double value;
  if (exponent == special)
    value = fraction == 0 ? std::numeric_limits<double>::infinity()
                          : std::numeric_limits<double>::quiet_NaN();
  else if (exponent == 0)
    value = std::ldexp(double(fraction), 1 - bias - fraction_bits);
  else
    value = std::ldexp(double((1 << fraction_bits) + fraction), exponent - bias - fraction_bits);
  return negative ? -value : value;
}

double float16_value(std::uint16_t bits) {
  return float_of_parts(bits >> 15, bits >> 10 & 31, bits & 1023, 10, 15);
}
double bfloat16_value(std::uint16_t bits) {
  return float_of_parts(bits >> 15, bits >> 7 & 255, bits & 127, 7, 127);
}

bool same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}

// `n` elements of `from` at every byte offset, converted into a buffer of exactly that size.
template <class T, class Value>
void test_type(simd::Isa isa, Element type, const Buffer<T>& from, Value value) {
  const auto convert = convert_kernels(isa).to_f64[static_cast<std::size_t>(type)];
  const std::string what =
      std::string(simd::name(isa)) + " element " + std::to_string(static_cast<int>(type));
  CHECK(element_size(type) == sizeof(T), what);
  const auto run = [&](std::size_t first, std::size_t n, std::size_t offset) {
    Buffer<unsigned char> bytes(n * sizeof(T), offset);
    if (n > 0) std::memcpy(bytes.data(), from.data() + first, n * sizeof(T));
    Buffer<double> to(n);
    convert(bytes.data(), to.data(), n);
    for (std::size_t i = 0; i < n; ++i)
      CHECK(same(to[i], value(from[first + i])), what + " at " + std::to_string(first + i));
  };
  run(0, from.size(), 0);
  for (std::size_t n = 0; n <= 100 && n <= from.size(); ++n)
    for (std::size_t offset = 0; offset < 3; ++offset) run(from.size() - n, n, offset);
}

template <class T>
void test_integer(simd::Isa isa, Element type) {
  Buffer<T> values(sizeof(T) == 1 ? 256 : 5000);
  Random random(sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = sizeof(T) == 1 ? T(i) : T(random.bits() >> (random.bits() % 64));
  values[values.size() - 1] = std::numeric_limits<T>::max();
  values[values.size() - 2] = std::numeric_limits<T>::min();
  test_type(isa, type, values, [](T x) { return double(x); });
}

template <class T>
void test_float(simd::Isa isa, Element type) {
  Buffer<T> values(3000);
  Random random(3);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = T(std::exp2(200 * random.uniform() - 140));
  values[values.size() - 1] = std::numeric_limits<T>::denorm_min();
  values[values.size() - 2] = std::numeric_limits<T>::infinity();
  values[values.size() - 3] = std::numeric_limits<T>::quiet_NaN();
  values[values.size() - 4] = -T(0);
  test_type(isa, type, values, [](T x) { return double(x); });
}

void test_isa(simd::Isa isa) {
  Buffer<std::uint16_t> halves(65536);
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = std::uint16_t(i);
  test_type(isa, Element::float16, halves, float16_value);
  test_type(isa, Element::bfloat16, halves, bfloat16_value);
  test_float<double>(isa, Element::float64);
  test_float<float>(isa, Element::float32);
  test_float<long double>(isa, Element::long_double);
  test_integer<std::int8_t>(isa, Element::int8);
  test_integer<std::int16_t>(isa, Element::int16);
  test_integer<std::int32_t>(isa, Element::int32);
  test_integer<std::int64_t>(isa, Element::int64);
  test_integer<std::uint8_t>(isa, Element::uint8);
  test_integer<std::uint16_t>(isa, Element::uint16);
  test_integer<std::uint32_t>(isa, Element::uint32);
  test_integer<std::uint64_t>(isa, Element::uint64);
  Buffer<unsigned char> truths(500);
  for (std::size_t i = 0; i < truths.size(); ++i) truths[i] = i % 3 == 0;
  test_type(isa, Element::boolean, truths, [](unsigned char x) { return double(x); });
}

}  // namespace

int main() {
  for (std::size_t i = 0; i < simd::kIsaCount; ++i)
    if (simd::available(static_cast<simd::Isa>(i))) test_isa(static_cast<simd::Isa>(i));
  return pyinfo::check::finish();
}
