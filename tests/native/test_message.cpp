// Messages of every kind of code: back and forth in exact-size memory, damaged in every bit, forged
// with checksums that match.
#include <algorithm>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/messages/message.hpp"
#include "coding/messages/symbol_code.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"

namespace {

using namespace pyinfo::coding;
using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::Random;
using Bytes = std::vector<unsigned char>;
using Symbols = std::vector<std::uint16_t>;

struct Case {
  std::string name;
  std::unique_ptr<SymbolCode> code;
  std::vector<std::uint64_t> counts;
};

std::vector<std::uint64_t> geometric_counts(std::size_t alphabet, std::uint64_t first) {
  std::vector<std::uint64_t> counts(alphabet);
  for (std::size_t i = 0; i < alphabet; ++i) {
    counts[i] = std::max<std::uint64_t>(1, first >> std::min<std::size_t>(60, i * 64 / alphabet));
  }
  return counts;
}

Case huffman_case(const std::string& name, const std::vector<std::uint64_t>& counts, int longest) {
  std::vector<std::uint8_t> lengths(counts.size());
  huffman_lengths(counts.data(), counts.size(), longest, lengths.data());
  return {"huffman " + name, huffman_code(lengths.data(), lengths.size()), counts};
}

Case rans_case(const std::string& name, const std::vector<std::uint64_t>& counts, int precision) {
  std::vector<std::uint32_t> frequencies(counts.size());
  rans_frequencies(counts.data(), counts.size(), precision, false, frequencies.data());
  return {"rans " + name, rans_code(frequencies.data(), frequencies.size(), precision), counts};
}

std::vector<Case> all_cases() {
  std::vector<std::uint64_t> gaps(256);
  for (std::size_t i = 0; i < 256; i += 3) gaps[i] = i + 1;
  const std::vector<std::uint64_t> single = {0, 0, 5};
  std::vector<Case> cases;
  cases.push_back(huffman_case("two", {1, 1}, 11));
  cases.push_back(huffman_case("few", {45, 13, 12, 16, 9, 5}, 11));
  cases.push_back(huffman_case("gaps", gaps, 11));
  cases.push_back(huffman_case("bytes", geometric_counts(256, 1000), 11));
  cases.push_back(huffman_case("deep", geometric_counts(256, std::uint64_t{1} << 40), 16));
  cases.push_back(huffman_case("one", single, 11));
  cases.push_back(huffman_case("wide", geometric_counts(3000, 100000), 16));
  cases.push_back(huffman_case("widest", std::vector<std::uint64_t>(65536, 1), 16));
  const std::uint8_t incomplete[] = {2, 0, 5, 3};
  cases.push_back({"huffman incomplete", huffman_code(incomplete, 4), {1, 0, 1, 1}});
  cases.push_back(rans_case("two", {1, 1}, 12));
  cases.push_back(rans_case("few", {45, 13, 12, 16, 9, 5}, 12));
  cases.push_back(rans_case("gaps", gaps, 12));
  cases.push_back(rans_case("bytes", geometric_counts(256, 1000), 12));
  cases.push_back(rans_case("low", {45, 13, 12, 16, 9, 5}, 8));
  cases.push_back(rans_case("high", geometric_counts(256, 1000), 16));
  cases.push_back(rans_case("skewed", {1 << 20, 1}, 16));
  cases.push_back(rans_case("one", single, 12));
  cases.push_back(rans_case("one at 16", single, 16));
  cases.push_back(rans_case("wide", geometric_counts(3000, 100000), 14));
  cases.push_back(rans_case("widest", std::vector<std::uint64_t>(65536, 1), 16));
  return cases;
}

// Symbols that occur as often as the counts say.
Symbols draw(const std::vector<std::uint64_t>& counts, std::size_t n, Random& random) {
  std::vector<double> cumulative(counts.size());
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) cumulative[i] = sum += double(counts[i]);
  Symbols symbols(n);
  for (std::uint16_t& symbol : symbols) {
    const auto at = std::upper_bound(cumulative.begin(), cumulative.end(), random.uniform() * sum);
    symbol = std::uint16_t(at - cumulative.begin());
  }
  return symbols;
}

// Symbols in memory of exactly their size, as the code takes them.
Buffer<unsigned char> packed(const SymbolCode& code, const Symbols& symbols) {
  Buffer<unsigned char> memory(symbols.size() * code.symbol_size());
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (code.symbol_size() == 1) {
      memory[i] = static_cast<unsigned char>(symbols[i]);
    } else {
      std::memcpy(memory.data() + 2 * i, &symbols[i], 2);
    }
  }
  return memory;
}

