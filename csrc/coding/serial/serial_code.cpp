#include "coding/serial/serial_code.hpp"

#include <algorithm>
#include <cstring>

#include "memory/buffer.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::coding {
namespace {

constexpr unsigned kWordBits = 8 * kSerialWord;
constexpr std::size_t kBetweenQuestions = std::size_t{1} << 20;  // symbols

// One codeword or two: its bits from the highest on, and their number in the lowest byte. 0 if they
// are too many.
using Entry = std::uint64_t;
constexpr unsigned kEntryBits = 56;
constexpr Entry kLengthMask = 255;

unsigned length_of(Entry entry) noexcept { return unsigned(entry & kLengthMask); }

Entry entry_of(std::uint32_t codeword, unsigned length) noexcept {
  return length == 0 ? 0 : Entry{codeword} << (64 - length) | length;
}

Entry pair_of(Entry first, Entry second) noexcept {
  const unsigned length = length_of(first) + length_of(second);
  if (length > kEntryBits) return 0;
  return (first & ~kLengthMask) | (second & ~kLengthMask) >> length_of(first) | length;
}

void store_big_endian(unsigned char* to, std::uint64_t word) noexcept {
  for (unsigned i = 0; i < 8; ++i) to[i] = static_cast<unsigned char>(word >> (56 - 8 * i));
}

// Counts the words that are full, and keeps the bits of the next one.
class Writer {
 public:
  explicit Writer(const SerialStream& to) noexcept : to_(to) { to_.positions[0] = 0; }

  // Appends an entry, whose last codeword is that of symbol `next` - 1 and has so many bits.
  void put(Entry entry, std::size_t next, unsigned last_length) noexcept {
    const std::uint64_t bits = entry & ~kLengthMask;
    word_ |= bits >> filled_;
    filled_ += length_of(entry);
    if (filled_ < kWordBits) return;
    store_big_endian(to_.bytes + kSerialWord * words_, word_);
    filled_ -= kWordBits;
    word_ = bits << (length_of(entry) - filled_);
    // The last codeword begins behind the border, or across it.
    const bool begins_behind = filled_ >= last_length;
    ++words_;
    to_.gaps[words_] = static_cast<std::uint8_t>(filled_ - (begins_behind ? last_length : 0));
    if (words_ % kSerialGroup == 0) {
      to_.positions[words_ / kSerialGroup] = static_cast<std::uint32_t>(next - begins_behind);
    }
  }

  void finish(Entry end, std::size_t n) noexcept {
    const unsigned bytes = (filled_ + 7) / 8;
    const std::uint64_t filling = filled_ == 0 ? 0 : (end & ~kLengthMask) >> filled_;
    unsigned char word[kSerialWord];
    store_big_endian(word, word_ | filling);
    std::memcpy(to_.bytes + kSerialWord * words_, word, bytes);
    const SerialSizes sizes(std::uint64_t{words_} * kWordBits + filled_);
    std::fill(to_.gaps + words_ + 1, to_.gaps + sizes.gaps(), std::uint8_t{0});
    std::fill(to_.positions + words_ / kSerialGroup + 1, to_.positions + sizes.groups + 1,
              static_cast<std::uint32_t>(n));
  }

 private:
  SerialStream to_;
  std::uint64_t word_ = 0;
  unsigned filled_ = 0;
  std::size_t words_ = 0;
};

// Two symbols at a time are worth a table if there are so many.
constexpr std::size_t kWorthPairs = std::size_t{1} << 15;

// Entries of all pairs that may occur. Rows are a cache line longer than they need to be: at a
// distance of a power of two they would all be in the same few places of the cache.
class Pairs {
 public:
  explicit Pairs(const Entry singles[256]) : entries_(256 * kRow) {
    std::uint8_t present[256];
    std::size_t n = 0;
    for (std::size_t symbol = 0; symbol < 256; ++symbol) {
      if (singles[symbol] != 0) present[n++] = static_cast<std::uint8_t>(symbol);
    }
    for (std::size_t i = 0; i < n; ++i) {
      Entry* const row = entries_.data() + present[i] * kRow;
      for (std::size_t j = 0; j < n; ++j) {
        row[present[j]] = pair_of(singles[present[j]], singles[present[i]]);
      }
    }
  }
  Entry operator()(std::uint8_t first, std::uint8_t second) const noexcept {
    return entries_[second * kRow + first];
  }

 private:
  static constexpr std::size_t kRow = 256 + 8;
  memory::Buffer<Entry> entries_;
};

}  // namespace

std::uint64_t serial_bits(const SerialCode& code, const std::uint64_t counts[256]) noexcept {
  return coded_bits(counts, code.lengths, 256);
}

