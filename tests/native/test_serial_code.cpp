// Serial streams: the fast encoder against the bit-by-bit one, codes of up to 32 bits, DFloat11's
// tables and limits.
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/serial/dfloat11.hpp"
#include "coding/serial/serial_code.hpp"

namespace {

using pyinfo::check::Buffer;
using pyinfo::check::Random;
namespace coding = pyinfo::coding;

std::vector<std::uint64_t> fibonacci(std::size_t n) {
  std::vector<std::uint64_t> numbers{1, 1};
  while (numbers.size() < n) numbers.push_back(numbers.back() + *(numbers.end() - 2));
  numbers.resize(n);
  return numbers;
}

// Package-merge as it is written in books: bits that the best code of limited length takes.
std::uint64_t fewest_bits(std::vector<std::uint64_t> weights, int max_length) {
  std::sort(weights.begin(), weights.end());
  const std::size_t n = weights.size();
  std::vector<std::uint64_t> list;
  for (int level = 0; level < max_length; ++level) {
    std::vector<std::uint64_t> next = weights;
    for (std::size_t i = 0; i + 1 < list.size(); i += 2) next.push_back(list[i] + list[i + 1]);
    std::sort(next.begin(), next.end());
    list = next;
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 2 * n - 2; ++i) bits += list[i];
  return bits;
}

void long_codes() {
  for (const std::size_t n : {2, 3, 20, 33, 34, 40, 60}) {
    const std::vector<std::uint64_t> counts = fibonacci(n);
    for (const int limit : {6, 15, 16, 17, 24, 31, 32}) {
      std::vector<std::uint8_t> lengths(n);
      std::vector<std::uint32_t> codewords(n);
      coding::huffman_lengths(counts.data(), n, limit, lengths.data());
      const std::string what = std::to_string(n) + " symbols, " + std::to_string(limit) + " bits";
      CHECK(coding::coded_bits(counts.data(), lengths.data(), n) == fewest_bits(counts, limit),
            what);
      CHECK(*std::max_element(lengths.begin(), lengths.end()) <= limit, what);
      coding::canonical_codewords(lengths.data(), n, codewords.data());
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          if (i == j || lengths[i] > lengths[j]) continue;
          CHECK(codewords[j] >> (lengths[j] - lengths[i]) != codewords[i], what + ": a prefix");
        }
      }
    }
  }
  // Weights whose packages come near 2^63: they are halved until they fit.
  const std::vector<std::uint64_t> large(40, ~std::uint64_t{0});
  std::vector<std::uint8_t> lengths(40);
  coding::huffman_lengths(large.data(), 40, 32, lengths.data());
  CHECK(*std::max_element(lengths.begin(), lengths.end()) == 6, "equal counts near 2^64");
}

struct Stream {
  Buffer<unsigned char> bytes;
  Buffer<std::uint8_t> gaps;
  Buffer<std::uint32_t> positions;

  explicit Stream(const coding::SerialSizes& sizes)
      : bytes(std::size_t(sizes.bytes)),
        gaps(std::size_t(sizes.gaps())),
        positions(std::size_t(sizes.groups) + 1) {
    std::fill_n(gaps.data(), gaps.size(), std::uint8_t{77});
    std::fill_n(bytes.data(), bytes.size(), static_cast<unsigned char>(77));
    gaps[0] = 0;
  }
  coding::SerialStream out() { return {bytes.data(), gaps.data(), positions.data()}; }
};

template <class T>
bool equal(const Buffer<T>& a, const Buffer<T>& b) {
  return a.size() == b.size() && std::equal(a.data(), a.data() + a.size(), b.data());
}

void both_ways(const coding::SerialCode& code, const Buffer<std::uint8_t>& symbols,
               const std::string& what) {
  std::uint64_t counts[256] = {};
  for (std::size_t i = 0; i < symbols.size(); ++i) ++counts[symbols[i]];
  const coding::SerialSizes sizes(coding::serial_bits(code, counts));
  Stream fast(sizes), plain(sizes);
  coding::encode_serial(code, symbols.data(), symbols.size(), fast.out());
  coding::encode_serial_reference(code, symbols.data(), symbols.size(), plain.out());
  CHECK(equal(fast.bytes, plain.bytes), what + ", bytes");
  CHECK(equal(fast.gaps, plain.gaps), what + ", gaps");
  CHECK(equal(fast.positions, plain.positions), what + ", positions");
  std::size_t most = 0;
  for (std::size_t g = 0; g + 1 < plain.positions.size(); ++g) {
    most = std::max<std::size_t>(most, plain.positions[g + 1] - plain.positions[g]);
  }
  CHECK(coding::most_in_group(code, symbols.data(), symbols.size()) == most, what + ", most");
}

