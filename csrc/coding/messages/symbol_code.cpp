#include "coding/messages/symbol_code.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "coding/frames/checksum.hpp"
#include "coding/lanes/huffman_lanes.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/lanes/rans_lanes.hpp"
#include "coding/lanes/wide_codes.hpp"
#include "coding/models/fixed_log2.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kByteAlphabet = 256;
constexpr std::size_t kSample = 128;  // symbols that the number of lanes is chosen by
constexpr int kCostBits = 8;

// ---- Encoder and decoder of each kind, with their tables

template <class Encoder, class Decoder>
struct ByteLanes {
  Encoder encoder;
  Decoder decoder;
  template <class Model>
  explicit ByteLanes(const Model* model) : encoder(model), decoder(model) {}
};
using HuffmanLanes = ByteLanes<HuffmanEncoder, HuffmanDecoder>;
using RansLanes = ByteLanes<RansEncoder, RansDecoder>;

template <class Symbol>
struct WideHuffman {
  WideHuffmanTable table;
  WideHuffmanEncoder<Symbol> encoder;
  WideHuffmanDecoder<Symbol> decoder;
  WideHuffman(const std::uint8_t* lengths, std::size_t alphabet)
      : table(lengths, alphabet), encoder(table), decoder(table) {}
};

template <class Symbol>
struct WideRans {
  WideRansTable table;
  WideRansEncoder<Symbol> encoder;
  WideRansDecoder<Symbol> decoder;
  WideRans(const std::uint32_t* frequencies, std::size_t alphabet, int precision)
      : table(frequencies, alphabet, precision), encoder(table), decoder(table) {}
};

template <class Coders>
class LaneCode final : public SymbolCode {
 public:
  template <class... Arguments>
  explicit LaneCode(Properties properties, Arguments... arguments)
      : SymbolCode(std::move(properties)), coders_(arguments...) {}

  unsigned char* encode(unsigned lanes, const void* symbols, std::size_t n,
                        unsigned char* end) const noexcept override {
    return encode_lanes(coders_.encoder, lanes, static_cast<const Symbol*>(symbols), n, end);
  }
  const char* decode(unsigned lanes, const unsigned char* payload, std::size_t size, void* out,
                     std::size_t n) const noexcept override {
    return decode_lanes(coders_.decoder, lanes, payload, size, static_cast<Symbol*>(out), n);
  }

 private:
  using Symbol = typename decltype(Coders::encoder)::Symbol;
  Coders coders_;
};

// ---- What is known of a code before its tables are built

void check_alphabet(std::size_t alphabet) {
  if (alphabet == 0 || alphabet > kMaxAlphabet) {
    throw std::invalid_argument("an alphabet has 1 to 65536 symbols, not " +
                                std::to_string(alphabet));
  }
}

// Every value of the symbol type gets a cost, be it in the alphabet or not.
std::vector<std::uint16_t> no_costs(std::size_t alphabet) {
  return std::vector<std::uint16_t>(alphabet <= kByteAlphabet ? kByteAlphabet : kMaxAlphabet,
                                    SymbolCode::kAbsent);
}

SymbolCode::Properties huffman_properties(const std::uint8_t* lengths, std::size_t alphabet,
                                          bool fast) {
  SymbolCode::Properties properties{CodeKind::huffman,
                                    alphabet,
                                    crc32c(0, lengths, alphabet),
                                    fast ? kMaxLanes : kWideLanes,
                                    1,
                                    kLongestCode,
                                    no_costs(alphabet)};
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) {
    if (lengths[symbol] == 0) continue;
    properties.costs[symbol] = static_cast<std::uint16_t>(lengths[symbol] << kCostBits);
    properties.per_bits = std::min<std::uint64_t>(properties.per_bits, lengths[symbol]);
  }
  return properties;
}

