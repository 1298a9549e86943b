#include "coding/frames/block_plan.hpp"

#include <algorithm>
#include <cstring>

#include "coding/frames/patches.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"
#include "coding/planes/planes.hpp"
#include "counting/byte_counts.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kValues = counting::kByteValues;

// A sample takes one line of 64 bytes out of each group of lines: which one changes from group to
// group, so that no period in the data hides from it.
constexpr std::size_t kLine = 64;
constexpr std::size_t kSampledFrom = std::size_t{1} << 16;  // bytes; smaller blocks are counted
constexpr std::size_t kCoarse = 64;                         // lines in a group
constexpr std::size_t kFine = 8;

// Counts of a sample of n / group bytes; `sample` is memory for them. Returns how many.
std::size_t count_sample(const unsigned char* symbols, std::size_t n, std::size_t group,
                         unsigned char* sample, std::uint64_t* counts) noexcept {
  const std::size_t groups = n / (kLine * group);
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t line = (std::uint32_t(g) * 0x9e3779b1u >> 24) % group;
    std::memcpy(sample + g * kLine, symbols + (g * group + line) * kLine, kLine);
  }
  std::fill(counts, counts + kValues, 0);
  counting::byte_counts(sample, groups * kLine, 1, counts);
  return groups * kLine;
}

// What coding must save of a block to be worth its time, if nobody asks for a coder: stored bytes
// are decoded at the speed of memory, and the mantissas of weights have 7.97 bits.
std::uint64_t worthwhile_gain(std::size_t n) noexcept { return n / 128; }

// Whether the values are so evenly spread that coding cannot pay. With chi2 the sum over the values
// of (count - even)^2 / even, the sample's entropy is about chi2 / (2 ln 2) bits short of 8 bits
// per byte, and the whole block's `group` times that. Noise alone gives chi2 = 255 +- 23 whatever
// the size of the sample: what is stored for it and could have been coded is a matter of a few
// hundred bytes at most.
bool looks_even(const std::uint64_t* counts, std::size_t size, std::size_t group,
                std::uint64_t gain_bytes) noexcept {
  std::uint64_t squares = 0;
  for (std::size_t v = 0; v < kValues; ++v) squares += counts[v] * counts[v];
  // 2 ln 2 = 1.3863; chi2 = 256 / size * squares - size
  const std::uint64_t chi2 = gain_bytes * 8 * 13863 / 10000 / group;
  return kValues * squares <= size * (size + chi2);
}

// A block has to pay for three bytes per lane and the table, too.
constexpr std::uint64_t kCosts = 3 * 128 + 32;  // of the smallest such block

// An eighth of the block hints that it is not worth coding. Much uneven data shows so in a 64th.
bool incompressible(const unsigned char* symbols, std::size_t n, unsigned char* sample) {
  std::uint64_t counts[kValues];
  std::size_t size = count_sample(symbols, n, kCoarse, sample, counts);
  const std::uint64_t gain = kCosts + worthwhile_gain(n);
  // The coarse sample sees an eighth of the fine one's gain in the same noise: allow for that.
  if (!looks_even(counts, size, kCoarse, 8 * kCosts + gain)) return false;
  size = count_sample(symbols, n, kFine, sample, counts);
  return looks_even(counts, size, kFine, gain);
}

// Counts that stand for the whole block, from a sample. So that no value which occurs has count 0,
// all values have at least 1 but those of which none of the eight with the same upper bits occurs.
void estimate_counts(const unsigned char* symbols, std::size_t n, unsigned char* sample,
                     std::uint64_t* counts) {
  count_sample(symbols, n, kFine, sample, counts);
  const std::uint32_t groups = occurring_groups(symbols, n);
  for (std::size_t v = 0; v < kValues; ++v) {
    const bool occurs = (groups >> v / 8 & 1) != 0;
    counts[v] = occurs ? std::max<std::uint64_t>(kFine * counts[v], 1) : 0;
  }
}

