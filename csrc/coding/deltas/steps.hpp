// What changed between two arrays, as bits and steps in classes.
//
// Elements are little-endian numbers of 1, 2, 4 or 8 bytes. Floats are taken for integers in the
// order of the numbers, -0 just below 0; a step is the difference of two such integers, modulo the
// range of the type, with its sign folded into the lowest bit. How likely an element of a model's
// weights is to change in a step of training, and by how many units in the last place, depends on
// its exponent. So an element belongs to a class by its OLD exponent, and each class has a bitmap,
// one bit per element of the class, and the steps of those whose bit is set.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::coding {

inline constexpr unsigned kMostClasses = 8;
inline constexpr std::size_t kGroup = 64;  // elements that kernels take at a time

// What elements are: whole numbers if they have no mantissa, else floats whose exponent lies
// between the mantissa and the sign.
struct ElementKind {
  unsigned size = 1;      // bytes: 1, 2, 4 or 8
  unsigned mantissa = 0;  // bits
};
constexpr bool is_element_kind(ElementKind kind) noexcept {
  return kind.mantissa == 0 ? kind.size == 1 || kind.size == 2 || kind.size == 4 || kind.size == 8
                            : (kind.size == 2 && (kind.mantissa == 7 || kind.mantissa == 10)) ||
                                  (kind.size == 4 && kind.mantissa == 23) ||
                                  (kind.size == 8 && kind.mantissa == 52);
}
constexpr unsigned exponent_bits(ElementKind kind) noexcept {
  return kind.mantissa == 0 ? 0 : 8 * kind.size - 1 - kind.mantissa;
}
inline constexpr unsigned kMostExponents = 1u << 11;

// Ranges of old exponents: class c has those from from[c] up to below from[c + 1].
struct Classes {
  ElementKind kind;
  unsigned count = 1;
  std::uint16_t from[kMostClasses] = {};  // from[0] = 0, rising
};

// The same as kernels want it.
struct ClassTable {
  explicit ClassTable(const Classes& classes) noexcept;
  ElementKind kind;
  unsigned count;
  std::uint64_t least[kMostClasses];  // of a class: the least number without its sign
  std::uint8_t class_of[kMostExponents];
};

// Where the bits and steps of each class go. Bits are gathered in words of 64, lowest first; the
// word that is not full is written as well, and what is behind a class's last bit is 0.
struct StepsOut {
  unsigned char* bits[kMostClasses];  // where the words go: room for the elements and 16 bytes more
  std::uint64_t word[kMostClasses];
  unsigned fill[kMostClasses];         // bits of the word
  unsigned char* steps[kMostClasses];  // room for the elements and kGroup more
};

// Where they come from. Both may be read kGroup bits and steps beyond their ends.
struct StepsIn {
  const unsigned char* bits[kMostClasses];
  std::uint64_t used[kMostClasses];  // bits so far
  std::uint64_t ends[kMostClasses];  // bits there are
  const unsigned char* steps[kMostClasses];
  const unsigned char* steps_end[kMostClasses];
};

// What will be read after n elements, as many again: it is asked for meanwhile. Addresses need not
// be those of memory.
struct Ahead {
  const unsigned char* before = nullptr;
  const unsigned char* after = nullptr;
};

struct StepKernels {
  // Appends the bits and steps of n elements, which can be read up to a whole group.
  void (*split)(const ClassTable& table, const unsigned char* before, const unsigned char* after,
                std::size_t n, Ahead ahead, StepsOut& out) noexcept;
  // Turns n elements, which can be read and written up to a whole group, into the new ones. False
  // if bits or steps run out: these are not those of the elements.
  bool (*join)(const ClassTable& table, unsigned char* elements, std::size_t n, Ahead ahead,
               StepsIn& in) noexcept;
};
const StepKernels& step_kernels(simd::Isa isa) noexcept;
const StepKernels& step_kernels() noexcept;  // of the instruction set that is used

// The definition, element by element and bit by bit: the oracle of the kernels.
const StepKernels& step_reference() noexcept;

}  // namespace pyinfo::coding