Bytes encode(const SymbolCode& code, const Symbols& symbols) {
  const Buffer<unsigned char> memory = packed(code, symbols);
  Buffer<unsigned char> message(message_capacity(code, symbols.size()));
  unsigned char* const end = message.data() + message.size();
  return Bytes(encode_message(code, memory.data(), symbols.size(), end), end);
}

// What is wrong with the message; empty if it holds these symbols, "other symbols" if others.
std::string decode(const SymbolCode& code, const Bytes& message, const Symbols& expected) {
  Buffer<unsigned char> data(message.size());
  std::copy(message.begin(), message.end(), data.data());
  try {
    const Message read = read_message(code, data.data(), data.size());
    if (read.symbols > 2 * expected.size() + 1000) return "too many symbols";
    Buffer<unsigned char> out(read.symbols * code.symbol_size());
    decode_message(code, read, out.data());
    const Buffer<unsigned char> wanted = packed(code, expected);
    const bool same = out.size() == wanted.size() &&
                      std::equal(wanted.data(), wanted.data() + wanted.size(), out.data());
    return same ? "" : "other symbols";
  } catch (const CorruptData& error) {
    CHECK(error.offset() <= message.size(), "offset");
    return error.what();
  }
}

void check_round_trips(const Case& test, Random& random) {
  for (std::size_t n = 0; n <= 100000; n += n < 70 ? 1 : n < 2000 ? 97 : 49123) {
    if (!chosen()) continue;
    const Symbols symbols = draw(test.counts, n, random);
    const Bytes message = encode(*test.code, symbols);
    const std::string problem = decode(*test.code, message, symbols);
    CHECK(problem.empty(), test.name + ", " + std::to_string(n) + " symbols: " + problem);
    CHECK(n > 0 || (message.size() == 6 && message[0] == 0), test.name);
  }
}

// Every bit is under the checksum; without one (`forged`), nothing worse than other symbols
// happens.
void check_damage(const Case& test, Random& random) {
  for (const std::size_t n : {0, 1, 40, 700}) {
    const Symbols symbols = draw(test.counts, n, random);
    const Bytes message = encode(*test.code, symbols);
    for (std::size_t size = 0; size < message.size(); ++size) {
      const Bytes part(message.begin(), message.begin() + std::ptrdiff_t(size));
      CHECK(!decode(*test.code, part, symbols).empty(), test.name + " cut off");
    }
    Bytes longer = message;
    longer.push_back(0);
    CHECK(!decode(*test.code, longer, symbols).empty(), test.name + " continued");
    for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
      if (!chosen()) continue;
      Bytes damaged = message;
      damaged[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
      CHECK(!decode(*test.code, damaged, symbols).empty(), test.name + " damaged");

      std::size_t header = 1;
      while (header < damaged.size() && (damaged[header] & 0x80) != 0) ++header;
      ++header;
      if (header + 4 > damaged.size()) continue;
      store32(damaged.data() + header,
              crc32c(crc32c(test.code->identity(), damaged.data(), header),
                     damaged.data() + header + 4, damaged.size() - header - 4));
      decode(*test.code, damaged, symbols);
    }
  }
}

// A message says how many symbols it has before anything else does.
void check_claims(const Case& test) {
  Bytes forged(64, 0xff);
  for (std::uint64_t claim = 1; claim < std::uint64_t{1} << 62; claim *= 2) {
    std::size_t size = 0;
    forged[size++] = static_cast<unsigned char>(unsigned(test.code->kind()) << 4);
    for (std::uint64_t rest = claim; rest > 0 || size == 1; rest >>= 7) {
      forged[size++] = static_cast<unsigned char>((rest & 0x7f) | (rest >> 7 > 0 ? 0x80 : 0));
    }
    store32(forged.data() + size, crc32c(crc32c(test.code->identity(), forged.data(), size),
                                         forged.data() + size + 4, forged.size() - size - 4));
    try {
      const Message read = read_message(*test.code, forged.data(), forged.size());
      CHECK(read.symbols == claim, test.name);
      CHECK(claim <= std::uint64_t{1} << 28, test.name + " claims " + std::to_string(claim));
    } catch (const CorruptData&) {
    }
  }
}

