#include "coding/frames/block.hpp"

#include <algorithm>
#include <cstring>

#include "coding/frames/checksum.hpp"
#include "coding/frames/patches.hpp"
#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"
#include "coding/planes/planes.hpp"
#include "counting/byte_counts.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kValues = counting::kByteValues;
constexpr unsigned kMaxLog2Lanes = 8;
static_assert(1u << kMaxLog2Lanes == kMaxLanes);

// A sample takes one line of 64 bytes out of each group of lines: which one changes from group to
// group, so that no period in the data hides from it.
constexpr std::size_t kLine = 64;
constexpr std::size_t kSampledFrom = std::size_t{1} << 16;  // bytes; smaller blocks are counted
constexpr std::size_t kCoarse = 64;                         // lines in a group
constexpr std::size_t kFine = 8;

// Counts of a sample of n / group bytes; `line` is memory for them. Returns how many.
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

// Whether the values are so evenly spread that coding cannot pay. With chi2 the sum over the values
// of (count - even)^2 / even, the sample's entropy is about chi2 / (2 ln 2) bits short of 8 bits
// per byte, and the whole block's `group` times that; a block must gain more than three bytes per
// lane and the table. Noise alone gives chi2 = 255 +- 23 whatever the size of the sample: what is
// stored for it and could have been coded is a matter of a few hundred bytes at most.
bool looks_even(const std::uint64_t* counts, std::size_t size, std::size_t group,
                std::uint64_t gain_bytes) noexcept {
  std::uint64_t squares = 0;
  for (std::size_t v = 0; v < kValues; ++v) squares += counts[v] * counts[v];
  // 2 ln 2 = 1.3863; chi2 = 256 / size * squares - size
  const std::uint64_t chi2 = gain_bytes * 8 * 13863 / 10000 / group;
  return kValues * squares <= size * (size + chi2);
}

constexpr std::uint64_t kLeastGain = 3 * 128 + 32;  // lanes and table of the smallest such block

// An eighth of the block hints that it is not worth coding. Much uneven data shows so in a 64th.
bool incompressible(const unsigned char* symbols, std::size_t n, unsigned char* end) {
  unsigned char* const sample = end - n / kFine;
  std::uint64_t counts[kValues];
  std::size_t size = count_sample(symbols, n, kCoarse, sample, counts);
  // The coarse sample sees an eighth of the fine one's gain in the same noise: allow for that.
  if (!looks_even(counts, size, kCoarse, 8 * kLeastGain)) return false;
  size = count_sample(symbols, n, kFine, sample, counts);
  return looks_even(counts, size, kFine, kLeastGain);
}

// Counts that stand for the whole block, from a sample. So that no value which occurs has count 0,
// all values have at least 1 but those of which none of the eight with the same upper bits occurs.
void estimate_counts(const unsigned char* symbols, std::size_t n, unsigned char* end,
                     std::uint64_t* counts) {
  count_sample(symbols, n, kFine, end - n / kFine, counts);
  const std::uint32_t groups = occurring_groups(symbols, n);
  for (std::size_t v = 0; v < kValues; ++v) {
    const bool occurs = (groups >> v / 8 & 1) != 0;
    counts[v] = occurs ? std::max<std::uint64_t>(kFine * counts[v], 1) : 0;
  }
}

// A code for the block, and what the payload will come to with it.
struct Plan {
  std::uint8_t lengths[kValues];       // huffman
  std::uint32_t frequencies[kValues];  // rans
  unsigned char table[kTableBound];
  std::size_t table_size;
  unsigned lanes;
  std::uint32_t patches;  // at most; see plan_rans
  std::uint32_t predicted;
};

// What n symbols come to that take `bits` together. The last of them ride in the states at no cost.
// A state starts with 16.56 bits on average (17 with a code of whole bits) and ends with 24 (24.5):
// 15/16 of one of its four bytes are paid for by the symbols' bits.
void predict(Plan& plan, std::uint64_t bits, std::uint64_t kept_bits) noexcept {
  const std::uint64_t coded = bits - std::min(bits, kept_bits) + 7;
  const std::uint64_t size = plan.table_size + coded / 8 + 3 * plan.lanes + plan.lanes / 16;
  plan.predicted = std::uint32_t(std::min<std::uint64_t>(size, BlockSizes::kNotPredicted - 1));
}