coding::SerialCode code_of(const std::vector<std::uint64_t>& counts, std::size_t first) {
  coding::SerialCode code;
  std::uint64_t all[coding::kSerialSymbols] = {};
  std::copy(counts.begin(), counts.end(), all + first);
  all[coding::kSerialEnd] = 1;
  coding::huffman_lengths(all, coding::kSerialSymbols, coding::kLongestSerial, code.lengths);
  coding::canonical_codewords(code.lengths, coding::kSerialSymbols, code.codewords);
  return code;
}

void streams() {
  Random random(1);
  // From one symbol to codewords of 32 bits; frequent symbols, or all alike, which makes long ones.
  for (const std::size_t kinds : {1, 2, 3, 9, 40}) {
    const coding::SerialCode code = code_of(fibonacci(kinds), 7);
    for (const bool alike : {false, true}) {
      for (std::size_t n = 1; n < 40000; n += n < 70 ? 1 : n < 3000 ? 331 : 12345) {
        Buffer<std::uint8_t> symbols(n, n % 5);
        for (std::size_t i = 0; i < n; ++i) {
          std::size_t back = 0;
          while (!alike && back + 1 < kinds && random.uniform() < 0.38) ++back;
          if (alike) back = std::size_t(random.bits() % kinds);
          symbols[i] = static_cast<std::uint8_t>(7 + kinds - 1 - back);
        }
        both_ways(code, symbols,
                  std::to_string(n) + (alike ? " of " : " frequent of ") + std::to_string(kinds));
      }
    }
  }
  // Streams that end at every bit around the border of a word and of a group.
  const coding::SerialCode bits = code_of({1, 5}, 0);  // one bit, and two
  for (const std::uint32_t border : {64u, 32768u, 65536u}) {
    for (std::uint32_t n = border - 9; n < border + 9; ++n) {
      Buffer<std::uint8_t> symbols(n);
      std::fill_n(symbols.data(), n, std::uint8_t{1});
      both_ways(bits, symbols, std::to_string(n) + " bits");
      symbols[n - 1] = 0;
      both_ways(bits, symbols, std::to_string(n + 1) + " bits");
    }
  }
}

void packing() {
  Random random(2);
  std::uint8_t numbers[64];
  for (std::uint8_t& number : numbers) number = static_cast<std::uint8_t>(random.bits() % 32);
  Buffer<unsigned char> packed(40);
  coding::pack_five_bits(numbers, 64, packed.data());
  for (std::size_t i = 0; i < 64; ++i) {
    unsigned number = 0;
    for (std::size_t bit = 5 * i; bit < 5 * i + 5; ++bit) {
      number = number << 1 | (packed[bit / 8] >> (7 - bit % 8) & 1u);
    }
    CHECK(number == numbers[i], "number " + std::to_string(i));
  }
}

void tables() {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    // Few frequent exponents and many rare ones are what needs many tables.
    const std::size_t kinds = 1 + std::size_t(random.bits() % coding::kDfloat11Pointers);
    std::uint64_t counts[256] = {};
    for (std::size_t i = 0; i < kinds; ++i) {
      counts[i] =
          1 + (random.bits() >> (24 + random.bits() % 40)) % (std::uint64_t{1} << round % 33);
    }
    if (round % 3 == 0) counts[0] = std::uint64_t{1} << 30;
    const coding::SerialCode code = coding::dfloat11_code(counts);
    const std::string what = std::to_string(kinds) + " exponents, round " + std::to_string(round);
    const std::size_t needed = coding::dfloat11_tables(code, nullptr);
    CHECK(needed >= 1 && needed <= coding::kDfloat11Tables, what);
    Buffer<unsigned char> luts((needed + 1) * 256);
    coding::dfloat11_tables(code, luts.data());
    for (std::size_t exponent = 0; exponent < 256; ++exponent) {
      const unsigned length = code.lengths[exponent];
      CHECK((length != 0) == (counts[exponent] != 0), what);
      CHECK(luts[needed * 256 + exponent] == length, what);
      if (length == 0) continue;
      // Whatever follows the codeword.
      const std::uint64_t follows = random.bits() >> 32 >> length;
      const std::uint64_t window =
          (std::uint64_t{code.codewords[exponent]} << (32 - length)) | (length == 32 ? 0 : follows);
      unsigned value = luts[window >> 24 & 255];
      for (unsigned level = 1; level < 4 && value >= coding::kDfloat11Pointers; ++level) {
        value = luts[(256 - value) * 256 + (window >> (24 - 8 * level) & 255)];
      }
      CHECK(value == exponent, what + ", exponent " + std::to_string(exponent));
    }
  }
}

bool refused(std::uint64_t weights, std::uint64_t bytes) {
  try {
    coding::require_dfloat11_limits(weights, bytes);
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
}

void limits() {
  CHECK(!refused(0xffff0000u, 0x7ffff000u), "the most");
  CHECK(refused(0xffff0001u, 0), "weights");
  CHECK(refused(1, 0x7ffff001u), "bytes");
  CHECK(coding::kDfloat11MostInGroup == 23550, "weights of a block");
}

}  // namespace

int main() {
  long_codes();
  streams();
  packing();
  tables();
  limits();
  return pyinfo::check::finish();
}
