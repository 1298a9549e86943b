#include "coding/deltas/step_classes.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "coding/models/fixed_log2.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

// The sample: runs of elements at equal distances.
constexpr std::size_t kRun = 256;
constexpr std::size_t kRuns = 512;

// What a class costs beside its symbols: tables and lanes of its bits and steps.
constexpr std::uint64_t kClassBytes = 110;

// And time: it must save this part of the size.
constexpr std::uint64_t kWorthwhile = 500;

constexpr std::size_t kExact = 24;            // folded steps below are told apart
constexpr std::size_t kValues = kExact + 65;  // the others by their number of bits
constexpr std::size_t kSlots = 64;            // exponents below the largest
constexpr std::size_t kMostRanges = 20;       // after rare ones are put together

struct Steps {
  std::uint32_t values[kValues] = {};  // [0]: not changed
  std::uint32_t total = 0;

  void add(const Steps& other) noexcept {
    for (std::size_t v = 0; v < kValues; ++v) values[v] += other.values[v];
    total += other.total;
  }
  // In units of 2^-16 bits.
  std::uint64_t cost() const noexcept {
    if (total == 0) return 0;
    std::uint64_t sum = total * (fixed_log2(total) >> 16);
    for (const std::uint64_t count : values) {
      if (count > 0) sum -= std::min(sum, count * (fixed_log2(count) >> 16));
    }
    return sum;
  }
};

std::size_t value_of(std::uint64_t z) noexcept {
  if (z < kExact) return std::size_t(z);
  std::size_t bits = 0;
  for (; z > 0; z >>= 1) ++bits;
  return kExact + bits;
}

template <class T>
class Sample {
 public:
  Sample(ElementKind kind, const unsigned char* before, const unsigned char* after,
         std::uint64_t items)
      : kind_(kind), of_exponent_(std::size_t{1} << exponent_bits(kind)) {
    const std::uint64_t runs = std::min<std::uint64_t>(kRuns, (items + kRun - 1) / kRun);
    for (std::uint64_t r = 0; r < runs; ++r) {
      // items / kRuns runs of a large array would overlap by nothing; those of a small one are all.
      const std::uint64_t first = runs < kRuns ? r * kRun : items / kRuns * r;
      const std::size_t n = std::size_t(std::min<std::uint64_t>(kRun, items - first));
      T a[kRun], b[kRun];
      std::memcpy(a, before + first * sizeof(T), n * sizeof(T));
      std::memcpy(b, after + first * sizeof(T), n * sizeof(T));
      for (std::size_t i = 0; i < n; ++i) add(a[i], b[i]);
      size_ += n;
    }
  }

  std::uint64_t size() const noexcept { return size_; }
  const std::vector<Steps>& of_exponent() const noexcept { return of_exponent_; }

 private:
  static T ordered(T x) noexcept {
    constexpr T top = T(T(1) << (8 * sizeof(T) - 1));
    return (x & top) != 0 ? T(x ^ T(top - 1)) : x;
  }
  void add(T a, T b) noexcept {
    constexpr T top = T(T(1) << (8 * sizeof(T) - 1));
    const T step = T(ordered(b) - ordered(a));
    const T z = (step & top) != 0 ? T(~T(step << 1)) : T(step << 1);
    Steps& steps = of_exponent_[std::size_t(T(a & T(top - 1)) >> kind_.mantissa)];
    ++steps.values[value_of(z)];
    ++steps.total;
  }

  ElementKind kind_;
  std::vector<Steps> of_exponent_;
  std::uint64_t size_ = 0;
};

// Neighbouring exponents that are to stay together, and the least of them.
struct Range {
  unsigned from;
  Steps steps;
};