// What n symbols come to that take `bits` together. The last of them are stored in the initial
// states at no cost. A state starts with 16.56 bits on average (17 with a code of whole bits) and
// ends with 24 (24.5): 15/16 of one of its four bytes are paid for by the symbols' bits.
void predict(CodePlan& plan, std::uint64_t bits, std::uint64_t in_states_bits) noexcept {
  const std::uint64_t coded = bits - std::min(bits, in_states_bits) + 7;
  const std::uint64_t size = plan.table_size + coded / 8 + 3 * plan.lanes + plan.lanes / 16;
  plan.predicted = std::uint32_t(std::min<std::uint64_t>(size, BlockSizes::kNotPredicted - 1));
}

void count_in_states(const unsigned char* symbols, std::size_t n, unsigned lanes,
                     std::uint64_t* counts) noexcept {
  const std::size_t in_states = Division<std::uint8_t>(n, lanes).in_states;
  std::fill(counts, counts + kValues, 0);
  counting::byte_counts_reference(symbols + n - in_states, in_states, 1, counts);
}

// A lane that is given B bits writes B / 16 words, rounded down. Over many lanes with bits of all
// kinds the average of what is rounded off is known, and predict() has it. Where nearly all codes
// have the length of the shortest, the lanes run in step, and it is wrong by this at most.
constexpr std::uint32_t step_error(unsigned lanes) { return 2 * lanes; }

unsigned shortest_code(const std::uint8_t* lengths) noexcept {
  unsigned shortest = kFastLength;
  for (std::size_t v = 0; v < kValues; ++v) {
    if (lengths[v] != 0) shortest = std::min<unsigned>(shortest, lengths[v]);
  }
  return shortest;
}

// What it comes to exactly. Symbols are not looked at where `all` have the shortest code.
std::uint32_t size_in_step(const unsigned char* symbols, std::size_t n, const CodePlan& plan,
                           unsigned shortest, bool all) noexcept {
  const std::size_t coded = n - Division<std::uint8_t>(n, plan.lanes).in_states;
  std::uint32_t beyond[kMaxLanes] = {};
  for (std::size_t i = 0; i < (all ? 0 : coded); ++i) {
    if (plan.lengths[symbols[i]] != shortest) {
      beyond[i % plan.lanes] += plan.lengths[symbols[i]] - shortest;
    }
  }
  std::size_t words = 0;
  for (std::size_t lane = 0; lane < plan.lanes; ++lane) {
    const std::size_t of_lane = coded / plan.lanes + (lane < coded % plan.lanes ? 1 : 0);
    words += (of_lane * shortest + beyond[lane]) / 16;
  }
  return std::uint32_t(plan.table_size + 4 * plan.lanes + 2 * words);
}

void plan_huffman(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts,
                  CodePlan& plan) {
  huffman_lengths(counts, kValues, kFastLength, plan.lengths);
  plan.table_size = write_lengths(plan.lengths, plan.table);
  const std::uint64_t bits = coded_bits(counts, plan.lengths, kValues);
  plan.lanes = choose_lanes(bits, false);
  std::uint64_t in_states[kValues];
  count_in_states(symbols, n, plan.lanes, in_states);
  predict(plan, bits, coded_bits(in_states, plan.lengths, kValues));
  plan.error = 0;
  const unsigned shortest = shortest_code(plan.lengths);
  const std::uint64_t in_step = std::uint64_t{n} * shortest;
  if (bits == in_step) {
    plan.predicted = size_in_step(symbols, n, plan, shortest, true);
  } else if (bits - std::min(bits, in_step) < 64 * std::uint64_t{plan.lanes}) {
    plan.error = step_error(plan.lanes);
  }
}

// Makes a prediction exact by a pass over the symbols.
void predict_exactly(const unsigned char* symbols, std::size_t n, CodePlan& plan) noexcept {
  if (plan.error == 0) return;
  const unsigned shortest = shortest_code(plan.lengths);
  plan.predicted = size_in_step(symbols, n, plan, shortest, false);
  plan.error = 0;
}

