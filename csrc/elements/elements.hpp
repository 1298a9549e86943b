// The types that array elements come in: their sizes, and how exact their sums are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::elements {

enum class Element : std::uint8_t {
  float64,
  float32,
  float16,
  bfloat16,
  long_double,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
  boolean,
};
inline constexpr std::size_t kElementTypes = 14;

// Integers and booleans.
constexpr bool is_count(Element type) noexcept { return type >= Element::int8; }

constexpr std::size_t element_size(Element type) noexcept {
  switch (type) {
    case Element::int8:
    case Element::uint8:
    case Element::boolean:
      return 1;
    case Element::float16:
    case Element::bfloat16:
    case Element::int16:
    case Element::uint16:
      return 2;
    case Element::float32:
    case Element::int32:
    case Element::uint32:
      return 4;
    case Element::long_double:
      return sizeof(long double);
    default:
      return 8;
  }
}

// Sums that should be 1 may be off by the square root of their type's precision. Counts have no
// such sum.
constexpr double sum_tolerance(Element type) noexcept {
  switch (type) {
    case Element::float64:
    case Element::long_double:  // computed in double
      return 0x1p-26;
    case Element::float32:
      return 3.4526698300124393e-4;  // sqrt(2^-23)
    case Element::float16:
      return 0x1p-5;
    case Element::bfloat16:
      return 0.08838834764831845;  // sqrt(2^-7)
    default:
      return 0;
  }
}

// The element of T = double or float, in which measures are computed.
template <class T>
constexpr Element kElement = sizeof(T) == 8 ? Element::float64 : Element::float32;

template <class T>
constexpr double kSumTolerance = sum_tolerance(kElement<T>);

}  // namespace pyinfo::elements
