#include "coding/serial/dfloat11.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "counting/byte_counts.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kTile = std::size_t{1} << 17;  // weights that stay in a cache
constexpr std::size_t kRow = 256;

std::uint64_t total_size(const Bfloat16Weights* weights, std::size_t count) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) total += weights[i].size;
  if (total == 0) throw std::invalid_argument("there are no weights to encode");
  require_dfloat11_limits(total, 0);
  return total;
}

void take_apart(const std::uint16_t* bits, std::size_t n, std::uint8_t* exponents,
                unsigned char* sign_mantissa) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const unsigned weight = bits[i];
    exponents[i] = static_cast<std::uint8_t>(weight >> 7);
    sign_mantissa[i] = static_cast<unsigned char>((weight >> 8 & 0x80) | (weight & 0x7f));
  }
}

void require_exponents(const std::uint64_t counts[256]) {
  if (counts[255] != 0) {
    throw std::invalid_argument(
        "weights hold infinities or NaN, which DFloat11 cannot represent: exponents must be "
        "below " +
        std::to_string(kDfloat11Pointers));
  }
  for (std::size_t exponent = kDfloat11Pointers; exponent < 255; ++exponent) {
    if (counts[exponent] == 0) continue;
    throw std::invalid_argument(
        "weights hold magnitudes of 2**113 or more, which DFloat11 cannot represent: exponents "
        "must be below " +
        std::to_string(kDfloat11Pointers) + ", not " + std::to_string(exponent));
  }
}

// The present exponents, in the order of their codewords.
std::size_t in_order(const SerialCode& code, std::uint8_t* exponents) noexcept {
  std::size_t n = 0;
  for (unsigned length = 1; length <= kLongestSerial; ++length) {
    for (std::size_t exponent = 0; exponent < kRow; ++exponent) {
      if (code.lengths[exponent] == length) exponents[n++] = static_cast<std::uint8_t>(exponent);
    }
  }
  return n;
}

// Bytes of a codeword that another table follows.
unsigned depth_of(const SerialCode& code, std::uint8_t exponent) noexcept {
  return (code.lengths[exponent] - 1u) / 8;
}

// The codeword from the highest of 32 bits on.
std::uint32_t aligned(const SerialCode& code, std::uint8_t exponent) noexcept {
  return code.codewords[exponent] << (32 - code.lengths[exponent]);
}

std::uint32_t prefix_of(const SerialCode& code, std::uint8_t exponent, unsigned depth) noexcept {
  return depth == 0 ? 0 : aligned(code, exponent) >> (32 - 8 * depth);
}

}  // namespace

void require_dfloat11_limits(std::uint64_t weights, std::uint64_t bytes) {
  if (weights > kDfloat11MostWeights) {
    throw std::invalid_argument("DFloat11 has at most " + std::to_string(kDfloat11MostWeights) +
                                " weights in a module, not " + std::to_string(weights));
  }
  if (bytes > kDfloat11MostBytes) {
    throw std::invalid_argument("DFloat11 has at most " + std::to_string(kDfloat11MostBytes) +
                                " bytes of exponents in a module, not " + std::to_string(bytes));
  }
}

