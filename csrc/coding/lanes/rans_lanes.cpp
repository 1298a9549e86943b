#include "coding/lanes/rans_lanes.hpp"

#include <algorithm>
#include <cstring>

#include "coding/models/rans_model.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(RansKernels, rans_kernels)

namespace {

// They do what the kernels of AVX-512 leave out.
const RansKernels& kernels_below_avx512() noexcept {
  static const RansKernels& kernels = rans_kernels(simd::next_below(simd::Isa::avx512));
  return kernels;
}

// Buckets of 16 slots, see RansRankTable.
constexpr std::uint32_t kBuckets = kRansTotal / kBucketSlots;

struct Ranking {
  std::uint16_t symbols[256];
  std::size_t present;

  explicit Ranking(const std::uint32_t frequencies[256])
      : present(rans_ranking(frequencies, 256, symbols)) {}
};

void fill_slots(const std::uint32_t frequencies[256], const Ranking& ranking,
                std::uint32_t* slots) noexcept {
  for (std::size_t rank = 0; rank < ranking.present; ++rank) {
    const std::uint32_t symbol = ranking.symbols[rank];
    const std::uint32_t frequency = frequencies[symbol];
    const std::uint32_t entry = frequency << 20 | symbol;
    for (std::uint32_t offset = 0; offset < frequency; ++offset)
      slots[offset] = entry | offset << 8;
    slots += frequency;
  }
}

void fill_by_rank(const std::uint32_t frequencies[256], const Ranking& ranking,
                  RansRankTable& table) noexcept {
  std::fill(table.symbols, table.symbols + 256, std::uint8_t{0});
  std::fill(table.frequencies, table.frequencies + 256, std::uint16_t{0});
  std::fill(table.starts, table.starts + 256, std::uint16_t{0});
  table.present = ranking.present;
  std::uint32_t start = 0;
  for (std::size_t rank = 0; rank < ranking.present; ++rank) {
    const std::uint32_t symbol = ranking.symbols[rank];
    table.symbols[rank] = static_cast<std::uint8_t>(symbol);
    table.frequencies[rank] = static_cast<std::uint16_t>(frequencies[symbol]);
    table.starts[rank] = static_cast<std::uint16_t>(start);
    start += frequencies[symbol];
  }
}

// The number of the pattern, which is added if it is new; above kMaxPatterns if the table is full.
std::size_t pattern_number(const std::uint8_t* increments, std::size_t& patterns,
                           std::uint8_t* table) noexcept {
  std::size_t number = 1;
  while (number <= patterns &&
         std::memcmp(table + number * kBucketSlots, increments, kBucketSlots) != 0) {
    ++number;
  }
  if (number > patterns && number <= kMaxPatterns) {
    std::memcpy(table + number * kBucketSlots, increments, kBucketSlots);
    patterns = number;
  }
  return number;
}

// False if there are more patterns than the table holds.
bool fill_buckets(RansRankTable& table) noexcept {
  std::memset(table.increments, 0, sizeof(table.increments));
  std::size_t patterns = 0;
  std::uint32_t rank = 0;  // of the bucket's first slot
  std::uint32_t end = table.frequencies[0];
  for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
    const std::uint32_t first = bucket * kBucketSlots;
    const std::uint32_t next = first + kBucketSlots;
    if (end >= next) {
      table.rank[bucket] = static_cast<std::uint8_t>(rank - 1);
      table.form[bucket] = 0;
    } else if (end + table.frequencies[rank + 1] >= next) {
      table.rank[bucket] = static_cast<std::uint8_t>(rank);
      table.form[bucket] = static_cast<std::uint8_t>(end - first);
      end += table.frequencies[++rank];
    } else {
      table.rank[bucket] = static_cast<std::uint8_t>(rank - 1);
      std::uint8_t increments[kBucketSlots];
      std::uint8_t increment = 0;
      for (std::uint32_t r = 0; r < kBucketSlots; ++r) {
        if (first + r == end) {
          ++increment;
          end += table.frequencies[++rank];
        }
        increments[r] = increment;
      }
      const std::size_t number = pattern_number(increments, patterns, table.increments);
      if (number > kMaxPatterns) return false;
      table.form[bucket] = static_cast<std::uint8_t>(number << 4);
    }
    if (end == next && next < kRansTotal) end += table.frequencies[++rank];
  }
  return true;
}

[[maybe_unused]] bool is_model(const std::uint32_t* frequencies) noexcept {
  std::uint64_t sum = 0;
  for (std::size_t s = 0; s < 256; ++s) sum += frequencies[s];
  return sum == kRansTotal && *std::max_element(frequencies, frequencies + 256) < kRansTotal;
}

}  // namespace

