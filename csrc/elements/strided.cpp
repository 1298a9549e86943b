#include "elements/strided.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "elements/convert.hpp"
#include "simd/assert.hpp"

namespace pyinfo::elements {
namespace {

template <std::size_t size>
void copy_elements(const char* from, std::ptrdiff_t stride, char* to, std::size_t n,
                   bool swapped) noexcept {
  if (!swapped) {
    for (std::size_t i = 0; i < n; ++i)
      std::memcpy(to + i * size, from + std::ptrdiff_t(i) * stride, size);
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const char* const element = from + std::ptrdiff_t(i) * stride;
    for (std::size_t b = 0; b < size; ++b) to[i * size + b] = element[size - 1 - b];
  }
}

void copy_elements(std::size_t size, const char* from, std::ptrdiff_t stride, char* to,
                   std::size_t n, bool swapped) noexcept {
  switch (size) {
    case 1:
      return copy_elements<1>(from, stride, to, n, false);
    case 2:
      return copy_elements<2>(from, stride, to, n, swapped);
    case 4:
      return copy_elements<4>(from, stride, to, n, swapped);
    case 8:
      return copy_elements<8>(from, stride, to, n, swapped);
    default:
      return copy_elements<sizeof(long double)>(from, stride, to, n, swapped);
  }
}

// A run of n elements, `stride` bytes apart, as T.
template <class T>
void load_run(const Operand& operand, const char* from, std::ptrdiff_t stride, T* to,
              std::size_t n) noexcept {
  const std::size_t size = element_size(operand.type);
  if (operand.type == kElement<T>) {
    copy_elements(size, from, stride, reinterpret_cast<char*>(to), n, operand.swapped);
    return;
  }
  if constexpr (sizeof(T) == 8) {
    const auto convert =
        convert_kernels(simd::active()).to_f64[static_cast<std::size_t>(operand.type)];
    if (stride == std::ptrdiff_t(size) && !operand.swapped) {
      convert(from, to, n);
      return;
    }
    constexpr std::size_t piece = 128;
    char packed[piece * sizeof(long double)];
    for (std::size_t i = 0; i < n; i += piece) {
      const std::size_t count = std::min(piece, n - i);
      copy_elements(size, from + std::ptrdiff_t(i) * stride, stride, packed, count,
                    operand.swapped);
      convert(packed, to + i, count);
    }
  }
}

}  // namespace

void Space::append(std::ptrdiff_t extent, std::ptrdiff_t p_stride,
                   std::ptrdiff_t q_stride) noexcept {
  PYINFO_ASSERT(dimensions < kMaxDimensions && extent >= 0);
  shape[dimensions] = extent;
  strides[0][dimensions] = p_stride;
  strides[1][dimensions] = q_stride;
  ++dimensions;
  size *= std::size_t(extent);
}

void Space::simplify(int operands) noexcept {
  int kept = 0;
  for (int d = 0; d < dimensions; ++d) {
    if (shape[d] == 1) continue;
    // Insertion by falling distance, p first.
    int at = kept;
    const auto distance = [this](int operand, int axis) {
      return std::abs(strides[operand][axis]);
    };
    const std::ptrdiff_t extent = shape[d];
    const std::ptrdiff_t p = strides[0][d];
    const std::ptrdiff_t q = strides[1][d];
    while (at > 0 && (distance(0, at - 1) < std::abs(p) ||
                      (distance(0, at - 1) == std::abs(p) && distance(1, at - 1) < std::abs(q)))) {
      shape[at] = shape[at - 1];
      strides[0][at] = strides[0][at - 1];
      strides[1][at] = strides[1][at - 1];
      --at;
    }
    shape[at] = extent;
    strides[0][at] = p;
    strides[1][at] = q;
    ++kept;
  }
  int last = 0;
  for (int d = 1; d < kept; ++d) {
    const bool joins = strides[0][last] == strides[0][d] * shape[d] &&
                       (operands < 2 || strides[1][last] == strides[1][d] * shape[d]);
    if (!joins) ++last;
    shape[last] = joins ? shape[last] * shape[d] : shape[d];
    strides[0][last] = strides[0][d];
    strides[1][last] = strides[1][d];
  }
  dimensions = kept == 0 ? 0 : last + 1;
}

template <class T>
void load_elements(const Operand& operand, const Space& space, int which, std::size_t first,
                   std::size_t n, T* to) noexcept {
  PYINFO_ASSERT(sizeof(T) == 8 || operand.type == kElement<T>);
  PYINFO_ASSERT(first <= space.size && n <= space.size - first);
  const std::ptrdiff_t* const strides = space.strides[which];
  const int inner = space.dimensions - 1;
  if (inner < 0) {
    load_run<T>(operand, operand.data, 0, to, n);
    return;
  }
  std::ptrdiff_t index[kMaxDimensions];
  const char* at = operand.data;
  std::size_t rest = first;
  for (int d = inner; d >= 0; --d) {
    index[d] = std::ptrdiff_t(rest % std::size_t(space.shape[d]));
    rest /= std::size_t(space.shape[d]);
    at += index[d] * strides[d];
  }
  while (n > 0) {
    const std::size_t run = std::min(n, std::size_t(space.shape[inner] - index[inner]));
    load_run<T>(operand, at, strides[inner], to, run);
    to += run;
    n -= run;
    if (n == 0) return;
    at -= index[inner] * strides[inner];
    index[inner] = 0;
    for (int d = inner - 1; d >= 0; --d) {
      at += strides[d];
      if (++index[d] < space.shape[d]) break;
      at -= index[d] * strides[d];
      index[d] = 0;
    }
  }
}

template <class T>
void store_elements(const T* from, char* to, const Space& space, int which, std::size_t first,
                    std::size_t n) noexcept {
  PYINFO_ASSERT(first <= space.size && n <= space.size - first);
  const std::ptrdiff_t* const strides = space.strides[which];
  const int inner = space.dimensions - 1;
  std::ptrdiff_t index[kMaxDimensions];
  std::size_t rest = first;
  for (int d = inner; d >= 0; --d) {
    index[d] = std::ptrdiff_t(rest % std::size_t(space.shape[d]));
    rest /= std::size_t(space.shape[d]);
    to += index[d] * strides[d];
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::memcpy(to, from + i, sizeof(T));
    for (int d = inner; d >= 0; --d) {
      to += strides[d];
      if (++index[d] < space.shape[d]) break;
      to -= index[d] * strides[d];
      index[d] = 0;
    }
  }
}

template void load_elements<double>(const Operand&, const Space&, int, std::size_t, std::size_t,
                                    double*) noexcept;
template void load_elements<float>(const Operand&, const Space&, int, std::size_t, std::size_t,
                                   float*) noexcept;
template void store_elements<double>(const double*, char*, const Space&, int, std::size_t,
                                     std::size_t) noexcept;
template void store_elements<float>(const float*, char*, const Space&, int, std::size_t,
                                    std::size_t) noexcept;

}  // namespace pyinfo::elements
