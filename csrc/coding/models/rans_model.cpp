#include "coding/models/rans_model.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "coding/models/fixed_log2.hpp"
#include "memory/small_buffer.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr std::size_t kSmall = 256;   // alphabets that need no allocation
constexpr int kSumBits = 31;          // of the counts: products with log2_step fit in 64 bits
constexpr std::uint32_t kLight = 16;  // frequencies below may be limited to powers of two

// How a frequency grows. gain(f): of the step up from f, per count and slot, in units of 2^-32
// bits; falls as f rises, which is why taking the best step again and again is optimal.
struct ByOne {
  static std::uint32_t next(std::uint32_t f) noexcept { return f + 1; }
  static std::uint32_t previous(std::uint32_t f) noexcept { return f - 1; }
  static std::uint32_t gain(std::uint32_t f) noexcept { return log2_step(f); }

  // The least frequency from which a step gains no more than `price`: `ideal` is near it.
  static std::uint32_t at_price(std::uint64_t count, std::uint64_t ideal,
                                std::uint64_t price) noexcept {
    const auto f = static_cast<std::uint32_t>(ideal) + (ideal == 0);
    return f + (count * gain(f) > price);
  }
};

// Light frequencies double.
struct ByDoubling {
  static std::uint32_t next(std::uint32_t f) noexcept { return f < kLight ? 2 * f : f + 1; }
  static std::uint32_t previous(std::uint32_t f) noexcept { return f <= kLight ? f / 2 : f - 1; }
  static std::uint32_t gain(std::uint32_t f) noexcept {
    return f < kLight ? 0xffffffff / f : log2_step(f);
  }
  static std::uint32_t at_price(std::uint64_t count, std::uint64_t ideal,
                                std::uint64_t price) noexcept {
    if (ideal >= kLight) return ByOne::at_price(count, ideal, price);
    std::uint32_t f = 1;
    while (f < kLight && count * gain(f) > price) f *= 2;
    return f;
  }
};

// The symbols present and what they get.
struct Model {
  std::size_t n;
  std::uint64_t total;  // of the counts
  std::uint32_t slots;  // 2^precision
  const std::uint32_t* counts;
  std::uint32_t* frequencies;
};

// A symbol in a heap, the best step on top; of equal ones the one with the lower `tie`.
struct Step {
  std::uint64_t gain;
  std::uint32_t tie;

  bool operator<(const Step& other) const noexcept {
    return gain != other.gain ? gain < other.gain : tie > other.tie;
  }
};

// Lets the top of a heap sink to where it belongs.
void sink(Step* heap, std::size_t n, std::size_t parent) noexcept {
  const Step step = heap[parent];
  for (std::size_t child; (child = 2 * parent + 1) < n; parent = child) {
    if (child + 1 < n && heap[child] < heap[child + 1]) ++child;
    if (!(step < heap[child])) break;
    heap[parent] = heap[child];
  }
  heap[parent] = step;
}

void make_heap(Step* heap, std::size_t n) noexcept {
  for (std::size_t parent = n / 2; parent-- > 0;) sink(heap, n, parent);
}

// Takes back the steps that gain least until the sum is no more than the slots. Ties: the highest
// symbol first. Returns the slots left.
template <class Growth>
std::uint32_t shrink(const Model& model, Step* heap, std::uint64_t excess) noexcept {
  const auto loss = [&](std::size_t i) {
    return ~(std::uint64_t{model.counts[i]} * Growth::gain(Growth::previous(model.frequencies[i])));
  };
  std::size_t n = 0;
  for (std::size_t i = 0; i < model.n; ++i) {
    if (model.frequencies[i] > 1) heap[n++] = {loss(i), ~static_cast<std::uint32_t>(i)};
  }
  make_heap(heap, n);
  for (;;) {
    const std::uint32_t i = ~heap[0].tie;
    std::uint32_t& f = model.frequencies[i];
    const std::uint32_t given = f - Growth::previous(f);
    f -= given;
    if (given >= excess) return given - static_cast<std::uint32_t>(excess);
    excess -= given;
    if (f > 1) {
      heap[0].gain = loss(i);
    } else {
      heap[0] = heap[--n];
    }
    sink(heap, n, 0);
  }
}

