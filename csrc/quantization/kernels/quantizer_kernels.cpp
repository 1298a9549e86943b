// Floats to integers and back, a block at a time. Compiled once per ISA.
#include "quantization/kernels/kernels.hpp"
#include "quantization/kernels/rounding.hpp"

namespace pyinfo::quantization {
namespace {

// The bounds are integers, so that bounding before rounding is the same as after it.
template <class T>
PYINFO_INLINE Vec<T> on_grid(Vec<T> x, const Grid<T>& grid) {
  using U = typename simd::UnsignedOf<T>::type;
  const Vec<T> quotient = x / splat<T>(grid.step);
  const Vec<T> magnitude =
      simd::maximum<T>(simd::absolute<T>(quotient) - splat<T>(grid.dead_zone), splat<T>(0));
  const Bits<T> sign = simd::bits<T>(quotient) & U(~(U(~U(0)) >> 1));
  const Vec<T> less = simd::from_bits<T>(simd::bits<T>(magnitude) | sign);
  const Vec<T> bounded =
      simd::minimum<T>(simd::maximum<T>(less, splat<T>(grid.low)), splat<T>(grid.high));
  return round_even<T>(bounded);
}

template <class T>
PYINFO_INLINE void store_some(std::int32_t* to, Vec<T> x, std::int32_t add, int count) {
  if (count == kLanes<T>) return store_integers<T>(to, x, add);
  std::int32_t lanes[kLanes<T>];
  store_integers<T>(lanes, x, add);
  for (int i = 0; i < count; ++i) to[i] = lanes[i];
}

template <class T>
bool quantize(const T* x, std::size_t n, const Grid<T>& grid, std::int32_t add,
              std::int32_t* to) noexcept {
  PYINFO_ASSERT(grid.step > 0);
  Vec<T> missing = splat<T>(0);
  each_register<T>(x, n, [&](Vec<T> v, std::size_t at, int count) {
    missing = simd::where_equal<T>(v, v, missing, splat<T>(1));
    store_some<T>(to + at, on_grid<T>(v, grid), add, count);
  });
  T sum = 0;
  for (int i = 0; i < kLanes<T>; ++i) sum += missing[i];
  return sum == 0;
}

double squared_error(const float* x, const float* weight, std::size_t n, const Grid<float>& grid,
                     std::int32_t* to) noexcept {
  PYINFO_ASSERT(grid.step > 0);
  Vec<double> low = splat<double>(0);
  Vec<double> high = splat<double>(0);
  const Vec<float> back = splat<float>(-grid.step);
  each_register<float>(x, n, [&](Vec<float> v, std::size_t at, int count) {
    const Vec<float> q = on_grid<float>(v, grid);
    store_some<float>(to + at, q, 0, count);
    const Vec<float> distance = simd::multiply_add<float>(q, back, v);
    Vec<float> term = distance * distance;  // 0 where there is no element
    if (weight != nullptr) {
      term = term * (count == kLanes<float> ? simd::load<float>(weight + at)
                                            : simd::load_first<float>(weight + at, count));
    }
    Vec<double> first, second;
    simd::widen(term, first, second);
    low = low + first;
    high = high + second;
  });
  const Vec<double> both = low + high;
  double sum = 0;
  for (int i = 0; i < kLanes<double>; ++i) sum += both[i];
  return sum;
}

// Plain loops: compilers vectorise them for each instruction set.
template <class Integer>
void narrow(const std::int32_t* from, std::size_t n, void* to) noexcept {
  char* const bytes = static_cast<char*>(to);
  for (std::size_t i = 0; i < n; ++i) {
    const Integer x = Integer(std::uint32_t(from[i]));
    PYINFO_COPY(bytes + i * sizeof x, &x, sizeof x);
  }
}
void narrow_to_halves(const std::int32_t* from, std::size_t n, void* to) noexcept {
  unsigned char* const bytes = static_cast<unsigned char*>(to);
  for (std::size_t i = 0; i < n / 2; ++i)
    bytes[i] = (unsigned char)((from[2 * i] & 15) | (from[2 * i + 1] & 15) << 4);
  if (n % 2 != 0) bytes[n / 2] = (unsigned char)(from[n - 1] & 15);
}

template <class Integer>
void widen(const void* from, std::size_t n, std::int32_t* to) noexcept {
  const char* const bytes = static_cast<const char*>(from);
  for (std::size_t i = 0; i < n; ++i) {
    Integer x;
    PYINFO_COPY(&x, bytes + i * sizeof x, sizeof x);
    to[i] = x;
  }
}
template <bool is_signed>
void widen_halves(const void* from, std::size_t n, std::int32_t* to) noexcept {
  const unsigned char* const bytes = static_cast<const unsigned char*>(from);
  const auto value = [](int half) {
    return std::int32_t(is_signed && half >= 8 ? half - 16 : half);
  };
  for (std::size_t i = 0; i < n / 2; ++i) {
    to[2 * i] = value(bytes[i] & 15);
    to[2 * i + 1] = value(bytes[i] >> 4);
  }
  if (n % 2 != 0) to[n - 1] = value(bytes[n / 2] & 15);
}

template <class T>
void dequantize(const std::int32_t* q, std::size_t n, std::int32_t zero, T step, T* to) noexcept {
  for (std::size_t i = 0; i < n; ++i) to[i] = T(q[i] - zero) * step;
}

}  // namespace

extern const QuantizerKernels PYINFO_TABLE(quantizer_kernels);
const QuantizerKernels PYINFO_TABLE(quantizer_kernels) = {
    quantize<float>,
    quantize<double>,
    narrow<std::uint8_t>,
    narrow<std::uint16_t>,
    narrow_to_halves,
    {{widen<std::uint8_t>, widen<std::uint16_t>, widen_halves<false>},
     {widen<std::int8_t>, widen<std::int16_t>, widen_halves<true>}},
    dequantize<float>,
    dequantize<double>,
    squared_error,
};

}  // namespace pyinfo::quantization