// Whether a size may be on either side of another.
bool undecided(const CodePlan& plan, std::size_t size) noexcept {
  return plan.error != 0 && plan.predicted <= size + plan.error &&
         size <= std::size_t{plan.predicted} + plan.error;
}

void plan_model(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts,
                CodePlan& plan) {
  rans_frequencies(counts, kValues, kFastPrecision, true, plan.frequencies);
  plan.table_size = write_frequencies(plan.frequencies, plan.table);
  const std::uint64_t bits = coded_bits(counts, plan.frequencies, kValues, kFastPrecision);
  plan.lanes = choose_lanes(bits, true);
  plan.patches = 0;
  plan.error = 0;
  std::uint64_t in_states[kValues];
  count_in_states(symbols, n, plan.lanes, in_states);
  for (std::size_t v = 0; v < kValues; ++v)
    in_states[v] = plan.frequencies[v] != 0 ? in_states[v] : 0;
  predict(plan, bits, coded_bits(in_states, plan.frequencies, kValues, kFastPrecision));
}

// A model gives every symbol at least one slot of 4096. One that occurs once in 2^18 places gets 64
// times its share, and the others pay for it; text with many rare characters becomes half a percent
// longer. Where that pays, rare symbols are left out of the model: another symbol is coded in their
// places, and a list of patches says which places these are. `exact`: no count is an estimate.
void plan_rans(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts, bool exact,
               CodePlan& plan) {
  constexpr std::uint32_t kWorthwhile = 1024;  // patches must save this part of the size
  plan_model(symbols, n, counts, plan);
  if (!exact) return;
  std::uint64_t without[kValues];
  std::size_t left_out = 0;
  std::size_t left_in = 0;
  std::uint32_t patches = 0;
  for (std::size_t v = 0; v < kValues; ++v) {
    const bool rare = counts[v] != 0 && counts[v] <= n / kPlacesPerPatch;
    without[v] = rare ? 0 : counts[v];
    left_out += rare;
    left_in += without[v] != 0;
    patches += rare ? std::uint32_t(counts[v]) : 0;
  }
  // A slot takes its part of the code space from all symbols: log2(e) / 4096 bits from each.
  const std::uint64_t slots_cost = left_out * n * 3 / (2 * 8 * kRansTotal);
  if (left_in < 2 || slots_cost < plan.predicted / kWorthwhile) return;
  *std::max_element(without, without + kValues) += patches;
  CodePlan patched;
  plan_model(symbols, n, without, patched);
  patched.patches = patches;
  patched.predicted += std::uint32_t(kPatchUsual) * patches;
  if (patched.predicted + plan.predicted / kWorthwhile <= plan.predicted) plan = patched;
}

// Whether there is something to code. Who writes to the symbols meanwhile may have made all of them
// the same since they were looked at.
bool has_two_values(const std::uint64_t* counts) noexcept {
  return kValues - std::count(counts, counts + kValues, std::uint64_t{0}) >= 2;
}

bool all_equal(const unsigned char* symbols, std::size_t n) noexcept {
  return symbols[0] == symbols[n - 1] && std::memcmp(symbols, symbols + 1, n - 1) == 0;
}

