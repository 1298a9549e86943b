// Elements as arrays hold them: any type, byte order and strides, read and written in runs.
#pragma once

#include <cstddef>

#include "elements/elements.hpp"

namespace pyinfo::elements {

inline constexpr int kMaxDimensions = 64;

// Where an operand's elements are: its strides belong to the Space it is used with.
struct Operand {
  const char* data = nullptr;
  Element type = Element::float64;
  bool swapped = false;  // not in the machine's byte order

  template <class T>
  bool holds() const noexcept {
    return type == kElement<T> && !swapped;
  }
};

// Axes that are walked together: shape, and the strides in bytes of two operands.
struct Space {
  int dimensions = 0;
  std::ptrdiff_t shape[kMaxDimensions];
  std::ptrdiff_t strides[2][kMaxDimensions];
  std::size_t size = 1;

  // At most kMaxDimensions times.
  void append(std::ptrdiff_t extent, std::ptrdiff_t p_stride, std::ptrdiff_t q_stride) noexcept;
  // Orders the axes so that memory is walked in runs as long as possible, and joins those that are
  // one run. The order of elements in a sum is free.
  void simplify(int operands) noexcept;
};

// Axes that remain: shape, and the strides in bytes of two operands and the result.
struct OuterSpace {
  int dimensions = 0;
  std::ptrdiff_t shape[kMaxDimensions];
  std::ptrdiff_t strides[3][kMaxDimensions];
};

// Copies the elements first .. first + n - 1 of a space, as T; `which` strides of the space are the
// operand's. T = float needs an operand of floats.
template <class T>
void load_elements(const Operand& operand, const Space& space, int which, std::size_t first,
                   std::size_t n, T* to) noexcept;
template <class T>
void load_slice(const Operand& operand, const Space& space, int which, T* to) noexcept {
  load_elements<T>(operand, space, which, 0, space.size, to);
}

// Copies n contiguous elements to the places first .. first + n - 1 of an array of T in native
// byte order.
template <class T>
void store_elements(const T* from, char* to, const Space& space, int which, std::size_t first,
                    std::size_t n) noexcept;

}  // namespace pyinfo::elements