// Takes the steps that gain most until no slots are left. Ties: the lowest symbol first. A step too
// long for what is left is not taken, nor are later ones of its symbol.
template <class Growth>
void grow(const Model& model, Step* heap, std::uint32_t left) noexcept {
  const auto gain = [&](std::size_t i) {
    return std::uint64_t{model.counts[i]} * Growth::gain(model.frequencies[i]);
  };
  std::size_t n = model.n;
  for (std::size_t i = 0; i < n; ++i) heap[i] = {gain(i), static_cast<std::uint32_t>(i)};
  make_heap(heap, n);
  while (left > 0) {
    const std::uint32_t i = heap[0].tie;
    std::uint32_t& f = model.frequencies[i];
    const std::uint32_t taken = Growth::next(f) - f;
    if (taken <= left) {
      f += taken;
      left -= taken;
      heap[0].gain = gain(i);
    } else {
      heap[0] = heap[--n];
    }
    sink(heap, n, 0);
  }
}

// The greedy optimum: all steps are taken that gain more than some price per slot. The price is
// sought by Newton's method, and a heap corrects what is left or too much then.
//
// With frequencies f ~ count * density, steps from f to f + 1 gain about count / ((f + 1/2) ln 2) =
// 1 / (density ln 2): that is the price, and `density` stands for it.
template <class Growth>
void normalize(const Model& model) {
  constexpr int kDensityBits = 40;
  constexpr std::uint64_t kLeastDensity = 1 << 12;      // so that a price fits in 64 bits
  constexpr std::uint64_t kLog2E = 0x171547652b82fe17;  // 1 / ln 2 in units of 2^-60
  constexpr int kMaxRounds = 5;
  const std::uint64_t n = model.n;
  const std::uint64_t slots = model.slots;
  std::uint64_t density = (slots << kDensityBits) / model.total;
  std::uint64_t sum = 0;
  for (int round = 1;; ++round) {
    const std::uint64_t price =
        static_cast<std::uint64_t>((static_cast<uint128>(kLog2E) << 12) / density);
    std::uint64_t ones = 0;
    sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint64_t count = model.counts[i];
      const std::uint32_t f = Growth::at_price(count, count * density >> kDensityBits, price);
      model.frequencies[i] = f;
      sum += f;
      ones += f == 1;
    }
    const std::uint64_t error = sum > slots ? sum - slots : slots - sum;
    if (error <= n / 64 || round == kMaxRounds || sum == ones || slots == ones) break;
    // Frequencies of 1 stay what they are, the others follow the density.
    const auto wanted =
        static_cast<std::uint64_t>(static_cast<uint128>(density) * (slots - ones) / (sum - ones));
    density = std::max(std::min(wanted, 2 * density), kLeastDensity);
  }
  if (sum == slots) return;
  memory::SmallBuffer<Step, kSmall> heap(model.n);
  std::uint32_t left = static_cast<std::uint32_t>(slots - sum);
  if (sum > slots) left = shrink<Growth>(model, heap.data(), sum - slots);
  if (left > 0) grow<Growth>(model, heap.data(), left);
}

// Whether the intervals make at most kMaxPatterns patterns. Only light intervals do: at most one of
// the others begins inside a bucket.
bool patterns_fit(const Model& model) noexcept {
  std::uint32_t number[kLight] = {};
  for (std::size_t i = 0; i < model.n; ++i) {
    if (model.frequencies[i] < kLight) ++number[model.frequencies[i]];
  }
  std::uint32_t begin = model.slots;
  for (std::uint32_t f = 1; f < kLight; ++f) begin -= f * number[f];

  std::uint32_t patterns[kMaxPatterns];
  std::size_t n = 0;
  std::uint32_t pattern = 0;  // of the bucket that `begin` is in: bit r for slot r
  std::uint32_t bucket = begin / kBucketSlots;
  const auto fits = [&] {
    pattern &= ~1u;
    if ((pattern & (pattern - 1)) == 0) return true;
    if (std::find(patterns, patterns + n, pattern) != patterns + n) return true;
    if (n == kMaxPatterns) return false;
    patterns[n++] = pattern;
    return true;
  };
  for (std::uint32_t f = kLight - 1; f > 0; --f) {
    for (std::uint32_t k = 0; k < number[f]; ++k, begin += f) {
      if (begin / kBucketSlots != bucket) {
        if (!fits()) return false;
        bucket = begin / kBucketSlots;
        pattern = 0;
      }
      pattern |= 1u << begin % kBucketSlots;
    }
  }
  return fits();
}