// The exponents that occur, rare ones put together with those above.
std::vector<Range> ranges_of(const std::vector<Steps>& of_exponent, std::uint64_t size) {
  std::size_t top = of_exponent.size();
  while (top > 1 && of_exponent[top - 1].total == 0) --top;
  const std::size_t lowest = top > kSlots ? top - kSlots : 0;
  std::vector<Range> ranges;
  Range pending{0, {}};
  for (std::size_t e = 0; e < top; ++e) {
    pending.steps.add(of_exponent[e]);
    if (e < lowest || pending.steps.total <= size / 256) continue;
    ranges.push_back(pending);
    pending = {unsigned(e + 1), {}};
  }
  if (ranges.empty()) ranges.push_back({0, {}});
  ranges.back().steps.add(pending.steps);
  // More ranges than this have little to tell from each other.
  while (ranges.size() > kMostRanges) {
    std::size_t least = 1;
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      if (ranges[i].steps.total < ranges[least].steps.total) least = i;
    }
    ranges[least - 1].steps.add(ranges[least].steps);
    ranges.erase(ranges.begin() + std::ptrdiff_t(least));
  }
  return ranges;
}

// By dynamic programming over where classes end. `overhead` is what a class costs.
void divide(const std::vector<Range>& ranges, std::uint64_t overhead, Classes& classes) {
  const std::size_t k = ranges.size();
  Steps all;
  for (const Range& range : ranges) all.add(range.steps);
  overhead += all.cost() / kWorthwhile;
  std::vector<std::uint64_t> cost(k * (k + 1));  // of ranges i .. j - 1 as a class
  for (std::size_t i = 0; i < k; ++i) {
    Steps sum;
    for (std::size_t j = i; j < k; ++j) {
      sum.add(ranges[j].steps);
      cost[i * (k + 1) + j + 1] = sum.cost() + overhead;
    }
  }
  constexpr std::uint64_t kNone = ~std::uint64_t{0};
  std::vector<std::uint64_t> best((kMostClasses + 1) * (k + 1), kNone);
  std::vector<std::size_t> cut((kMostClasses + 1) * (k + 1), 0);
  best[0] = 0;
  for (std::size_t c = 1; c <= kMostClasses; ++c) {
    for (std::size_t j = 1; j <= k; ++j) {
      for (std::size_t i = 0; i < j; ++i) {
        const std::uint64_t before = best[(c - 1) * (k + 1) + i];
        if (before == kNone) continue;
        const std::uint64_t sum = before + cost[i * (k + 1) + j];
        std::uint64_t& least = best[c * (k + 1) + j];
        if (sum < least) {
          least = sum;
          cut[c * (k + 1) + j] = i;
        }
      }
    }
  }
  std::size_t count = 1;
  for (std::size_t c = 2; c <= kMostClasses; ++c) {
    if (best[c * (k + 1) + k] < best[count * (k + 1) + k]) count = c;
  }
  classes.count = unsigned(count);
  for (std::size_t c = count, j = k; c > 0; --c) {
    j = cut[c * (k + 1) + j];
    classes.from[c - 1] = static_cast<std::uint16_t>(j == 0 ? 0 : ranges[j].from);
  }
}

template <class T>
void choose(const unsigned char* before, const unsigned char* after, std::uint64_t items,
            Classes& classes) {
  const Sample<T> sample(classes.kind, before, after, items);
  const std::vector<Range> ranges = ranges_of(sample.of_exponent(), sample.size());
  // What a class costs of a sample that stands for a chunk, or all of a smaller array.
  const std::uint64_t stands_for = std::min<std::uint64_t>(items, std::uint64_t{1} << 21);
  const std::uint64_t overhead = (kClassBytes * 8 << 16) * sample.size() / stands_for;
  divide(ranges, overhead, classes);
}

}  // namespace

Classes choose_classes(ElementKind kind, const unsigned char* before, const unsigned char* after,
                       std::uint64_t items) {
  PYINFO_ASSERT(is_element_kind(kind));
  Classes classes;
  classes.kind = kind;
  constexpr std::uint64_t kFewest = 2048;  // classes would cost more than they could give
  if (kind.mantissa == 0 || items < kFewest) return classes;
  switch (kind.size) {
    case 2:
      choose<std::uint16_t>(before, after, items, classes);
      break;
    case 4:
      choose<std::uint32_t>(before, after, items, classes);
      break;
    default:
      choose<std::uint64_t>(before, after, items, classes);
      break;
  }
  return classes;
}

}  // namespace pyinfo::coding
