// Bits and steps of groups of 64 elements. Compiled once per instruction set.
#include <cstddef>
#include <cstdint>

#include "coding/deltas/group_masks.hpp"
#include "coding/deltas/step_rows.hpp"
#include "coding/deltas/steps.hpp"
#include "simd/assert.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

template <class T>
PYINFO_INLINE T sign_of(T x) {  // all ones or zeros
  return T(typename SignedOf<T>::type(x) >> (8 * sizeof(T) - 1));
}
template <class T, bool floats>
PYINFO_INLINE T ordered(T x) {
  return floats ? T(x ^ T(sign_of(x) >> 1)) : x;
}
template <class T, bool floats>
PYINFO_INLINE T step_between(T a, T b) {
  const T step = T(ordered<T, floats>(b) - ordered<T, floats>(a));
  return T(T(step << 1) ^ sign_of(step));
}
template <class T, bool floats>
PYINFO_INLINE T step_from(T a, T z) {
  const T step = T(T(z >> 1) ^ T(0 - T(z & 1)));
  return ordered<T, floats>(T(ordered<T, floats>(a) + step));
}

// Which elements of a group belong to which class.
template <class T>
PYINFO_INLINE void class_masks(const std::uint64_t* least, unsigned count, const T* elements,
                               std::uint64_t valid, std::uint64_t (&masks)[kMostClasses]) {
  std::uint64_t rest = valid;
  if (count > 1) {
    const Magnitudes<T> magnitudes(elements);
    for (unsigned c = 1; c < count; ++c) {
      const std::uint64_t above = magnitudes.at_least(T(least[c])) & valid;
      masks[c - 1] = rest & ~above;
      rest = above;
    }
  }
  masks[count - 1] = rest;
}

PYINFO_INLINE std::uint64_t valid_bits(std::size_t left) {
  return left < kGroup ? (std::uint64_t{1} << left) - 1 : ~std::uint64_t{0};
}

// The bits of a class that are being written, out of reach of what is written through pointers.
struct BitsOut {
  unsigned char* to[kMostClasses];
  std::uint64_t word[kMostClasses];
  unsigned fill[kMostClasses];

  PYINFO_INLINE void append(unsigned c, std::uint64_t bits, unsigned count) {
    const unsigned at = fill[c];
    const std::uint64_t next = word[c] | bits << at;
    PYINFO_COPY(to[c], &next, sizeof next);
    const unsigned end = at + count;
    to[c] += end / 64 * 8;
    word[c] = end >= 64 ? bits >> 1 >> (63 - at) : next;
    fill[c] = end % 64;
  }
};

template <class T, bool floats>
PYINFO_INLINE unsigned class_at(const ClassTable& table, T x) {
  if constexpr (floats) {
    return table.class_of[std::size_t(x & kMagnitude<T>) >> table.kind.mantissa];
  } else {
    return 0;
  }
}

template <class T, bool floats>
void split_all(const ClassTable& table, const unsigned char* old_bytes,
               const unsigned char* new_bytes, std::size_t n, StepsOut& out) {
  const unsigned count = table.count;
  BitsOut bits;
  T* steps[kMostClasses];
  std::uint64_t least[kMostClasses];
  for (unsigned c = 0; c < count; ++c) {
    bits.to[c] = out.bits[c];
    bits.word[c] = out.word[c];
    bits.fill[c] = out.fill[c];
    steps[c] = reinterpret_cast<T*>(out.steps[c]);
    least[c] = table.least[c];
  }
  const T* before = reinterpret_cast<const T*>(old_bytes);
  const T* after = reinterpret_cast<const T*>(new_bytes);
  for (std::size_t i = 0; i < n; i += kGroup, before += kGroup, after += kGroup) {
    const std::uint64_t valid = valid_bits(n - i);
    std::uint64_t changed = differ<T>(before, after) & valid;
    std::uint64_t masks[kMostClasses];
    class_masks<T>(least, count, before, valid, masks);
    for (unsigned c = 0; c < count; ++c) {
      bits.append(c, gather_bits(changed, masks[c]), count_bits(masks[c]));
    }
#ifdef PYINFO_STEP_ROWS
    if constexpr (sizeof(T) == 2) {
      if (changed != 0) take_steps<floats>(before, after, changed, masks, count, steps);
      continue;
    }
#endif
    for (; changed != 0; changed &= changed - 1) {
      const unsigned at = lowest_bit(changed);
      *steps[class_at<T, floats>(table, before[at])]++ =
          step_between<T, floats>(before[at], after[at]);
    }
  }
  for (unsigned c = 0; c < count; ++c) {
    PYINFO_COPY(bits.to[c], &bits.word[c], sizeof bits.word[c]);
    out.bits[c] = bits.to[c];
    out.word[c] = bits.word[c];
    out.fill[c] = bits.fill[c];
    out.steps[c] = reinterpret_cast<unsigned char*>(steps[c]);
  }
}