const RansKernels& rans_kernels() { return rans_kernels(simd::coder_isa()); }

void build(const std::uint32_t frequencies[256], RansEncodeTable& table) noexcept {
  PYINFO_ASSERT(is_model(frequencies));
  const Ranking ranking(frequencies);
  if (ranking.present < 256) {
    std::fill(table.entries, table.entries + 256, kAbsentEntry);
    std::fill(table.reciprocals, table.reciprocals + 256, std::uint64_t{1} << 44);
  }
  std::uint64_t start = 0;
  std::uint64_t frequency = 0;
  std::uint64_t reciprocal = 0;
  for (std::size_t rank = 0; rank < ranking.present; ++rank) {
    const std::uint32_t symbol = ranking.symbols[rank];
    if (frequencies[symbol] != frequency) {  // equal ones are neighbours: fewer divisions
      frequency = frequencies[symbol];
      reciprocal = ((std::uint64_t{1} << 44) - 1) / frequency + 1;
    }
    table.entries[symbol] = (reciprocal - 1) >> 12 << 32 | frequency << 16 | start;
    table.reciprocals[symbol] = reciprocal;
    start += frequency;
  }
}

void build(const std::uint32_t frequencies[256], unsigned lanes, const RansKernels* kernels,
           RansDecodeTable& table) noexcept {
  PYINFO_ASSERT(is_model(frequencies));
  const Ranking ranking(frequencies);
  table.has_ranks = false;
  const auto has_kernel = [&] {
    return lanes >= kVectorLanes && kernels->decode[kernel_index(lanes)] != nullptr;
  };
  if (kernels != nullptr && !kernels->need_slots && (lanes == kAnyLanes || has_kernel())) {
    fill_by_rank(frequencies, ranking, table.ranks);
    table.has_ranks = fill_buckets(table.ranks);
  }
  table.has_slots = lanes == kAnyLanes || !table.has_ranks;
  if (table.has_slots) fill_slots(frequencies, ranking, table.slots);
}

void RansEncoder::steps(unsigned lanes, std::uint32_t* states, const Symbol* symbols,
                        std::size_t steps, unsigned char*& words) const noexcept {
  if (kernels_ != nullptr && lanes >= kVectorLanes) {
    const unsigned i = kernel_index(lanes);
    const RansKernels& kernels =
        kernels_->encode[i] != nullptr ? *kernels_ : kernels_below_avx512();
    kernels.encode[i](table_, states, symbols, steps, words);
    return;
  }
  unsigned char* position = words;  // not aliased by the bytes that are written
  for (const Symbol* step = symbols + steps * lanes; step != symbols;) {
    step -= lanes;
    for (unsigned lane = lanes; lane-- > 0;) push(states[lane], step[lane], position);
  }
  words = position;
}

void RansDecoder::steps(unsigned lanes, std::uint32_t* states, DecodeCursor& cursor,
                        const unsigned char* limit) const noexcept {
  if (kernels_ != nullptr && lanes >= kVectorLanes) {
    const unsigned i = kernel_index(lanes);
    const bool by_ranks = table_.has_ranks && kernels_->decode[i] != nullptr;
    const RansKernels& kernels =
        kernels_->need_slots || by_ranks ? *kernels_ : kernels_below_avx512();
    kernels.decode[i](table_, states, cursor, limit);
    return;
  }
  for (; cursor.steps > 0 && cursor.words <= limit; --cursor.steps) {
    const unsigned char* const end = cursor.words + read_ahead(lanes);
    for (unsigned lane = 0; lane < lanes; ++lane) {
      pop(states[lane], *cursor.out++, cursor.words, end);
    }
  }
}

std::uint32_t RansDecoder::pop_by_rank(std::uint32_t x, Symbol& symbol) const noexcept {
  const RansRankTable& table = table_.ranks;
  const std::uint32_t slot = x & (kRansTotal - 1);
  const std::uint32_t bucket = slot / kBucketSlots;
  const std::uint32_t r = slot % kBucketSlots;
  const std::uint32_t form = table.form[bucket];
  const std::uint32_t over = r >= (form & 15) ? 1 : 0;
  const std::uint32_t increment = table.increments[(form & 0x70) | r];
  const std::uint32_t rank = (table.rank[bucket] + over + increment) & 255;
  symbol = table.symbols[rank];
  return table.frequencies[rank] * (x >> 12) + slot - table.starts[rank];
}

}  // namespace pyinfo::coding
