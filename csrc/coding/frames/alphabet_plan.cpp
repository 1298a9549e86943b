#include "coding/frames/alphabet_plan.hpp"

#include <algorithm>
#include <cstring>

#include "coding/alphabets/bitmaps.hpp"
#include "coding/frames/nested_block.hpp"
#include "coding/frames/varint.hpp"
#include "coding/models/fixed_log2.hpp"
#include "counting/byte_counts.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kValues = counting::kByteValues;
constexpr std::uint64_t kPreference = 64;  // a part of 64 more is well spent on speed

bool clearly_less(std::uint64_t a, std::uint64_t b) noexcept { return a + a / kPreference < b; }

// The entropy of the counts, in bytes.
std::uint64_t entropy_bytes(const std::uint64_t* counts, std::size_t values) noexcept {
  std::uint64_t sum = 0;
  std::uint64_t own = 0;  // at most 2^20 * 20 * 2^32
  for (std::size_t v = 0; v < values; ++v) {
    if (counts[v] == 0) continue;
    sum += counts[v];
    own += counts[v] * fixed_log2(counts[v]);
  }
  const std::uint64_t all = sum == 0 ? 0 : sum * fixed_log2(sum);
  return (all - std::min(all, own)) >> (kLogBits + 3);
}

// How often each digit occurs, from the counts of bytes; those that fill up the last one are none.
void count_digits(const std::uint64_t* bytes, const DigitBase& digit, std::size_t n,
                  std::uint64_t* counts) noexcept {
  std::fill(counts, counts + kMostDigits, 0);
  for (unsigned byte = 0; byte < digit.bytes; ++byte) {
    if (bytes[byte] == 0) continue;
    unsigned rest = byte;
    for (unsigned d = 0; d < digit.per_byte; ++d, rest /= digit.base) {
      counts[rest % digit.base] += bytes[byte];
    }
  }
  counts[0] -= packed_size(n, digit) * digit.per_byte - n;
}

// Whether digits are so evenly spread that their bytes are to be stored. Only where storing them
// costs little: bytes of three symbols have 243 values, which is 0.075 bits per byte too many, and
// the others lack none.
//
// With chi2 the sum over the values of (count - even)^2 / even, bytes are at most
// log2(1 + chi2 / size) bits short of log2(values). Noise alone makes chi2 values - 1 on average.
bool stored_as_even(const Alphabet& alphabet, const unsigned char* packed, std::size_t size,
                    unsigned char* sample) noexcept {
  const DigitBase& digit = alphabet.digit;
  if (alphabet.size != digit.base || digit.base == 6) return false;
  // 1/64 of 8 bits, less what all values lack: as 2^bits - 1, in units of 1/10000.
  const std::uint64_t tolerance = digit.base == 3 ? 351 : 905;
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kGroup = 8;  // of which one line is looked at, another one in each
  const std::size_t groups = size / (kLine * kGroup);
  std::uint64_t counts[kValues] = {};
  std::size_t seen = size;
  if (groups >= 64) {
    for (std::size_t g = 0; g < groups; ++g) {
      const std::size_t line = (std::uint32_t(g) * 0x9e3779b1u >> 24) % kGroup;
      std::memcpy(sample + g * kLine, packed + (g * kGroup + line) * kLine, kLine);
    }
    seen = groups * kLine;
    packed = sample;
  }
  counting::byte_counts(packed, seen, 1, counts);
  std::uint64_t squares = 0;
  for (const std::uint64_t count : counts) squares += count * count;
  const std::uint64_t chi2 = seen * tolerance / 10000 + digit.bytes - 1;
  return digit.bytes * squares <= seen * (seen + chi2);
}

void store_part(PartPlan& part) noexcept {
  BlockSizes& sizes = part.block.sizes;
  sizes = {};
  sizes.mode = Mode::raw;
  sizes.symbols = sizes.predicted = std::uint32_t(part.size);
  sizes.huffman = sizes.rans = BlockSizes::kNotPredicted;
}

