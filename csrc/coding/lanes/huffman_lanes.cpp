#include "coding/lanes/huffman_lanes.hpp"

#include <algorithm>
#include <cstring>

#include "coding/models/huffman_code.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(HuffmanKernels, huffman_kernels)

namespace {

static_assert(kHuffmanWindow == kFastLength);

struct ReversedBytes {
  std::uint8_t of[256];
  constexpr ReversedBytes() : of() {
    for (unsigned i = 0; i < 256; ++i) {
      of[i] = static_cast<std::uint8_t>(of[i / 2] >> 1 | (i & 1) << 7);
    }
  }
};
constexpr ReversedBytes kReversed;

constexpr std::uint32_t reverse16(std::uint32_t x) noexcept {
  return std::uint32_t{kReversed.of[x & 0xff]} << 8 | kReversed.of[x >> 8 & 0xff];
}

// The codes of one length are consecutive numbers, in the order of their symbols.
//
// Counting and numbering wait for a store and a load per symbol; four quarters of the alphabet,
// with numbers of their own, overlap these.
struct CodesByLength {
  static constexpr std::size_t kParts = 4;
  static constexpr std::size_t kPartSize = kByteSymbols / kParts;
  using Numbers = std::uint32_t[16];

  Numbers count = {};
  Numbers first = {};           // the first code
  Numbers rank = {};            // its place among all codes
  Numbers before[kParts] = {};  // codes of the symbols before each part

  explicit CodesByLength(const std::uint8_t* lengths) noexcept {
    Numbers in_part[kParts] = {};
    for (std::size_t i = 0; i < kPartSize; ++i) {
      for (std::size_t p = 0; p < kParts; ++p) ++in_part[p][lengths[p * kPartSize + i]];
    }
    for (unsigned length = 1; length < 16; ++length) {
      for (std::size_t p = 0; p < kParts; ++p) {
        before[p][length] = count[length];
        count[length] += in_part[p][length];
      }
      first[length] = (first[length - 1] + count[length - 1]) << 1;
      rank[length] = rank[length - 1] + count[length - 1];
    }
  }

  // Calls visit(symbol, length, i) for every symbol: the i-th of those with codes of this length.
  template <class Visit>
  void number(const std::uint8_t* lengths, Visit visit) const noexcept {
    Numbers next[kParts];
    std::memcpy(next, before, sizeof next);
    for (std::size_t i = 0; i < kPartSize; ++i) {
      for (std::size_t p = 0; p < kParts; ++p) {
        const std::size_t symbol = p * kPartSize + i;
        const std::uint32_t length = lengths[symbol];
        visit(symbol, length, next[p][length]++);
      }
    }
  }
};

// The shortest codes first: a table of the first `length` bits holds twice the one before it, and
// every code enters once.
void fill_slots(const CodesByLength& codes, HuffmanDecodeTable& table) noexcept {
  std::uint16_t* const slots = table.slots;
  slots[0] = 0;
  slots[std::size_t{1} << kHuffmanWindow] = 0;
  for (unsigned length = 1; length <= kHuffmanWindow; ++length) {
    const std::size_t half = std::size_t{1} << (length - 1);
    std::memcpy(slots + half, slots, half * sizeof *slots);
    for (std::uint32_t i = 0; i < codes.count[length]; ++i) {
      const std::uint32_t code = codes.first[length] + i;
      const std::uint32_t symbol = table.symbols[codes.rank[length] + i];
      slots[reverse16(code) >> (16 - length)] = static_cast<std::uint16_t>(symbol << 8 | length);
    }
  }
}

// Whether these are the lengths of a complete code, each at most kHuffmanWindow.
[[maybe_unused]] bool is_complete(const std::uint8_t* lengths) noexcept {
  return *std::max_element(lengths, lengths + kByteSymbols) <= kHuffmanWindow &&
         kraft_sum(lengths, kByteSymbols) == 1u << kLongestCode;
}

}  // namespace

const HuffmanKernels& huffman_kernels() { return huffman_kernels(simd::coder_isa()); }

void build(const std::uint8_t lengths[kByteSymbols], HuffmanEncodeTable& table) noexcept {
  PYINFO_ASSERT(is_complete(lengths));
  const CodesByLength codes(lengths);
  codes.number(lengths, [&](std::size_t symbol, std::uint32_t length, std::uint32_t i) {
    const std::uint32_t present = 0u - std::uint32_t{length != 0};  // a mask, not a jump
    const std::uint32_t entry = reverse16(codes.first[length] + i) | length;
    table.entries[symbol] = static_cast<std::uint16_t>(entry & present);
  });
}

