#include "quantization/quantizers.hpp"

#include <algorithm>
#include <atomic>
#include <limits>

#include "quantization/blocks.hpp"
#include "simd/assert.hpp"

namespace pyinfo::quantization {

PYINFO_KERNEL_TABLES(QuantizerKernels, quantizer_kernels)

namespace {

const QuantizerKernels& active() noexcept {
  static const QuantizerKernels& kernels = quantizer_kernels(simd::active());
  return kernels;
}

std::int32_t zero_of(const Steps& steps, std::size_t group) noexcept {
  return steps.zeros == nullptr ? 0 : steps.zeros[group];
}

template <class T>
bool quantize_run(const T* x, std::size_t n, double step, std::int32_t zero, double dead_zone,
                  const IntegerFormat& format, std::int32_t* to) noexcept {
  // A step that T cannot hold is as small as T can be, a step of 0 as large.
  const T smallest = std::numeric_limits<T>::denorm_min();
  const T divisor = step == 0 ? std::numeric_limits<T>::infinity() : std::max<T>(T(step), smallest);
  const Grid<T> grid{divisor, T(format.low - zero), T(format.high - zero), T(dead_zone)};
  if constexpr (sizeof(T) == 8)
    return active().quantize_double(x, n, grid, zero, to);
  else
    return active().quantize_float(x, n, grid, zero, to);
}

template <class T>
bool quantize_block(const Values& x, std::size_t first, std::size_t n, const Steps& steps,
                    const IntegerFormat& format, std::int32_t* to) noexcept {
  T block[kBlock];
  load(x, first, n, block);
  bool complete = true;
  each_group(first, n, steps.size, [&](std::size_t group, std::size_t at, std::size_t run) {
    complete &= quantize_run<T>(block + at, run, steps.steps[group], zero_of(steps, group),
                                steps.dead_zone, format, to + at);
  });
  return complete;
}

void narrow(const std::int32_t* from, std::size_t first, std::size_t n, Storage storage,
            void* to) noexcept {
  char* const bytes = static_cast<char*>(to);
  switch (storage) {
    case Storage::bits_8:
      return active().narrow_8(from, n, bytes + first);
    case Storage::bits_16:
      return active().narrow_16(from, n, bytes + 2 * first);
    case Storage::bits_4:
      return active().narrow_4(from, n, bytes + first / 2);  // blocks begin at even places
  }
}

void widen(const void* from, std::size_t first, std::size_t n, const IntegerFormat& format,
           std::int32_t* to) noexcept {
  const char* const bytes = static_cast<const char*>(from);
  const std::size_t at = format.storage == Storage::bits_8    ? first
                         : format.storage == Storage::bits_16 ? 2 * first
                                                              : first / 2;
  active().widen[format.is_signed][std::size_t(format.storage)](bytes + at, n, to);
}

}  // namespace

std::size_t IntegerFormat::bytes(std::size_t n) const noexcept {
  return storage == Storage::bits_8 ? n : storage == Storage::bits_16 ? 2 * n : (n + 1) / 2;
}

bool quantize(const Values& x, const Steps& steps, const IntegerFormat& format, int threads,
              void* to) {
  PYINFO_ASSERT(steps.size > 0 && format.low <= format.high);
  std::atomic<bool> complete{true};
  each_block(x.size, threads, [&](std::size_t first, std::size_t n) {
    std::int32_t integers[kBlock];
    const bool good = x.type == elements::Element::float64
                          ? quantize_block<double>(x, first, n, steps, format, integers)
                          : quantize_block<float>(x, first, n, steps, format, integers);
    if (!good) complete.store(false, std::memory_order_relaxed);
    narrow(integers, first, n, format.storage, to);
  });
  return complete.load();
}

void dequantize(const void* q, std::size_t n, const Steps& steps, const IntegerFormat& format,
                elements::Element type, int threads, void* to) {
  PYINFO_ASSERT(type == elements::Element::float32 || type == elements::Element::float64);
  PYINFO_ASSERT(steps.size > 0);
  each_block(n, threads, [&](std::size_t first, std::size_t count) {
    std::int32_t integers[kBlock];
    widen(q, first, count, format, integers);
    each_group(first, count, steps.size, [&](std::size_t group, std::size_t at, std::size_t run) {
      const std::int32_t zero = zero_of(steps, group);
      const double step = steps.steps[group];
      if (type == elements::Element::float64) {
        active().dequantize_double(integers + at, run, zero, step,
                                   static_cast<double*>(to) + first + at);
      } else {
        active().dequantize_float(integers + at, run, zero, float(step),
                                  static_cast<float*>(to) + first + at);
      }
    });
  });
}

}  // namespace pyinfo::quantization