void count_kept(const unsigned char* symbols, std::size_t n, unsigned lanes,
                std::uint64_t* counts) noexcept {
  const std::size_t kept = Division<std::uint8_t>(n, lanes).in_states;
  std::fill(counts, counts + kValues, 0);
  counting::byte_counts_reference(symbols + n - kept, kept, 1, counts);
}

// A lane that is given B bits writes B / 16 words, rounded down. Over many lanes with bits of all
// kinds the average of what is rounded off is known; where nearly all codes have the same length,
// the lanes run in step, and have to be counted.
std::uint64_t words_in_step(const unsigned char* symbols, std::size_t n, const Plan& plan,
                            unsigned shortest) {
  const std::size_t coded = n - Division<std::uint8_t>(n, plan.lanes).in_states;
  std::uint32_t beyond[kMaxLanes] = {};
  for (std::size_t i = 0; i < coded; ++i) {
    if (plan.lengths[symbols[i]] != shortest) {
      beyond[i % plan.lanes] += plan.lengths[symbols[i]] - shortest;
    }
  }
  std::uint64_t words = 0;
  for (std::size_t lane = 0; lane < plan.lanes; ++lane) {
    const std::size_t of_lane = coded / plan.lanes + (lane < coded % plan.lanes ? 1 : 0);
    words += (of_lane * shortest + beyond[lane]) / 16;
  }
  return words;
}

void plan_huffman(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts,
                  Plan& plan) {
  huffman_lengths(counts, kValues, kFastLength, plan.lengths);
  plan.table_size = write_lengths(plan.lengths, plan.table);
  const std::uint64_t bits = coded_bits(counts, plan.lengths, kValues);
  plan.lanes = choose_lanes(bits, false);
  std::uint64_t kept[kValues];
  count_kept(symbols, n, plan.lanes, kept);
  predict(plan, bits, coded_bits(kept, plan.lengths, kValues));

  unsigned shortest = kFastLength;
  for (const unsigned length : plan.lengths) {
    if (length != 0) shortest = std::min(shortest, length);
  }
  if (bits - std::min(bits, std::uint64_t{n} * shortest) < 64 * std::uint64_t{plan.lanes}) {
    plan.predicted = std::uint32_t(plan.table_size + 4 * plan.lanes +
                                   2 * words_in_step(symbols, n, plan, shortest));
  }
}

void plan_model(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts,
                Plan& plan) {
  rans_frequencies(counts, kValues, kFastPrecision, true, plan.frequencies);
  plan.table_size = write_frequencies(plan.frequencies, plan.table);
  const std::uint64_t bits = coded_bits(counts, plan.frequencies, kValues, kFastPrecision);
  plan.lanes = choose_lanes(bits, true);
  plan.patches = 0;
  std::uint64_t kept[kValues];
  count_kept(symbols, n, plan.lanes, kept);
  for (std::size_t v = 0; v < kValues; ++v) kept[v] = plan.frequencies[v] != 0 ? kept[v] : 0;
  predict(plan, bits, coded_bits(kept, plan.frequencies, kValues, kFastPrecision));
}

// A model gives every symbol at least one slot of 4096. One that occurs once in 2^18 places gets 64
// times its share, and the others pay for it; text with many rare characters becomes half a percent
// longer. Where that pays, rare symbols are left out of the model: another symbol is coded in their
// places, and a list of patches says which places these are. `exact`: no count is an estimate.
void plan_rans(const unsigned char* symbols, std::size_t n, const std::uint64_t* counts, bool exact,
               Plan& plan) {
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
  Plan patched;
  plan_model(symbols, n, without, patched);
  patched.patches = patches;
  patched.predicted += std::uint32_t(kPatchUsual) * patches;
  if (patched.predicted + plan.predicted / kWorthwhile <= plan.predicted) plan = patched;
}

void set_header(CodedBlock& block) noexcept {
  const BlockSizes& sizes = block.sizes;
  block.sizes.coded = std::uint32_t(block.payload_size());
  unsigned log2_lanes = 0;
  while (sizes.lanes > 1u << log2_lanes) ++log2_lanes;
  block.header[0] = static_cast<unsigned char>(sizes.mode);
  block.header[1] = static_cast<unsigned char>(log2_lanes);
  store16(block.header + 2, block.patches);
  store32(block.header + 4, sizes.symbols);
  store32(block.header + 8, sizes.coded);
}

void store(const unsigned char* symbols, std::size_t n, CodedBlock& block) noexcept {
  block.table_size = 0;
  block.patches = 0;
  block.lanes = symbols;
  block.lanes_size = n;
  block.sizes.mode = n == 1 ? Mode::constant : Mode::raw;
}

