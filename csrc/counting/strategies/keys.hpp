// Elements as keys: unsigned numbers in the order in which the elements sort.
//
// Counting only asks whether two elements are equal, and the table is sorted at the end. Both are
// the same for all types once an element is a number without a sign: signed integers are shifted,
// floating-point numbers have their bits folded, with one key for all NaNs (the largest) and one
// for both zeros. NaT, the most negative of dates and durations, becomes the largest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "simd/assert.hpp"

namespace pyinfo::counting {

using Key = std::uint64_t;

enum class Kind : unsigned char { natural, integer, floating, time };

// Whether there are elements of one byte.
constexpr bool has_small_keys(Kind kind) noexcept {
  return kind == Kind::natural || kind == Kind::integer;
}

// What kind of elements, and how many bytes each has: 1, 2, 4 or 8.
struct Type {
  Kind kind;
  unsigned char size;
};

// A contiguous array.
struct Column {
  const void* data;
  std::size_t size;
  Type type;
};

template <class Raw>
inline constexpr Raw kSignBit = Raw(Raw{1} << (sizeof(Raw) * 8 - 1));

// Bits of positive infinity.
template <class Raw>
inline constexpr Raw kInfinity =
    sizeof(Raw) == 2   ? Raw(0x7c00)
    : sizeof(Raw) == 4 ? Raw(0x7f800000)
                       : Raw(std::uint64_t{0x7ff} << (sizeof(Raw) == 8 ? 52 : 0));

// The quiet NaN that stands for all.
template <class Raw>
inline constexpr Raw kNan = Raw(kInfinity<Raw> | kInfinity<Raw> >> 1);

// Integers and times: key = (element ^ flip) - less.
template <class Raw>
class IntegerKeys {
 public:
  IntegerKeys(const void* data, Kind kind) noexcept
      : data_(static_cast<const Raw*>(data)),
        flip_(kind == Kind::natural ? Raw{0} : kSignBit<Raw>),
        less_(kind == Kind::time ? Raw{1} : Raw{0}) {}
  Key operator[](std::size_t i) const noexcept { return Raw(Raw(data_[i] ^ flip_) - less_); }
  Raw element(Key key) const noexcept { return Raw(Raw(Raw(key) + less_) ^ flip_); }
  using Element = Raw;

 private:
  const Raw* data_;
  Raw flip_;
  Raw less_;
};

template <class Raw>
class FloatKeys {
 public:
  explicit FloatKeys(const void* data) noexcept : data_(static_cast<const Raw*>(data)) {}
  Key operator[](std::size_t i) const noexcept {
    const Raw raw = data_[i];
    constexpr Raw kSign = kSignBit<Raw>;
    const Raw folded = Raw(raw ^ Raw((raw & kSign) != 0 ? std::numeric_limits<Raw>::max() : kSign));
    const Raw one_zero = Raw(folded + Raw(raw == kSign));
    return Raw(raw & Raw(~kSign)) > kInfinity<Raw> ? std::numeric_limits<Raw>::max() : one_zero;
  }
  Raw element(Key key) const noexcept {
    const Raw folded = Raw(key);
    if (folded == std::numeric_limits<Raw>::max()) return kNan<Raw>;
    constexpr Raw kSign = kSignBit<Raw>;
    return Raw((folded & kSign) != 0 ? folded ^ kSign : ~folded);
  }
  using Element = Raw;

 private:
  const Raw* data_;
};

// Calls visitor(keys) with the reader of that type's keys, for elements of 2, 4 or 8 bytes, and of
// 1 byte if they are integers.
template <class Visitor>
decltype(auto) with_keys(const void* data, Type type, Visitor&& visitor) {
  PYINFO_ASSERT(type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8);
  PYINFO_ASSERT(type.size > 1 || has_small_keys(type.kind));
  if (type.kind == Kind::floating) {
    if (type.size == 2) return visitor(FloatKeys<std::uint16_t>(data));
    if (type.size == 4) return visitor(FloatKeys<std::uint32_t>(data));
    return visitor(FloatKeys<std::uint64_t>(data));
  }
  if (type.size == 1) return visitor(IntegerKeys<std::uint8_t>(data, type.kind));
  if (type.size == 2) return visitor(IntegerKeys<std::uint16_t>(data, type.kind));
  if (type.size == 4) return visitor(IntegerKeys<std::uint32_t>(data, type.kind));
  return visitor(IntegerKeys<std::uint64_t>(data, type.kind));
}

}  // namespace pyinfo::counting