SymbolCode::Properties rans_properties(const std::uint32_t* frequencies, std::size_t alphabet,
                                       int precision, bool fast) {
  const auto precision_byte = static_cast<unsigned char>(precision);
  const std::uint32_t total = 1u << precision;
  SymbolCode::Properties properties{CodeKind::rans,
                                    alphabet,
                                    crc32c(0, &precision_byte, 1),
                                    fast ? kMaxLanes : kWideLanes,
                                    2 * std::uint64_t{total},
                                    total,
                                    no_costs(alphabet)};
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) {
    const std::uint32_t frequency = frequencies[symbol];
    unsigned char bytes[4];
    store32(bytes, frequency);
    properties.identity = crc32c(properties.identity, bytes, sizeof bytes);
    if (frequency == 0) continue;
    const std::uint64_t cost = (std::uint64_t(precision) << kLogBits) - fixed_log2(frequency);
    properties.costs[symbol] = static_cast<std::uint16_t>(cost >> (kLogBits - kCostBits));
    // To pop a symbol of frequency f multiplies a state by less than 1 - (total - f) / (2 total),
    // since the part of it above the slots is at least 1: so much goes, in bits, or more.
    properties.per_bits = std::min<std::uint64_t>(properties.per_bits, total - frequency);
  }
  return properties;
}

}  // namespace

SymbolCode::SymbolCode(Properties properties) : properties_(std::move(properties)) {
  const std::vector<std::uint16_t>& costs = properties_.costs;
  for (std::size_t value = 0; value < costs.size(); ++value) {
    if (costs[value] != kAbsent) continue;
    if (value > 0 && costs[value - 1] == kAbsent) {
      ++gaps_.back().span;
    } else {
      gaps_.push_back({static_cast<std::uint16_t>(value), 0});
    }
  }
}

template <class Symbol>
std::uint64_t SymbolCode::predicted_bits(const Symbol* symbols, std::size_t n) const noexcept {
  const std::size_t stride = std::max<std::size_t>(1, n / kSample);
  const std::size_t sampled = n / stride;
  std::uint64_t cost = 0;
  for (std::size_t i = 0; i < sampled; ++i) cost += properties_.costs[symbols[i * stride]];
  return (cost * stride) >> kCostBits;
}

unsigned SymbolCode::lanes(const void* symbols, std::size_t n) const noexcept {
  const std::uint64_t bits = symbol_size() == 1
                                 ? predicted_bits(static_cast<const std::uint8_t*>(symbols), n)
                                 : predicted_bits(static_cast<const std::uint16_t*>(symbols), n);
  return std::min(choose_lanes(bits, properties_.kind == CodeKind::rans), properties_.max_lanes);
}

std::uint64_t SymbolCode::max_symbols(std::size_t payload_size, unsigned lanes) const noexcept {
  if (is_free()) return max_message();
  const std::uint64_t in_states = std::uint64_t{lanes} * 2 / symbol_size();
  const std::uint64_t bits = std::min<std::uint64_t>(payload_size, max_message()) * 8;
  // Divided first where the product could pass 2^64.
  const std::uint64_t coded = bits < std::uint64_t{1} << 40
                                  ? bits * properties_.max_symbols / properties_.per_bits
                                  : (bits / properties_.per_bits + 1) * properties_.max_symbols;
  return std::min(in_states + coded, max_message());
}

template <class Symbol>
std::size_t SymbolCode::find_absent_symbol(const Symbol* symbols, std::size_t n) const noexcept {
  constexpr std::size_t kAtATime = 1024;
  constexpr std::size_t kFewGaps = 8;
  if (gaps_.empty()) return n;
  for (std::size_t begin = 0; begin < n; begin += kAtATime) {
    const Symbol* const first = symbols + begin;
    const std::size_t count = std::min(n - begin, kAtATime);
    bool suspect = false;
    if (gaps_.size() <= kFewGaps) {
      // Counted from where a gap begins, all symbols are beyond it: compilers make vectors of this.
      for (const Gap gap : gaps_) {
        Symbol lowest = static_cast<Symbol>(-1);
        for (std::size_t i = 0; i < count; ++i) {
          lowest = std::min(lowest, static_cast<Symbol>(first[i] - gap.first));
        }
        suspect |= lowest <= gap.span;
      }
    } else {
      std::uint32_t costs = 0;  // kAbsent is the only one with the highest bit
      for (std::size_t i = 0; i < count; ++i) costs |= properties_.costs[first[i]];
      suspect = costs > kAbsent >> 1;
    }
    if (!suspect) continue;
    const auto is_absent = [this](Symbol symbol) { return properties_.costs[symbol] == kAbsent; };
    return std::size_t(std::find_if(first, first + count, is_absent) - symbols);
  }
  return n;
}