// Copies the symbols to `patched`, those of the model's first slots in the place of symbols that
// the model lacks. Symbols that ride in the states are left as they are.
void patch(const unsigned char* symbols, std::size_t n, const Plan& plan, unsigned char* patched,
           PatchWriter& patches) noexcept {
  const auto* const most = std::max_element(plan.frequencies, plan.frequencies + kValues);
  const auto instead = static_cast<unsigned char>(most - plan.frequencies);
  const std::size_t coded = n - Division<std::uint8_t>(n, plan.lanes).in_states;
  const AbsentSymbols absent(plan.frequencies);
  std::memcpy(patched, symbols, n);
  for (std::size_t i = 0;; ++i) {
    i += absent.find(symbols + i, coded - i);
    if (i == coded) return;
    patches.add(i, symbols[i]);
    patched[i] = instead;
  }
}

void code_rans(const unsigned char* symbols, std::size_t n, const Plan& plan, unsigned char* end,
               CodedBlock& block) {
  const RansEncoder encoder(plan.frequencies);
  block.patches = 0;
  if (plan.patches == 0) {
    block.lanes = encode_lanes(encoder, plan.lanes, symbols, n, end);
    return;
  }
  unsigned char* const patched = end - encode_block_room(n);
  PatchWriter patches(patched + n);
  patch(symbols, n, plan, patched, patches);
  unsigned char* const lanes = encode_lanes(encoder, plan.lanes, patched, n, end);
  block.patches = patches.count();
  std::memmove(lanes - patches.size(), patches.list(), patches.size());
  block.lanes = lanes - patches.size();
}

// Codes the block by one of the two plans.
void code(const unsigned char* symbols, std::size_t n, Mode mode, const Plan& plan,
          unsigned char* end, CodedBlock& block) {
  if (mode == Mode::huffman) {
    const HuffmanEncoder encoder(plan.lengths);
    block.patches = 0;
    block.lanes = encode_lanes(encoder, plan.lanes, symbols, n, end);
  } else {
    code_rans(symbols, n, plan, end, block);
  }
  block.lanes_size = std::size_t(end - block.lanes);
  std::memcpy(block.table, plan.table, plan.table_size);
  block.table_size = plan.table_size;
  block.sizes.mode = mode;
  block.sizes.lanes = plan.lanes;
  block.sizes.predicted = plan.predicted;
}

bool all_equal(const unsigned char* symbols, std::size_t n) noexcept {
  return symbols[0] == symbols[n - 1] && std::memcmp(symbols, symbols + 1, n - 1) == 0;
}

void choose(const unsigned char* symbols, std::size_t n, const Settings& settings,
            unsigned char* end, CodedBlock& block) {
  BlockSizes& sizes = block.sizes;
  if (all_equal(symbols, n)) {
    store(symbols, 1, block);
    sizes.huffman = sizes.rans = sizes.predicted = 1;
    return;
  }
  store(symbols, n, block);
  if (settings.coder == Coder::raw) return;
  const bool automatic = settings.coder == Coder::automatic;
  if (automatic && n >= kSampledFrom && incompressible(symbols, n, end)) return;

  std::uint64_t counts[kValues] = {};
  const bool exact = settings.effort > 1 || n < kSampledFrom;
  if (!exact) {
    estimate_counts(symbols, n, end, counts);
  } else {
    counting::byte_counts(symbols, n, 1, counts);
  }
  Plan huffman;
  Plan rans;
  Mode best = Mode::raw;
  std::uint32_t least = std::uint32_t(n);
  if (automatic || settings.coder == Coder::huffman) {
    plan_huffman(symbols, n, counts, huffman);
    sizes.huffman = huffman.predicted;
    if (huffman.predicted < least) {
      best = Mode::huffman;
      least = huffman.predicted;
    }
  }
  if (automatic || settings.coder == Coder::rans) {
    plan_rans(symbols, n, counts, exact, rans);
    sizes.rans = rans.predicted;
    if (rans.predicted < least) best = Mode::rans;
  }
  if (best == Mode::raw) return;
  code(symbols, n, best, best == Mode::huffman ? huffman : rans, end, block);
  if (block.payload_size() >= n) {  // closer than the prediction can tell
    sizes.lanes = 0;
    sizes.predicted = std::uint32_t(n);
    store(symbols, n, block);
  }
}