// The coders' plans, of which the smallest prediction wins, the first of equal ones, if it is worth
// its time.
void choose_by_counts(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts,
                      bool exact, const Settings& settings, BlockPlan& plan) {
  if (!has_two_values(counts)) return;  // stored
  BlockSizes& sizes = plan.sizes;
  const bool automatic = settings.coder == Coder::automatic;
  const bool huffman = automatic || settings.coder == Coder::huffman;
  const bool rans = automatic || settings.coder == Coder::rans;
  if (rans) {
    plan_rans(symbols, n, counts, exact, plan.rans);
    sizes.rans = plan.rans.predicted;
  }
  if (huffman) {
    CodePlan& code = plan.huffman;
    plan_huffman(symbols, n, counts, code);
    if (undecided(code, n) || (rans && undecided(code, sizes.rans)) ||
        (automatic && undecided(code, n - worthwhile_gain(n)))) {
      predict_exactly(symbols, n, code);
    }
    if (code.error == 0) sizes.huffman = code.predicted;
    if (code.predicted < sizes.predicted) {
      sizes.mode = Mode::huffman;
      sizes.predicted = code.predicted;
    }
  }
  if (rans && sizes.rans < sizes.predicted) {
    sizes.mode = Mode::rans;
    sizes.predicted = sizes.rans;
  }
  if (automatic && sizes.predicted > n - worthwhile_gain(n)) {
    sizes.mode = Mode::raw;
    sizes.predicted = std::uint32_t(n);
  }
  if (has_lanes(sizes.mode)) sizes.lanes = plan.code().lanes;
}

void choose(const unsigned char* symbols, std::size_t n, const Settings& settings,
            unsigned char* sample, BlockPlan& plan) {
  BlockSizes& sizes = plan.sizes;
  if (all_equal(symbols, n)) {
    sizes.mode = Mode::constant;
    sizes.huffman = sizes.rans = sizes.predicted = 1;
    return;
  }
  if (settings.coder == Coder::raw) return;
  const bool automatic = settings.coder == Coder::automatic;
  if (automatic && n >= kSampledFrom && incompressible(symbols, n, sample)) return;

  std::uint64_t counts[kValues] = {};
  const bool exact = counts_exactly(n, settings);
  if (!exact) {
    estimate_counts(symbols, n, sample, counts);
  } else {
    counting::byte_counts(symbols, n, 1, counts);
  }
  choose_by_counts(symbols, n, counts, exact, settings, plan);
}

BlockSizes stored_sizes(std::size_t n) noexcept {
  constexpr std::uint32_t unknown = BlockSizes::kNotPredicted;
  const std::uint32_t size = std::uint32_t(n);
  return {Mode::raw, 0, size, unknown, unknown, size, 0};
}

}  // namespace

bool counts_exactly(std::size_t n, const Settings& settings) noexcept {
  return settings.effort > 1 || n < kSampledFrom;
}

void plan_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                unsigned char* sample, BlockPlan& plan) {
  PYINFO_ASSERT(n >= 1 && n <= kMaxBlockSymbols);
  plan.sizes = stored_sizes(n);
  choose(symbols, n, settings, sample, plan);
}

void plan_counted_block(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts,
                        const Settings& settings, BlockPlan& plan) {
  PYINFO_ASSERT(n >= 2 && n <= kMaxBlockSymbols);
  plan.sizes = stored_sizes(n);
  choose_by_counts(symbols, n, counts, true, settings, plan);
}

void predict_all(const unsigned char* symbols, BlockSizes& sizes) {
  const bool both =
      sizes.huffman != BlockSizes::kNotPredicted && sizes.rans != BlockSizes::kNotPredicted;
  if (both) return;
  std::uint64_t counts[kValues] = {};
  counting::byte_counts(symbols, sizes.symbols, 1, counts);
  if (!has_two_values(counts)) {
    sizes.huffman = sizes.rans = 1;  // as of a constant block
    return;
  }
  CodePlan plan;
  if (sizes.huffman == BlockSizes::kNotPredicted) {
    plan_huffman(symbols, sizes.symbols, counts, plan);
    predict_exactly(symbols, sizes.symbols, plan);
    sizes.huffman = plan.predicted;
    if (sizes.mode == Mode::huffman) sizes.predicted = sizes.huffman;
  }
  if (sizes.rans == BlockSizes::kNotPredicted) {
    plan_rans(symbols, sizes.symbols, counts, true, plan);
    sizes.rans = plan.predicted;
  }
}

}  // namespace pyinfo::coding