void build(const std::uint8_t lengths[kByteSymbols], unsigned lanes, const HuffmanKernels* kernels,
           HuffmanDecodeTable& table) noexcept {
  PYINFO_ASSERT(is_complete(lengths));
  const CodesByLength codes(lengths);
  std::uint8_t symbols[2 * kByteSymbols];  // those without a code go to the second half
  std::uint32_t place[16];
  std::memcpy(place, codes.rank, sizeof place);
  place[0] = kByteSymbols;
  codes.number(lengths, [&](std::size_t symbol, std::uint32_t length, std::uint32_t i) {
    symbols[place[length] + i] = static_cast<std::uint8_t>(symbol);
  });
  const std::size_t present = codes.rank[kHuffmanWindow] + codes.count[kHuffmanWindow];
  std::memset(symbols + present, 0, kByteSymbols - present);
  std::memcpy(table.symbols, symbols, sizeof table.symbols);

  std::memset(table.offsets, 0, sizeof table.offsets);
  std::memset(table.bucket_lengths, kBucketBits + 1, sizeof table.bucket_lengths);
  for (unsigned length = 1; length <= kHuffmanWindow; ++length) {
    const std::uint32_t end = codes.first[length] + codes.count[length];
    table.offsets[length] = static_cast<std::uint16_t>(codes.rank[length] - codes.first[length]);
    if (length > kBucketBits && length < kHuffmanWindow) {
      table.limits[length - kBucketBits - 1] =
          static_cast<std::uint16_t>((end << (16 - length)) - 1);
    }
    for (std::uint32_t code = codes.first[length]; length <= kBucketBits && code < end; ++code) {
      std::uint32_t bucket = reverse16(code) >> (16 - length);
      for (; bucket < sizeof table.bucket_lengths; bucket += 1u << length) {
        table.bucket_lengths[bucket] = static_cast<std::uint8_t>(length);
      }
    }
  }

  table.has_slots = lanes < kVectorLanes || kernels == nullptr || kernels->need_slots;
  if (table.has_slots) fill_slots(codes, table);
}

std::size_t find_uncodable(const std::uint8_t lengths[kByteSymbols], const std::uint8_t* symbols,
                           std::size_t n) noexcept {
  // Eight at a time: a length is below 16, so an addition shows in bit 4 that it was not 0.
  std::size_t i = 0;
  for (; n - i >= 8; i += 8) {
    unsigned all = 0x10;
    for (std::size_t k = 0; k < 8; ++k) all &= lengths[symbols[i + k]] + 15u;
    if (all == 0) break;
  }
  while (i < n && lengths[symbols[i]] != 0) ++i;
  return i;
}

void HuffmanEncoder::steps(unsigned lanes, std::uint32_t* states, const Symbol* symbols,
                           std::size_t steps, unsigned char*& words) const noexcept {
  if (kernels_ != nullptr && lanes >= kVectorLanes) {
    kernels_->encode[kernel_index(lanes)](table_, states, symbols, steps, words);
    return;
  }
  for (std::size_t step = steps; step-- > 0;) {
    for (unsigned lane = lanes; lane-- > 0;)
      push(states[lane], symbols[step * lanes + lane], words);
  }
}

void HuffmanDecoder::steps(unsigned lanes, std::uint32_t* states, DecodeCursor& cursor,
                           const unsigned char* limit) const noexcept {
  if (kernels_ != nullptr && lanes >= kVectorLanes) {
    kernels_->decode[kernel_index(lanes)](table_, states, cursor, limit);
    return;
  }
  for (; cursor.steps > 0 && cursor.words <= limit; --cursor.steps) {
    const unsigned char* const end = cursor.words + read_ahead(lanes);
    for (unsigned lane = 0; lane < lanes; ++lane) {
      pop(states[lane], *cursor.out++, cursor.words, end);
    }
  }
}

std::uint32_t HuffmanDecoder::look_up(std::uint32_t state) const noexcept {
  const std::uint32_t window = reverse16(state & 0xffff);
  std::uint32_t length = table_.bucket_lengths[state & ((1u << kBucketBits) - 1)];
  for (const std::uint32_t limit : table_.limits) length += window > limit;
  const std::uint32_t place = (window >> (16 - length)) + table_.offsets[length];
  return std::uint32_t{table_.symbols[place & 0xff]} << 8 | length;
}

}  // namespace pyinfo::coding