std::size_t SymbolCode::find_absent(const void* symbols, std::size_t n) const noexcept {
  return symbol_size() == 1 ? find_absent_symbol(static_cast<const std::uint8_t*>(symbols), n)
                            : find_absent_symbol(static_cast<const std::uint16_t*>(symbols), n);
}

std::unique_ptr<SymbolCode> huffman_code(const std::uint8_t* lengths, std::size_t alphabet) {
  check_alphabet(alphabet);
  const auto longest = std::size_t(std::max_element(lengths, lengths + alphabet) - lengths);
  if (lengths[longest] == 0) throw std::invalid_argument("no symbol has a code: all lengths are 0");
  if (lengths[longest] > kLongestCode) {
    throw std::invalid_argument("lengths[" + std::to_string(longest) +
                                "] = " + std::to_string(lengths[longest]) +
                                " is above 16, the longest codeword there may be");
  }
  const std::uint64_t kraft = kraft_sum(lengths, alphabet);
  constexpr std::uint64_t kComplete = 1u << kLongestCode;
  if (kraft > kComplete) {
    throw std::invalid_argument("no prefix code has these lengths: their Kraft sum is " +
                                std::to_string(kraft) + " / 65536, above 1");
  }
  const bool bytes = alphabet <= kByteAlphabet;
  const bool fast = bytes && kraft == kComplete && lengths[longest] <= kFastLength;
  SymbolCode::Properties properties = huffman_properties(lengths, alphabet, fast);
  if (fast) {
    std::uint8_t padded[kByteAlphabet] = {};
    std::copy(lengths, lengths + alphabet, padded);
    return std::make_unique<LaneCode<HuffmanLanes>>(std::move(properties), padded);
  }
  if (bytes) {
    return std::make_unique<LaneCode<WideHuffman<std::uint8_t>>>(std::move(properties), lengths,
                                                                 alphabet);
  }
  return std::make_unique<LaneCode<WideHuffman<std::uint16_t>>>(std::move(properties), lengths,
                                                                alphabet);
}

std::unique_ptr<SymbolCode> rans_code(const std::uint32_t* frequencies, std::size_t alphabet,
                                      int precision) {
  check_alphabet(alphabet);
  if (precision < kMinPrecision || precision > kMaxPrecision) {
    throw std::invalid_argument("precision must be 8 to 16, not " + std::to_string(precision));
  }
  const std::uint64_t total = std::uint64_t{1} << precision;
  std::uint64_t sum = 0;
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) sum += frequencies[symbol];
  if (sum != total) {
    throw std::invalid_argument("frequencies sum to " + std::to_string(sum) + ", not to " +
                                std::to_string(total));
  }
  const bool bytes = alphabet <= kByteAlphabet;
  const bool single = *std::max_element(frequencies, frequencies + alphabet) == total;
  const bool fast = bytes && precision == kFastPrecision && !single;
  SymbolCode::Properties properties = rans_properties(frequencies, alphabet, precision, fast);
  if (fast) {
    std::uint32_t padded[kByteAlphabet] = {};
    std::copy(frequencies, frequencies + alphabet, padded);
    return std::make_unique<LaneCode<RansLanes>>(std::move(properties), padded);
  }
  if (bytes) {
    return std::make_unique<LaneCode<WideRans<std::uint8_t>>>(std::move(properties), frequencies,
                                                              alphabet, precision);
  }
  return std::make_unique<LaneCode<WideRans<std::uint16_t>>>(std::move(properties), frequencies,
                                                             alphabet, precision);
}

}  // namespace pyinfo::coding
