#include "coding/lanes/wide_codes.hpp"

#include <algorithm>
#include <numeric>

#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

// The least power of two that is not below n.
std::size_t power_of_two(std::size_t n) {
  std::size_t power = 1;
  while (power < n) power *= 2;
  return power;
}

std::uint32_t reversed(std::uint32_t bits, unsigned length) {
  std::uint32_t result = 0;
  for (unsigned i = 0; i < length; ++i) result |= (bits >> i & 1) << (length - 1 - i);
  return result;
}

}  // namespace

WideHuffmanTable::WideHuffmanTable(const std::uint8_t* lengths, std::size_t alphabet)
    : codes(power_of_two(alphabet)), symbol_mask(std::uint32_t(codes.size() - 1)) {
  PYINFO_ASSERT(kraft_sum(lengths, alphabet) >= 1);
  PYINFO_ASSERT(kraft_sum(lengths, alphabet) <= std::uint64_t{1} << kLongestCode);
  canonical_codewords(lengths, alphabet, codes.data());
  const unsigned longest = *std::max_element(lengths, lengths + alphabet);
  symbols.resize(std::size_t{1} << longest);
  bits_mask = std::uint32_t(symbols.size() - 1);
  for (std::size_t symbol = 0; symbol < alphabet; ++symbol) {
    const unsigned length = lengths[symbol];
    if (length == 0) continue;
    const std::uint32_t code = reversed(codes[symbol], length);
    codes[symbol] = code | std::uint32_t{length} << 16;
    for (std::size_t bits = code; bits < symbols.size(); bits += std::size_t{1} << length) {
      symbols[bits] = std::uint32_t(symbol) | std::uint32_t{length} << 16;
    }
  }
}

WideRansTable::WideRansTable(const std::uint32_t* frequencies, std::size_t alphabet,
                             int precision_bits)
    : intervals(power_of_two(alphabet), Interval{1, 0}),
      symbol_mask(std::uint32_t(intervals.size() - 1)),
      precision(precision_bits) {
  PYINFO_ASSERT(std::accumulate(frequencies, frequencies + alphabet, std::uint64_t{0}) ==
                std::uint64_t{1} << precision_bits);
  symbols.reserve(std::size_t{1} << precision);
  std::vector<std::uint16_t> ranking(alphabet);
  const std::size_t present = rans_ranking(frequencies, alphabet, ranking.data());
  for (std::size_t rank = 0; rank < present; ++rank) {
    const std::uint16_t symbol = ranking[rank];
    intervals[symbol] = {frequencies[symbol], std::uint32_t(symbols.size())};
    symbols.insert(symbols.end(), frequencies[symbol], symbol);
  }
}

}  // namespace pyinfo::coding