// 64 bits from bit `used` on.
PYINFO_INLINE std::uint64_t bits_from(const unsigned char* bits, std::uint64_t used) {
  std::uint64_t word;
  PYINFO_COPY(&word, bits + used / 8, sizeof word);
  const unsigned skip = used % 8;
  return word >> skip | std::uint64_t{bits[used / 8 + 8]} << 1 << (63 - skip);
}

template <class T, bool floats>
bool join_all(const ClassTable& table, unsigned char* bytes, std::size_t n, StepsIn& in) {
  const unsigned count = table.count;
  const T* steps[kMostClasses];
  const T* steps_end[kMostClasses];
  const unsigned char* bits[kMostClasses];
  std::uint64_t used[kMostClasses], ends[kMostClasses], least[kMostClasses];
  for (unsigned c = 0; c < count; ++c) {
    steps[c] = reinterpret_cast<const T*>(in.steps[c]);
    steps_end[c] = reinterpret_cast<const T*>(in.steps_end[c]);
    bits[c] = in.bits[c];
    used[c] = in.used[c];
    ends[c] = in.ends[c];
    least[c] = table.least[c];
  }
  T* elements = reinterpret_cast<T*>(bytes);
  for (std::size_t i = 0; i < n; i += kGroup, elements += kGroup) {
    std::uint64_t masks[kMostClasses];
    class_masks<T>(least, count, elements, valid_bits(n - i), masks);
    std::uint64_t changed = 0;
    for (unsigned c = 0; c < count; ++c) {
      const unsigned members = count_bits(masks[c]);
      if (members > ends[c] - used[c]) return false;
      changed |= scatter_bits(bits_from(bits[c], used[c]), masks[c]);
      used[c] += members;
    }
#ifdef PYINFO_STEP_ROWS
    if constexpr (sizeof(T) == 2) {
      if (changed != 0) put_steps<floats>(elements, changed, masks, count, steps);
      changed = 0;
    }
#endif
    for (; changed != 0; changed &= changed - 1) {
      T& element = elements[lowest_bit(changed)];
      element = step_from<T, floats>(element, *steps[class_at<T, floats>(table, element)]++);
    }
    // What was read beyond an end is memory, but no steps.
    bool enough = true;
    for (unsigned c = 0; c < count; ++c) enough &= steps[c] <= steps_end[c];
    if (!enough) return false;
  }
  for (unsigned c = 0; c < count; ++c) {
    in.steps[c] = reinterpret_cast<const unsigned char*>(steps[c]);
    in.used[c] = used[c];
  }
  return true;
}

void split(const ClassTable& table, const unsigned char* before, const unsigned char* after,
           std::size_t n, StepsOut& out) noexcept {
  const bool floats = table.kind.mantissa > 0;
  switch (table.kind.size) {
    case 1:
      return split_all<std::uint8_t, false>(table, before, after, n, out);
    case 2:
      return floats ? split_all<std::uint16_t, true>(table, before, after, n, out)
                    : split_all<std::uint16_t, false>(table, before, after, n, out);
    case 4:
      return floats ? split_all<std::uint32_t, true>(table, before, after, n, out)
                    : split_all<std::uint32_t, false>(table, before, after, n, out);
    default:
      return floats ? split_all<std::uint64_t, true>(table, before, after, n, out)
                    : split_all<std::uint64_t, false>(table, before, after, n, out);
  }
}

bool join(const ClassTable& table, unsigned char* elements, std::size_t n, StepsIn& in) noexcept {
  const bool floats = table.kind.mantissa > 0;
  switch (table.kind.size) {
    case 1:
      return join_all<std::uint8_t, false>(table, elements, n, in);
    case 2:
      return floats ? join_all<std::uint16_t, true>(table, elements, n, in)
                    : join_all<std::uint16_t, false>(table, elements, n, in);
    case 4:
      return floats ? join_all<std::uint32_t, true>(table, elements, n, in)
                    : join_all<std::uint32_t, false>(table, elements, n, in);
    default:
      return floats ? join_all<std::uint64_t, true>(table, elements, n, in)
                    : join_all<std::uint64_t, false>(table, elements, n, in);
  }
}

}  // namespace

extern const StepKernels PYINFO_TABLE(step_kernels);
const StepKernels PYINFO_TABLE(step_kernels) = {split, join};

}  // namespace pyinfo::coding