template <class Decode>
const char* with_lanes(unsigned log2_lanes, Decode decode) noexcept {
  if (log2_lanes > kMaxLog2Lanes) return "the number of lanes is out of range";
  return decode(1u << log2_lanes);
}

const char* decode_huffman(unsigned lanes, const unsigned char* payload, std::size_t size,
                           unsigned char* out, std::size_t n) noexcept {
  std::uint8_t lengths[kValues];
  const std::size_t table_size = read_lengths(payload, size, lengths);
  if (table_size == 0) return "the table of code lengths is not valid";
  const HuffmanDecoder decoder(lengths, lanes);
  return decode_lanes(decoder, lanes, payload + table_size, size - table_size, out, n);
}

const char* decode_rans(unsigned lanes, unsigned patches, const unsigned char* payload,
                        std::size_t size, unsigned char* out, std::size_t n) noexcept {
  std::uint32_t frequencies[kValues];
  const std::size_t table_size = read_frequencies(payload, size, frequencies);
  if (table_size == 0) return "the table of frequencies is not valid";
  const unsigned char* const list = payload + table_size;
  const std::size_t left = size - table_size;
  const std::size_t list_size = patches_size(list, left, patches, n);
  if (list_size > left) return "the list of patches is not valid";
  const RansDecoder decoder(frequencies, lanes);
  const char* const what = decode_lanes(decoder, lanes, list + list_size, left - list_size, out, n);
  if (what == nullptr) apply_patches(list, patches, out);
  return what;
}

}  // namespace

const char* name(Mode mode) noexcept {
  switch (mode) {
    case Mode::raw:
      return "raw";
    case Mode::constant:
      return "constant";
    case Mode::huffman:
      return "huffman";
    case Mode::rans:
      return "rans";
    default:
      return "index";
  }
}

void encode_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                  unsigned char* end, CodedBlock& block) {
  block.sizes.lanes = 0;
  block.sizes.symbols = std::uint32_t(n);
  block.sizes.huffman = block.sizes.rans = BlockSizes::kNotPredicted;
  block.sizes.predicted = std::uint32_t(n);
  choose(symbols, n, settings, end, block);
  set_header(block);
}

void predict_all(const unsigned char* symbols, BlockSizes& sizes) {
  const bool both =
      sizes.huffman != BlockSizes::kNotPredicted && sizes.rans != BlockSizes::kNotPredicted;
  if (both) return;
  std::uint64_t counts[kValues] = {};
  counting::byte_counts(symbols, sizes.symbols, 1, counts);
  Plan plan;
  if (sizes.huffman == BlockSizes::kNotPredicted) {
    plan_huffman(symbols, sizes.symbols, counts, plan);
    sizes.huffman = plan.predicted;
  }
  if (sizes.rans == BlockSizes::kNotPredicted) {
    plan_rans(symbols, sizes.symbols, counts, true, plan);
    sizes.rans = plan.predicted;
  }
}

std::uint32_t write_block(const CodedBlock& block, unsigned char* out) noexcept {
  std::uint32_t sum = crc32c_copy(0, block.header, sizeof block.header, out);
  unsigned char* const payload = out + kBlockHeaderSize;
  sum = crc32c_copy(sum, block.table, block.table_size, payload);
  return crc32c_copy(sum, block.lanes, block.lanes_size, payload + block.table_size);
}

std::uint32_t chain(std::uint32_t previous, std::uint32_t sum) noexcept {
  unsigned char bytes[8];
  store32(bytes, previous);
  store32(bytes + 4, sum);
  return crc32c(0, bytes, sizeof bytes);
}

const char* decode_block(Mode mode, unsigned log2_lanes, unsigned patches,
                         const unsigned char* payload, std::size_t size, unsigned char* out,
                         std::size_t n) noexcept {
  if (size > n) return "the payload is longer than the symbols";
  switch (mode) {
    case Mode::raw:
      if (size != n) return "the payload has another size than the symbols";
      std::memcpy(out, payload, n);
      return nullptr;
    case Mode::constant:
      if (size != 1) return "the payload is not one symbol";
      std::memset(out, payload[0], n);
      return nullptr;
    case Mode::huffman:
      return with_lanes(
          log2_lanes, [&](unsigned lanes) { return decode_huffman(lanes, payload, size, out, n); });
    case Mode::rans:
      return with_lanes(log2_lanes, [&](unsigned lanes) {
        return decode_rans(lanes, patches, payload, size, out, n);
      });
    default:
      return "the block's mode is none that holds symbols";
  }
}

}  // namespace pyinfo::coding