// Plans bytes by their counts.
void plan_part(const std::uint64_t* counts, const Settings& settings, PartPlan& part) {
  BlockSizes& sizes = part.block.sizes;
  if (*std::max_element(counts, counts + kValues) == part.size) {
    store_part(part);
    sizes.mode = Mode::constant;
    sizes.predicted = 1;
    return;
  }
  plan_counted_block(part.bytes, part.size, counts, settings, part.block);
  if (!clearly_less(sizes.predicted, part.size)) store_part(part);
}

// The bits of n symbols, or where they change, whichever takes less: changes if they do so by more
// than what the time to undo them is worth. `counts` are those of the part then.
bool choose_edges(std::size_t n, unsigned char* edges, std::uint64_t* counts, PartPlan& part) {
  to_edges(part.bytes, n, edges);
  const std::size_t ones = count_bits(part.bytes, n);
  const std::size_t changes = count_bits(edges, n);
  if (!clearly_less(std::min(changes, n - changes), std::min(ones, n - ones))) return false;
  std::uint64_t of_edges[kValues] = {};
  counting::byte_counts(edges, part.size, 1, of_edges);
  if (!clearly_less(entropy_bytes(of_edges, kValues), entropy_bytes(counts, kValues))) return false;
  std::copy(of_edges, of_edges + kValues, counts);
  part.bytes = edges;
  return true;
}

// Plans n digits of the plan's alphabet, which are packed already; `memory` has another n / 8
// bytes. Returns a bound for what any code of single symbols takes, and how often each symbol
// occurs; or 0 where they are stored as even.
std::uint64_t plan_digits(std::size_t n, const Settings& settings, const unsigned char* packed,
                          unsigned char* memory, DigitsPlan& plan, std::uint64_t* symbol_counts) {
  const DigitBase& digit = plan.alphabet.digit;
  plan.packed = packed;
  plan.edges = false;
  PartPlan& part = plan.part;
  part.bytes = packed;
  part.size = packed_size(n, digit);
  if (stored_as_even(plan.alphabet, packed, part.size, memory)) {
    store_part(part);
    return 0;
  }
  std::uint64_t counts[kValues] = {};
  counting::byte_counts(packed, part.size, 1, counts);
  std::uint64_t digits[kMostDigits];
  count_digits(counts, digit, n, digits);
  if (digit.base == 2) plan.edges = choose_edges(n, memory, counts, part);
  plan_part(counts, settings, part);
  if (part.block.sizes.mode == Mode::raw && plan.edges) {
    plan.edges = false;
    part.bytes = packed;
  }
  std::fill(symbol_counts, symbol_counts + kValues, 0);
  for (unsigned d = 0; d < plan.alphabet.size; ++d) {
    symbol_counts[plan.alphabet.symbols[d]] = digits[d];
  }
  return entropy_bytes(digits, kMostDigits);
}

// The symbol that more than half of a sample has, if there is one.
bool prevailing(const unsigned char* symbols, std::size_t n, unsigned char& usual) noexcept {
  constexpr std::size_t kSample = 256;
  std::uint16_t counts[kValues] = {};
  for (std::size_t i = 0; i < kSample; ++i) ++counts[symbols[i * n / kSample]];
  const auto* const most = std::max_element(counts, counts + kValues);
  usual = static_cast<unsigned char>(most - counts);
  return *most > kSample / 2;
}