// Tables are numbered level by level, on a level by their prefixes, which rise with the codewords.
// What no codeword leads to is filled with what comes before it: a thread that reads behind the end
// finds exponents that have a length, and moves on.
std::size_t dfloat11_tables(const SerialCode& code, unsigned char* luts) noexcept {
  std::uint8_t exponents[kRow];
  const std::size_t n = in_order(code, exponents);
  PYINFO_ASSERT(n > 0);
  constexpr unsigned kLevels = kLongestSerial / 8;
  std::size_t table_of[kLevels][kRow];  // by level, where the codewords of an exponent go on
  std::size_t tables = 0;
  for (unsigned level = 0; level < kLevels; ++level) {
    bool any = false;
    std::uint32_t last = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (depth_of(code, exponents[i]) < level) continue;
      const std::uint32_t prefix = prefix_of(code, exponents[i], level);
      tables += !any || prefix != last;
      any = true;
      last = prefix;
      table_of[level][i] = tables - 1;
    }
  }
  if (luts == nullptr || tables > kDfloat11Tables) return tables;

  bool known[kDfloat11Tables][kRow] = {};
  for (std::size_t i = 0; i < n; ++i) {
    const unsigned depth = depth_of(code, exponents[i]);
    for (unsigned level = 0; level <= depth; ++level) {
      const std::size_t table = table_of[level][i];
      const std::size_t first = aligned(code, exponents[i]) >> (24 - 8 * level) & 255;
      const std::size_t width =
          level < depth ? 1 : std::size_t{1} << (8 * (level + 1) - code.lengths[exponents[i]]);
      const std::size_t value = level < depth ? kRow - table_of[level + 1][i] : exponents[i];
      std::memset(luts + table * kRow + first, int(value), width);
      std::fill_n(known[table] + first, width, true);
    }
  }
  for (std::size_t table = 0; table < tables; ++table) {
    unsigned char value = exponents[0];
    for (std::size_t byte = 0; byte < kRow; ++byte) {
      unsigned char& entry = luts[table * kRow + byte];
      if (known[table][byte]) value = entry;
      entry = value;
    }
  }
  std::memcpy(luts + tables * kRow, code.lengths, kRow);
  return tables;
}

SerialCode dfloat11_code(const std::uint64_t counts[256]) {
  std::uint64_t with_end[kSerialSymbols];
  std::copy_n(counts, kSerialEnd, with_end);
  with_end[kSerialEnd] = 1;
  SerialCode code;
  for (int limit = kLongestSerial;; --limit) {
    PYINFO_ASSERT(limit >= 8);  // one table has 256 places, and no more symbols are there
    huffman_lengths(with_end, kSerialSymbols, limit, code.lengths);
    canonical_codewords(code.lengths, kSerialSymbols, code.codewords);
    if (dfloat11_tables(code, nullptr) <= kDfloat11Tables) return code;
  }
}

Dfloat11Encoder::Dfloat11Encoder(const Bfloat16Weights* weights, std::size_t count,
                                 unsigned char* sign_mantissa)
    : exponents_(std::size_t(total_size(weights, count))) {
  std::uint64_t counts[256] = {};
  std::size_t done = 0;
  for (std::size_t w = 0; w < count; ++w) {
    for (std::size_t i = 0; i < weights[w].size;) {
      threads::require_uninterrupted();
      const std::size_t n = std::min(weights[w].size - i, kTile);
      std::uint8_t* const exponents = exponents_.data() + done;
      take_apart(weights[w].bits + i, n, exponents, sign_mantissa + done);
      counting::byte_counts(exponents, n, 1, counts);
      i += n;
      done += n;
    }
  }
  require_exponents(counts);
  code_ = dfloat11_code(counts);
  // Only codewords of one bit can be too many in a group.
  if (std::find(code_.lengths, code_.lengths + kSerialEnd, 1) != code_.lengths + kSerialEnd &&
      most_in_group(code_, exponents_.data(), done) > kDfloat11MostInGroup) {
    std::replace(code_.lengths, code_.lengths + kSerialSymbols, std::uint8_t{1}, std::uint8_t{2});
    canonical_codewords(code_.lengths, kSerialSymbols, code_.codewords);
  }
  rows_ = dfloat11_tables(code_, nullptr) + 1;
  sizes_ = SerialSizes(serial_bits(code_, counts));
  require_dfloat11_limits(done, sizes_.bytes);
}

void Dfloat11Encoder::write_tables(unsigned char* luts) const noexcept {
  dfloat11_tables(code_, luts);
}

void Dfloat11Encoder::encode(unsigned char* encoded, std::uint32_t* positions,
                             unsigned char* gaps) const {
  memory::Buffer<std::uint8_t> numbers(std::size_t(sizes_.gaps()));
  numbers[0] = 0;
  encode_serial(code_, exponents_.data(), exponents_.size(), {encoded, numbers.data(), positions});
  pack_five_bits(numbers.data(), numbers.size() - 1, gaps);
}

}  // namespace pyinfo::coding
