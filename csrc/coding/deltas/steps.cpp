#include "coding/deltas/steps.hpp"

#include <cstring>

#include "simd/assert.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(StepKernels, step_kernels)

const StepKernels& step_kernels() noexcept {
  static const StepKernels& kernels = step_kernels(simd::coder_isa());
  return kernels;
}

ClassTable::ClassTable(const Classes& classes) noexcept
    : kind(classes.kind), count(classes.count), least{}, class_of{} {
  PYINFO_ASSERT(is_element_kind(kind));
  PYINFO_ASSERT(count >= 1 && count <= kMostClasses && (count == 1 || kind.mantissa > 0));
  for (unsigned c = 1; c < count; ++c) {
    PYINFO_ASSERT(classes.from[c] > classes.from[c - 1]);
    PYINFO_ASSERT(classes.from[c] < 1u << exponent_bits(kind));
    least[c] = std::uint64_t{classes.from[c]} << kind.mantissa;
    for (unsigned e = classes.from[c]; e < 1u << exponent_bits(kind); ++e) {
      class_of[e] = static_cast<std::uint8_t>(c);
    }
  }
}

namespace {

std::uint64_t load(const unsigned char* bytes, unsigned size) noexcept {
  std::uint64_t number = 0;
  for (unsigned k = 0; k < size; ++k) number |= std::uint64_t{bytes[k]} << 8 * k;
  return number;
}
void store(unsigned char* bytes, unsigned size, std::uint64_t number) noexcept {
  for (unsigned k = 0; k < size; ++k) bytes[k] = static_cast<unsigned char>(number >> 8 * k);
}

std::uint64_t all_bits(ElementKind kind) noexcept {
  return ~std::uint64_t{0} >> (64 - 8 * kind.size);
}

// As a number in the order of the elements, and the way back.
std::uint64_t ordered(std::uint64_t x, ElementKind kind) noexcept {
  const bool negative = (x >> (8 * kind.size - 1) & 1) != 0;
  return kind.mantissa > 0 && negative ? x ^ all_bits(kind) >> 1 : x;
}
std::uint64_t folded(std::uint64_t step, ElementKind kind) noexcept {
  const bool negative = (step >> (8 * kind.size - 1) & 1) != 0;
  return (negative ? ~(step << 1) : step << 1) & all_bits(kind);
}
std::uint64_t unfolded(std::uint64_t z) noexcept { return (z & 1) != 0 ? ~(z >> 1) : z >> 1; }

unsigned class_of(std::uint64_t x, const ClassTable& table) noexcept {
  const std::uint64_t magnitude = x & all_bits(table.kind) >> 1;
  unsigned c = 0;
  while (c + 1 < table.count && magnitude >= table.least[c + 1]) ++c;
  return c;
}

void split(const ClassTable& table, const unsigned char* before, const unsigned char* after,
           std::size_t n, Ahead /*ahead*/, StepsOut& out) noexcept {
  const ElementKind kind = table.kind;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t a = load(before + i * kind.size, kind.size);
    const std::uint64_t b = load(after + i * kind.size, kind.size);
    const unsigned c = class_of(a, table);
    if (a != b) {
      out.word[c] |= std::uint64_t{1} << out.fill[c];
      store(out.steps[c], kind.size, folded(ordered(b, kind) - ordered(a, kind), kind));
      out.steps[c] += kind.size;
    }
    if (++out.fill[c] == 64) {
      store(out.bits[c], 8, out.word[c]);
      out.bits[c] += 8;
      out.word[c] = 0;
      out.fill[c] = 0;
    }
  }
  for (unsigned c = 0; c < table.count; ++c) store(out.bits[c], 8, out.word[c]);
}

bool join(const ClassTable& table, unsigned char* elements, std::size_t n, Ahead /*ahead*/,
          StepsIn& in) noexcept {
  const ElementKind kind = table.kind;
  for (std::size_t i = 0; i < n; ++i) {
    unsigned char* const element = elements + i * kind.size;
    const std::uint64_t a = load(element, kind.size);
    const unsigned c = class_of(a, table);
    if (in.used[c] == in.ends[c]) return false;
    const bool changed = (in.bits[c][in.used[c] / 8] >> in.used[c] % 8 & 1) != 0;
    ++in.used[c];
    if (!changed) continue;
    if (in.steps[c] == in.steps_end[c]) return false;
    const std::uint64_t step = unfolded(load(in.steps[c], kind.size));
    in.steps[c] += kind.size;
    store(element, kind.size, ordered((ordered(a, kind) + step) & all_bits(kind), kind));
  }
  return true;
}

}  // namespace

const StepKernels& step_reference() noexcept {
  static constexpr StepKernels reference{split, join};
  return reference;
}

}  // namespace pyinfo::coding