// Plans n symbols of which so many as `usual` says are the same. Returns a bound for what any code
// of single symbols takes, or 0 if there are too many others.
std::uint64_t plan_bitmap(const unsigned char* symbols, std::size_t n, const Settings& settings,
                          unsigned char* memory, BitmapPlan& plan) {
  const std::size_t size = bitmap_size(n);
  unsigned char* const bitmap = memory;
  unsigned char* const edges = bitmap + size;
  unsigned char* const others = edges + size;
  unsigned char* const packed = others + n;
  unsigned char* const sample = packed + (n + 1) / 2;
  plan.n_others = split_symbols(symbols, n, plan.usual, bitmap, others);
  if (plan.n_others == 0 || plan.n_others > n / 3) return 0;

  plan.bits.bytes = bitmap;
  plan.bits.size = size;
  std::uint64_t counts[kValues] = {};
  counting::byte_counts(bitmap, size, 1, counts);
  plan.edges = choose_edges(n, edges, counts, plan.bits);
  plan_part(counts, settings, plan.bits);
  if (plan.bits.block.sizes.mode == Mode::raw && plan.edges) {
    plan.edges = false;
    plan.bits.bytes = bitmap;
  }

  plan.in_digits = plan.n_others >= kFewestSymbols &&
                   find_and_pack(others, plan.n_others, plan.digits.alphabet, packed);
  std::fill(counts, counts + kValues, 0);
  counting::byte_counts(others, plan.n_others, 1, counts);
  if (plan.in_digits) {
    std::uint64_t of_others[kValues];
    plan_digits(plan.n_others, settings, packed, sample, plan.digits, of_others);
  } else {
    plan.others.bytes = others;
    plan.others.size = plan.n_others;
    plan_part(counts, settings, plan.others);
  }
  counts[plan.usual] = n - plan.n_others;
  return std::max<std::uint64_t>(1, entropy_bytes(counts, kValues));
}

}  // namespace

std::size_t PartPlan::predicted() const noexcept {
  const BlockSizes& sizes = block.sizes;
  const unsigned patches = sizes.mode == Mode::rans ? block.rans.patches : 0;
  return nested_header_size(sizes.mode, patches, sizes.predicted) + sizes.predicted;
}

std::size_t BitmapPlan::predicted() const noexcept {
  unsigned char number[kVarintBound];
  const std::size_t head = 2 + write_varint(n_others, number) + bits.predicted();
  if (!in_digits) return head + others.predicted();
  const std::size_t rest = digits.predicted();
  return head + nested_header_size(Mode::digits, 0, rest) + rest;
}

bool plan_alphabet(const unsigned char* symbols, std::size_t n, const Settings& settings,
                   unsigned char* packed, unsigned char* memory, AlphabetPlan& plan) {
  PYINFO_ASSERT(n >= kFewestSymbols && n <= kMaxBlockSymbols);
  constexpr std::size_t kFewestOfBitmap = 256;
  std::uint64_t bound = 0;
  std::uint64_t predicted = 0;
  std::uint64_t counts[kValues];
  if (find_and_pack(symbols, n, plan.digits.alphabet, packed)) {
    plan.mode = Mode::digits;
    bound = plan_digits(n, settings, packed, memory, plan.digits, counts);
    if (bound == 0 && plan.digits.part.block.sizes.mode == Mode::raw) return true;
    predicted = plan.digits.predicted();
  } else if (n >= kFewestOfBitmap && prevailing(symbols, n, plan.bitmap.usual)) {
    plan.mode = Mode::bitmap;
    bound = plan_bitmap(symbols, n, settings, memory, plan.bitmap);
    if (bound == 0) return false;
    predicted = plan.bitmap.predicted();
  } else {
    return false;
  }
  if (!clearly_less(bound, predicted)) return true;
  // Close to what single symbols have to take, or short: the other codes are to be looked at.
  // So few symbols do not look incompressible, whichever sample is taken.
  if (plan.mode == Mode::digits && counts_exactly(n, settings)) {
    plan_counted_block(symbols, n, counts, settings, plan.direct);
  } else {
    unsigned char* const sample = memory + alphabet_memory(n) - n / 8;  // which no part is in
    plan_block(symbols, n, settings, sample, plan.direct);
  }
  const BlockSizes& direct = plan.direct.sizes;
  if (clearly_less(direct.predicted, predicted)) plan.mode = direct.mode;
  return true;
}

}  // namespace pyinfo::coding
