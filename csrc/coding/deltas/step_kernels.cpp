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

// What the elements of classes are at least.
template <class T>
struct ClassBounds {
  using Bound = typename Magnitudes<T>::Bound;
  PYINFO_INLINE explicit ClassBounds(const ClassTable& table)
      : count(table.count), mantissa(table.kind.mantissa) {
    for (unsigned c = 1; c < count; ++c) {
      bounds[c] = Magnitudes<T>::bound(T(table.least[c]), mantissa);
    }
  }
  // Calls take(c, mask) for each class and its elements among those of `valid`.
  template <class Take>
  PYINFO_INLINE void each_class(const T* elements, std::uint64_t valid, const Take& take) const {
    if (count == 1) return take(0, valid);
    const Magnitudes<T> magnitudes(elements, mantissa);
    std::uint64_t rest = valid;
    for (unsigned c = 1; c < count; ++c) {
      const std::uint64_t higher = magnitudes.at_least(bounds[c]) & valid;
      take(c - 1, rest ^ higher);
      rest = higher;
    }
    take(count - 1, rest);
  }
  unsigned count, mantissa;
  Bound bounds[kMostClasses];  // [0] is not used
};

PYINFO_INLINE std::uint64_t valid_bits(std::size_t left) {
  return left < kGroup ? (std::uint64_t{1} << left) - 1 : ~std::uint64_t{0};
}

// A group of what is read later.
template <class T>
PYINFO_INLINE void ask_for(const unsigned char* bytes, std::size_t i) {
  constexpr std::size_t kLine = 64;
  const std::uintptr_t group = reinterpret_cast<std::uintptr_t>(bytes) + i * sizeof(T);
  for (std::size_t k = 0; k < kGroup * sizeof(T); k += kLine) {
    PYINFO_PREFETCH(reinterpret_cast<const void*>(group + k));
  }
}

// The bits of classes that are being written, out of reach of what is written through pointers.
struct BitsOut {
  PYINFO_INLINE BitsOut(const StepsOut& out, unsigned classes) {
    for (unsigned c = 0; c < classes; ++c) {
      base[c] = out.bits[c];
      used[c] = out.fill[c];
      PYINFO_COPY(base[c], &out.word[c], sizeof out.word[c]);
    }
  }
  PYINFO_INLINE void append(unsigned c, std::uint64_t bits, unsigned count) {
    const std::uint64_t at = used[c];
    const unsigned skip = at % 8;
    unsigned char* const to = base[c] + at / 8;
    const std::uint64_t next = *to | bits << skip;
    PYINFO_COPY(to, &next, sizeof next);
    if (count > 56) to[8] = static_cast<unsigned char>(bits >> 1 >> (63 - skip));
    used[c] = at + count;
  }
  PYINFO_INLINE void finish(StepsOut& out, unsigned classes) const {
    for (unsigned c = 0; c < classes; ++c) {
      out.bits[c] = base[c] + used[c] / 64 * 8;
      out.fill[c] = used[c] % 64;
      std::uint64_t word;
      PYINFO_COPY(&word, out.bits[c], sizeof word);
      out.word[c] = word & ((std::uint64_t{1} << out.fill[c]) - 1);
      PYINFO_COPY(out.bits[c], &out.word[c], sizeof word);
    }
  }
  unsigned char* base[kMostClasses];
  std::uint64_t used[kMostClasses];  // bits from there on
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
               const unsigned char* new_bytes, std::size_t n, Ahead ahead, StepsOut& out) {
  const unsigned count = table.count;
  const ClassBounds<T> bounds(table);
  BitsOut bits(out, count);
  T* steps[kMostClasses];
  for (unsigned c = 0; c < count; ++c) steps[c] = reinterpret_cast<T*>(out.steps[c]);
#ifdef PYINFO_STEP_ROWS
  const RowBounds rows(table.least, count);
  MovedOut moved;
#endif
  const T* before = reinterpret_cast<const T*>(old_bytes);
  const T* after = reinterpret_cast<const T*>(new_bytes);
  for (std::size_t i = 0; i < n; i += kGroup, before += kGroup, after += kGroup) {
    ask_for<T>(ahead.before, i);
    ask_for<T>(ahead.after, i);
    const std::uint64_t valid = valid_bits(n - i);
    std::uint64_t changed = differ<T>(before, after) & valid;
    bounds.each_class(before, valid, [&](unsigned c, std::uint64_t mask) {
      bits.append(c, gather_bits(changed, mask), count_bits(mask));
    });
#ifdef PYINFO_STEP_ROWS
    if constexpr (sizeof(T) == 2) {
      if (changed != 0) moved.add(before, after, changed);
      if (moved.is_full()) moved.flush<floats>(rows, steps);
      continue;
    }
#endif
    for (; changed != 0; changed &= changed - 1) {
      const unsigned at = lowest_bit(changed);
      *steps[class_at<T, floats>(table, before[at])]++ =
          step_between<T, floats>(before[at], after[at]);
    }
  }
#ifdef PYINFO_STEP_ROWS
  if constexpr (sizeof(T) == 2) moved.flush<floats>(rows, steps);
#endif
  bits.finish(out, count);
  for (unsigned c = 0; c < count; ++c) out.steps[c] = reinterpret_cast<unsigned char*>(steps[c]);
}