void check_absent_symbols() {
  const std::uint8_t lengths[] = {1, 0, 2, 2};
  const std::unique_ptr<SymbolCode> gap = huffman_code(lengths, 4);
  const std::uint32_t frequencies[] = {0, 0, 1000, 3000, 96};
  const std::unique_ptr<SymbolCode> range = rans_code(frequencies, 5, 12);
  std::vector<std::uint8_t> even_lengths(256);
  for (std::size_t i = 0; i < 256; i += 2) even_lengths[i] = 7;
  const std::unique_ptr<SymbolCode> even = huffman_code(even_lengths.data(), 256);
  for (std::size_t n = 1; n < 2500; n += 19) {
    for (std::size_t at = 0; at < n; at += 7) {
      if (!chosen()) continue;
      Symbols symbols(n, 2);
      symbols[at] = 1;
      CHECK(even->find_absent(packed(*even, symbols).data(), n) == at, "in one of many gaps");
      CHECK(gap->find_absent(packed(*gap, symbols).data(), n) == at, "between");
      CHECK(range->find_absent(packed(*range, symbols).data(), n) == at, "below");
      symbols[at] = 5;
      CHECK(range->find_absent(packed(*range, symbols).data(), n) == at, "above");
    }
  }
  std::string message;
  try {
    encode(*gap, {0, 2, 1});
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  CHECK(message == "symbols[2] = 1 has no code", message);
}

// Symbols without a code are told before they get here, unless another thread writes them late.
void check_absent_symbols_do_no_harm(const Case& test) {
  const std::size_t n = 5000;
  Random random(5);
  Symbols symbols(n);
  for (std::uint16_t& symbol : symbols) symbol = std::uint16_t(random.bits());
  const Buffer<unsigned char> memory = packed(*test.code, symbols);
  for (const unsigned lanes : {1u, 16u, 32u, 128u}) {
    if (lanes > test.code->max_lanes()) continue;
    Buffer<unsigned char> payload(encode_capacity(n, lanes));
    unsigned char* const end = payload.data() + payload.size();
    const unsigned char* const begin = test.code->encode(lanes, memory.data(), n, end);
    CHECK(begin >= payload.data() && begin < end, test.name);
  }
}

template <class Make>
void check_refused(const std::string& name, Make make) {
  bool refused = false;
  try {
    make();
  } catch (const std::invalid_argument&) {
    refused = true;
  }
  CHECK(refused, name);
}

void check_bad_codes() {
  const std::uint8_t too_many[] = {1, 1, 2};
  const std::uint8_t none[] = {0, 0};
  const std::uint8_t too_long[] = {1, 17};
  const std::vector<std::uint8_t> too_large(65537, 16);
  check_refused("Kraft sum above 1", [&] { huffman_code(too_many, 3); });
  check_refused("no symbol", [&] { huffman_code(none, 2); });
  check_refused("no alphabet", [&] { huffman_code(none, 0); });
  check_refused("length 17", [&] { huffman_code(too_long, 2); });
  check_refused("65537 symbols", [&] { huffman_code(too_large.data(), too_large.size()); });
  const std::uint32_t frequencies[] = {4095, 2};
  check_refused("sum 4097", [&] { rans_code(frequencies, 2, 12); });
  const std::uint32_t low[] = {64, 64};
  check_refused("precision 7", [&] { rans_code(low, 2, 7); });
  const std::uint32_t high[] = {65536, 65536};
  check_refused("precision 17", [&] { rans_code(high, 2, 17); });
}

// 64 symbols of 4 bits: what a message costs beyond its symbols.
void check_overhead() {
  const Case cases[] = {huffman_case("even", std::vector<std::uint64_t>(16, 1), 11),
                        rans_case("even", std::vector<std::uint64_t>(16, 1), 12)};
  Random random(9);
  for (const Case& test : cases) {
    const Bytes message = encode(*test.code, draw(test.counts, 64, random));
    CHECK(message.size() <= 32 + 16, test.name + ": " + std::to_string(message.size()));
  }
}

}  // namespace

int main() {
  Random random(3);
  const std::vector<Case> cases = all_cases();
  for (const Case& test : cases) {
    check_round_trips(test, random);
    check_damage(test, random);
    check_claims(test);
    check_absent_symbols_do_no_harm(test);
  }
  for (const Case& test : cases) {
    for (const Case& other : cases) {
      if (test.code->symbol_size() != other.code->symbol_size() || &test == &other) continue;
      const Symbols symbols = draw(test.counts, 50, random);
      const bool read = decode(*other.code, encode(*test.code, symbols), symbols).empty();
      CHECK(!read, test.name + " read as " + other.name);
    }
  }
  check_absent_symbols();
  check_bad_codes();
  check_overhead();
  return pyinfo::check::finish();
}