// Collects the symbols present with their counts, scaled if they must be.
std::size_t find_present(const std::uint64_t* counts, std::size_t alphabet, std::uint32_t* present,
                         std::uint32_t* symbols, std::uint64_t& total) noexcept {
  uint128 sum = 0;
  for (std::size_t i = 0; i < alphabet; ++i) sum += counts[i];
  int shift = 0;
  if (sum >> kSumBits != 0) {
    while (sum >> (kSumBits - 1 + shift) != 0) ++shift;  // one bit to spare for rounding up
  }
  std::size_t n = 0;
  total = 0;
  for (std::size_t i = 0; i < alphabet; ++i) {
    const std::uint64_t count = counts[i] != 0 ? ((counts[i] - 1) >> shift) + 1 : 0;
    symbols[n] = static_cast<std::uint32_t>(i);
    present[n] = static_cast<std::uint32_t>(count);
    n += count != 0;
    total += count;
  }
  return n;
}

}  // namespace

void rans_frequencies(const std::uint64_t* counts, std::size_t alphabet, int precision,
                      bool fast_layout, std::uint32_t* frequencies) {
  PYINFO_ASSERT(precision >= kMinPrecision && precision <= kMaxPrecision);
  PYINFO_ASSERT(!fast_layout || (precision == kFastPrecision && alphabet <= 256));
  memory::SmallBuffer<std::uint32_t, kSmall + 1> present_memory(alphabet + 1);
  memory::SmallBuffer<std::uint32_t, kSmall + 1> symbol_memory(alphabet + 1);
  memory::SmallBuffer<std::uint32_t, kSmall> frequency_memory(alphabet);
  const std::uint32_t* const symbols = symbol_memory.data();
  Model model;
  model.n =
      find_present(counts, alphabet, present_memory.data(), symbol_memory.data(), model.total);
  model.slots = 1u << precision;
  model.counts = present_memory.data();
  model.frequencies = frequency_memory.data();
  if (alphabet > 0) std::memset(frequencies, 0, alphabet * sizeof(std::uint32_t));
  if (model.n == 0) return;
  PYINFO_ASSERT(model.n <= model.slots);
  normalize<ByOne>(model);
  if (fast_layout && !patterns_fit(model)) normalize<ByDoubling>(model);
  for (std::size_t i = 0; i < model.n; ++i) frequencies[symbols[i]] = model.frequencies[i];
}

std::size_t rans_ranking(const std::uint32_t* frequencies, std::size_t alphabet,
                         std::uint16_t* symbol_by_rank) {
  PYINFO_ASSERT(alphabet <= 65536);
  // By counting; the few symbols of large frequency (their sum is limited) are then sorted.
  constexpr std::uint32_t kLarge = 256;
  std::uint32_t position[kLarge + 1] = {};
  for (std::size_t i = 0; i < alphabet; ++i) {
    PYINFO_ASSERT(frequencies[i] <= 65536);
    ++position[std::min(frequencies[i], kLarge)];
  }
  const std::uint32_t large = position[kLarge];
  std::uint32_t sum = 0;
  for (std::uint32_t f = kLarge; f > 0; --f) {
    const std::uint32_t number = position[f];
    position[f] = sum;
    sum += number;
  }
  for (std::size_t i = 0; i < alphabet; ++i) {
    if (frequencies[i] == 0) continue;
    symbol_by_rank[position[std::min(frequencies[i], kLarge)]++] = static_cast<std::uint16_t>(i);
  }
  std::sort(symbol_by_rank, symbol_by_rank + large, [&](std::uint16_t a, std::uint16_t b) {
    return frequencies[a] != frequencies[b] ? frequencies[a] > frequencies[b] : a < b;
  });
  return sum;
}

std::uint64_t coded_bits(const std::uint64_t* counts, const std::uint32_t* frequencies,
                         std::size_t alphabet, int precision) noexcept {
  const std::uint64_t certain = std::uint64_t(precision) << kLogBits;
  uint128 bits = 0;
  for (std::size_t i = 0; i < alphabet; ++i) {
    if (counts[i] == 0) continue;
    PYINFO_ASSERT(frequencies[i] != 0 && frequencies[i] <= 1u << precision);
    bits += static_cast<uint128>(counts[i]) * (certain - fixed_log2(frequencies[i]));
  }
  bits = (bits + (std::uint64_t{1} << kLogBits) - 1) >> kLogBits;
  return bits >> 64 == 0 ? static_cast<std::uint64_t>(bits)
                         : std::numeric_limits<std::uint64_t>::max();
}

}  // namespace pyinfo::coding