// So many bits, and others behind them, from bit `used` on.
PYINFO_INLINE std::uint64_t bits_from(const unsigned char* bits, std::uint64_t used,
                                      unsigned count) {
  const unsigned char* const from = bits + used / 8;
  const unsigned skip = used % 8;
  std::uint64_t word;
  PYINFO_COPY(&word, from, sizeof word);
  word >>= skip;
  if (count > 57) word |= std::uint64_t{from[8]} << 1 << (63 - skip);
  return word;
}

template <class T, bool floats>
bool join_all(const ClassTable& table, unsigned char* bytes, std::size_t n, Ahead ahead,
              StepsIn& in) {
  const unsigned count = table.count;
  const ClassBounds<T> bounds(table);
  const T* steps[kMostClasses];
  const T* steps_end[kMostClasses];
  const unsigned char* bits[kMostClasses];
  std::uint64_t used[kMostClasses], ends[kMostClasses];
  for (unsigned c = 0; c < count; ++c) {
    steps[c] = reinterpret_cast<const T*>(in.steps[c]);
    steps_end[c] = reinterpret_cast<const T*>(in.steps_end[c]);
    bits[c] = in.bits[c];
    used[c] = in.used[c];
    ends[c] = in.ends[c];
  }
#ifdef PYINFO_STEP_ROWS
  const RowBounds rows(table.least, count);
  MovedIn moved;
#endif
  T* elements = reinterpret_cast<T*>(bytes);
  for (std::size_t i = 0; i < n; i += kGroup, elements += kGroup) {
    ask_for<T>(ahead.before, i);
    std::uint64_t changed = 0;
    bool enough = true;
    bounds.each_class(elements, valid_bits(n - i), [&](unsigned c, std::uint64_t mask) {
      const unsigned members = count_bits(mask);
      changed |= scatter_bits(bits_from(bits[c], used[c], members), mask);
      used[c] += members;
      enough &= used[c] <= ends[c];
    });
    if (!enough) return false;
#ifdef PYINFO_STEP_ROWS
    if constexpr (sizeof(T) == 2) {
      moved.add(elements, changed);
      if (moved.is_full() && !moved.flush<floats>(rows, steps, steps_end, elements + kGroup)) {
        return false;
      }
      continue;
    }
#endif
    for (; changed != 0; changed &= changed - 1) {
      T& element = elements[lowest_bit(changed)];
      element = step_from<T, floats>(element, *steps[class_at<T, floats>(table, element)]++);
    }
    // What was read beyond an end is memory, but no steps.
    for (unsigned c = 0; c < count; ++c) enough &= steps[c] <= steps_end[c];
    if (!enough) return false;
  }
#ifdef PYINFO_STEP_ROWS
  if constexpr (sizeof(T) == 2) {
    if (!moved.flush<floats>(rows, steps, steps_end, elements)) return false;
  }
#endif
  for (unsigned c = 0; c < count; ++c) {
    in.steps[c] = reinterpret_cast<const unsigned char*>(steps[c]);
    in.used[c] = used[c];
  }
  return true;
}

void split(const ClassTable& table, const unsigned char* before, const unsigned char* after,
           std::size_t n, Ahead ahead, StepsOut& out) noexcept {
  const bool floats = table.kind.mantissa > 0;
  switch (table.kind.size) {
    case 1:
      return split_all<std::uint8_t, false>(table, before, after, n, ahead, out);
    case 2:
      return floats ? split_all<std::uint16_t, true>(table, before, after, n, ahead, out)
                    : split_all<std::uint16_t, false>(table, before, after, n, ahead, out);
    case 4:
      return floats ? split_all<std::uint32_t, true>(table, before, after, n, ahead, out)
                    : split_all<std::uint32_t, false>(table, before, after, n, ahead, out);
    default:
      return floats ? split_all<std::uint64_t, true>(table, before, after, n, ahead, out)
                    : split_all<std::uint64_t, false>(table, before, after, n, ahead, out);
  }
}

bool join(const ClassTable& table, unsigned char* elements, std::size_t n, Ahead ahead,
          StepsIn& in) noexcept {
  const bool floats = table.kind.mantissa > 0;
  switch (table.kind.size) {
    case 1:
      return join_all<std::uint8_t, false>(table, elements, n, ahead, in);
    case 2:
      return floats ? join_all<std::uint16_t, true>(table, elements, n, ahead, in)
                    : join_all<std::uint16_t, false>(table, elements, n, ahead, in);
    case 4:
      return floats ? join_all<std::uint32_t, true>(table, elements, n, ahead, in)
                    : join_all<std::uint32_t, false>(table, elements, n, ahead, in);
    default:
      return floats ? join_all<std::uint64_t, true>(table, elements, n, ahead, in)
                    : join_all<std::uint64_t, false>(table, elements, n, ahead, in);
  }
}

}  // namespace

extern const StepKernels PYINFO_TABLE(step_kernels);
const StepKernels PYINFO_TABLE(step_kernels) = {split, join};

}  // namespace pyinfo::coding