std::size_t most_in_group(const SerialCode& code, const std::uint8_t* symbols, std::size_t n) {
  constexpr std::uint64_t kGroupBits = 8 * kSerialGroupBytes;
  std::size_t most = 0;
  std::size_t begun = 0;
  std::uint64_t bits = 0;  // in the group
  for (std::size_t i = 0; i < n; ++i) {
    if (i % kBetweenQuestions == 0) threads::require_uninterrupted();
    ++begun;
    bits += code.lengths[symbols[i]];
    if (bits < kGroupBits) continue;
    bits -= kGroupBits;
    most = std::max(most, begun);
    begun = 0;
  }
  return std::max(most, begun);
}

void encode_serial(const SerialCode& code, const std::uint8_t* symbols, std::size_t n,
                   const SerialStream& to) {
  PYINFO_ASSERT(n <= ~std::uint32_t{0});
  Entry singles[kSerialSymbols];
  for (std::size_t symbol = 0; symbol < kSerialSymbols; ++symbol) {
    singles[symbol] = entry_of(code.codewords[symbol], code.lengths[symbol]);
  }
  Writer writer(to);
  const auto put_one = [&](std::size_t i) noexcept {
    PYINFO_ASSERT(singles[symbols[i]] != 0);
    writer.put(singles[symbols[i]], i + 1, code.lengths[symbols[i]]);
  };
  std::size_t i = 0;
  if (n >= kWorthPairs) {
    const Pairs pairs(singles);
    while (n - i >= 2) {
      threads::require_uninterrupted();
      const std::size_t end = i + std::min(n - i, kBetweenQuestions) / 2 * 2;
      for (; i < end; i += 2) {
        const Entry entry = pairs(symbols[i], symbols[i + 1]);
        if (entry != 0) {
          writer.put(entry, i + 2, code.lengths[symbols[i + 1]]);
        } else {
          put_one(i);
          put_one(i + 1);
        }
      }
    }
  }
  for (; i < n; ++i) put_one(i);
  writer.finish(singles[kSerialEnd], n);
}

void encode_serial_reference(const SerialCode& code, const std::uint8_t* symbols, std::size_t n,
                             const SerialStream& to) {
  std::uint64_t bits = 0;
  const auto begin_codeword = [&](std::size_t i) noexcept {
    // The first one that begins in a word says where; words and groups may have none.
    const std::uint64_t before = i == 0 ? 0 : bits - code.lengths[symbols[i - 1]];
    if (i > 0 && before / kWordBits == bits / kWordBits) return;
    to.gaps[bits / kWordBits] = static_cast<std::uint8_t>(bits % kWordBits);
    if (i > 0 && before / (8 * kSerialGroupBytes) == bits / (8 * kSerialGroupBytes)) return;
    to.positions[bits / (8 * kSerialGroupBytes)] = static_cast<std::uint32_t>(i);
  };
  const auto put_bit = [&](bool bit) noexcept {
    unsigned char& byte = to.bytes[bits / 8];
    if (bits % 8 == 0) byte = 0;
    byte = static_cast<unsigned char>(byte | unsigned{bit} << (7 - bits % 8));
    ++bits;
  };
  for (std::size_t i = 0; i < n; ++i) {
    begin_codeword(i);
    const std::uint8_t symbol = symbols[i];
    for (unsigned k = code.lengths[symbol]; k-- > 0;) put_bit(code.codewords[symbol] >> k & 1);
  }
  begin_codeword(n);
  const SerialSizes sizes(bits);
  for (std::uint64_t word = bits / kWordBits + 1; word < sizes.gaps(); ++word) to.gaps[word] = 0;
  for (std::uint64_t group = bits / (8 * kSerialGroupBytes) + 1; group <= sizes.groups; ++group) {
    to.positions[group] = static_cast<std::uint32_t>(n);
  }
  unsigned left = code.lengths[kSerialEnd];
  while (bits % 8 != 0) put_bit(left > 0 && (code.codewords[kSerialEnd] >> --left & 1));
}

void pack_five_bits(const std::uint8_t* numbers, std::size_t n, unsigned char* to) noexcept {
  PYINFO_ASSERT(n % 8 == 0);
  for (std::size_t i = 0; i < n; i += 8, to += 5) {
    std::uint64_t packed = 0;
    for (std::size_t k = 0; k < 8; ++k) packed = packed << 5 | (numbers[i + k] & 31u);
    for (unsigned k = 0; k < 5; ++k) to[k] = static_cast<unsigned char>(packed >> (32 - 8 * k));
  }
}

}  // namespace pyinfo::coding
