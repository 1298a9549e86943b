// Huffman codes on lanes: every instruction set and number of lanes against the coders' push and
// pop, bit for bit, in buffers that end where the data ends.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/lanes/huffman_lanes.hpp"
#include "coding/models/huffman_code.hpp"
#include "simd/dispatch.hpp"

namespace {

using namespace pyinfo::coding;
using pyinfo::check::Buffer;
using pyinfo::check::chosen_length;
using pyinfo::check::Random;
using pyinfo::check::rounds;
using pyinfo::simd::Isa;

struct Code {
  std::string name;
  std::uint8_t lengths[kByteSymbols];
  std::vector<std::uint8_t> deck;  // symbols, about as often as their lengths say

  Code(std::string given, const std::uint64_t* counts) : name(std::move(given)) {
    huffman_lengths(counts, kByteSymbols, kFastLength, lengths);
    for (std::size_t s = 0; s < kByteSymbols; ++s) {
      if (lengths[s] == 0) continue;
      deck.insert(deck.end(), std::size_t{1} << (kFastLength - lengths[s]), std::uint8_t(s));
    }
  }
};

std::vector<Code> make_codes() {
  std::vector<Code> codes;
  const auto add = [&](const std::string& name, auto count) {
    std::uint64_t counts[kByteSymbols];
    for (std::size_t s = 0; s < kByteSymbols; ++s) counts[s] = count(s);
    codes.emplace_back(name, counts);
  };
  Random random(1);
  add("two symbols", [](std::size_t s) { return std::uint64_t{s == 7 || s == 255}; });
  add("uniform", [](std::size_t) { return std::uint64_t{1}; });
  add("129 symbols", [](std::size_t s) { return std::uint64_t{s % 2 == 0 || s == 129}; });
  add("every length",
      [](std::size_t s) { return s >= 100 && s < 112 ? std::uint64_t{1} << (s - 100) : 0; });
  add("skewed, all symbols", [](std::size_t s) { return s == 0 ? std::uint64_t{1} << 30 : 1; });
  add("random", [&](std::size_t) { return random.bits() >> (random.bits() % 40 + 24); });
  add("some random", [&](std::size_t) {
    return random.bits() % 3 == 0 ? random.bits() >> (random.bits() % 50 + 14) : 0;
  });
  add("long codes", [&](std::size_t s) { return std::uint64_t{1} << (s < 8 ? 6 : s / 128); });
  // Symbols that lie close together, some of them on both sides of 255.
  std::size_t first = 0;
  for (const std::size_t width : {17, 32, 33, 48, 49, 64, 65, 128, 129, 192, 193}) {
    first = (first + 107) % kByteSymbols;
    add(std::to_string(width) + " values from " + std::to_string(first) + " on",
        [&](std::size_t s) {
          const std::size_t place = (s + kByteSymbols - first) % kByteSymbols;
          const bool end = place == 0 || place == width - 1;
          return place < width ? (random.bits() >> (random.bits() % 40 + 24)) + end : 0;
        });
  }
  return codes;
}

std::vector<Isa> instruction_sets() {
  std::vector<Isa> sets;
  for (const Isa isa : pyinfo::simd::kIsas) {
    if (pyinfo::simd::available(isa) && pyinfo::simd::coder_isa(isa) == isa) sets.push_back(isa);
  }
  return sets;
}

std::string describe(const Code& code, Isa isa, unsigned lanes, std::size_t n) {
  return code.name + ", " + pyinfo::simd::name(isa) + ", " + std::to_string(lanes) + " lanes, " +
         std::to_string(n) + " symbols";
}

Buffer<std::uint8_t> draw(const Code& code, std::size_t n, Random& random) {
  Buffer<std::uint8_t> symbols(n, random.bits() % 3);
  for (std::size_t i = 0; i < n; ++i) symbols[i] = code.deck[random.bits() % code.deck.size()];
  return symbols;
}

std::vector<unsigned char> encode(const HuffmanEncoder& encoder, unsigned lanes,
                                  const Buffer<std::uint8_t>& symbols) {
  Buffer<unsigned char> memory(encode_capacity(symbols.size(), lanes));
  unsigned char* const end = memory.data() + memory.size();
  const unsigned char* const start =
      encode_lanes(encoder, lanes, symbols.data(), symbols.size(), end);
  return {start, static_cast<const unsigned char*>(end)};
}

struct Decoded {
  Buffer<std::uint8_t> symbols;
  const char* problem;
};

Decoded decode(const HuffmanDecoder& decoder, unsigned lanes,
               const std::vector<unsigned char>& payload, std::size_t n) {
  Buffer<unsigned char> exact(payload.size());
  if (!payload.empty()) std::memcpy(exact.data(), payload.data(), payload.size());
  Decoded result{Buffer<std::uint8_t>(n), nullptr};
  result.problem =
      decode_lanes(decoder, lanes, exact.data(), exact.size(), result.symbols.data(), n);
  return result;
}

bool same(const Buffer<std::uint8_t>& a, const Buffer<std::uint8_t>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

// The encoder's table against the codewords, the decoder's two forms against the encoder's.
void test_tables(const Code& code) {
  std::uint32_t codewords[kByteSymbols];
  canonical_codewords(code.lengths, kByteSymbols, codewords);
  const HuffmanEncoder encoder(code.lengths, nullptr);
  const HuffmanDecoder slots(code.lengths, kAnyLanes, nullptr);
  HuffmanDecodeTable compact;
  const HuffmanKernels no_slots{};
  build(code.lengths, kVectorLanes, &no_slots, compact);
  CHECK(!compact.has_slots, code.name);
  const HuffmanDecoder registers(code.lengths, kVectorLanes, &no_slots);
  for (std::size_t s = 0; s < kByteSymbols; ++s) {
    const std::string what = code.name + ", symbol " + std::to_string(s);
    for (const std::uint32_t before : {kLowestState, 0xffffffffu, 0x12345678u}) {
      unsigned char memory[2] = {};
      unsigned char* words = memory + 2;
      std::uint32_t state = before;
      encoder.push(state, std::uint8_t(s), words);
      if (code.lengths[s] == 0) {
        CHECK(state == before && words == memory + 2, what);
        continue;
      }
      const bool flushed = std::uint64_t{before} << code.lengths[s] >> 32 != 0;
      CHECK((words == memory) == flushed, what);
      std::uint32_t expected = flushed ? before >> 16 : before;
      for (unsigned bit = 0; bit < code.lengths[s]; ++bit) {  // the last bit is pushed first
        expected = expected << 1 | (codewords[s] >> bit & 1);
      }
      CHECK(state == expected, what);
      for (const HuffmanDecoder* decoder : {&slots, &registers}) {
        std::uint32_t after = state;
        std::uint8_t symbol = 0;
        const unsigned char* next = words;
        CHECK(decoder->pop(after, symbol, next, memory + 2), what);
        CHECK(after == before && symbol == s && next == memory + 2, what);
      }
    }
  }
}

void test_round_trips(const Code& code) {
  std::vector<std::size_t> sizes;
  for (std::size_t n = 1; n <= 300; n += n < 70 || n > 250 ? 1 : 7) sizes.push_back(n);
  for (std::size_t n = 301; n < 3000; n += 97) sizes.push_back(n);
  sizes.push_back(20011);
  Random random(2);
  const HuffmanEncoder plain_encoder(code.lengths, nullptr);
  const HuffmanDecoder plain_decoder(code.lengths, kAnyLanes, nullptr);
  for (unsigned lanes = 1; lanes <= kMaxLanes; lanes *= 2) {
    for (const std::size_t n : sizes) {
      if (!chosen_length(n)) continue;
      const Buffer<std::uint8_t> symbols = draw(code, n, random);
      const std::vector<unsigned char> payload = encode(plain_encoder, lanes, symbols);
      CHECK(payload.size() <= payload_bound(n, lanes), describe(code, Isa::portable, lanes, n));
      const Decoded back = decode(plain_decoder, lanes, payload, n);
      CHECK(back.problem == nullptr && same(back.symbols, symbols),
            describe(code, Isa::portable, lanes, n));
      for (const Isa isa : instruction_sets()) {
        const std::string what = describe(code, isa, lanes, n);
        const HuffmanKernels& kernels = huffman_kernels(isa);
        CHECK(encode(HuffmanEncoder(code.lengths, &kernels), lanes, symbols) == payload, what);
        const Decoded decoded =
            decode(HuffmanDecoder(code.lengths, lanes, &kernels), lanes, payload, n);
        CHECK(decoded.problem == nullptr, what);
        CHECK(same(decoded.symbols, symbols), what);
      }
    }
  }
}

// Whatever the payload holds, every instruction set finds the same: symbols or a problem.
void test_damage(const Code& code) {
  Random random(3);
  const HuffmanEncoder encoder(code.lengths, nullptr);
  for (unsigned lanes = 1; lanes <= kMaxLanes; lanes *= 2) {
    for (int trial = 0; trial < rounds(60); ++trial) {
      const std::size_t n = 1 + random.bits() % (trial % 2 == 0 ? 600 : 6000);
      std::vector<unsigned char> payload = encode(encoder, lanes, draw(code, n, random));
      switch (random.bits() % 4) {
        case 0:
          payload.resize(random.bits() % (payload.size() + 1));
          break;
        case 1:
          for (unsigned char& byte : payload) byte = static_cast<unsigned char>(random.bits());
          break;
        case 2:
          payload.resize(payload.size() + 2 * (random.bits() % 300));
          break;
        default:
          payload[random.bits() % payload.size()] ^=
              static_cast<unsigned char>(1 + random.bits() % 255);
      }
      const HuffmanDecoder plain(code.lengths, kAnyLanes, nullptr);
      const Decoded expected = decode(plain, lanes, payload, n);
      for (const Isa isa : instruction_sets()) {
        const HuffmanDecoder decoder(code.lengths, lanes, &huffman_kernels(isa));
        const Decoded decoded = decode(decoder, lanes, payload, n);
        CHECK(decoded.problem == expected.problem, describe(code, isa, lanes, n));
        CHECK(same(decoded.symbols, expected.symbols), describe(code, isa, lanes, n));
      }
    }
  }
}

void test_find_uncodable() {
  std::uint8_t lengths[kByteSymbols] = {};
  lengths[97] = 1;
  lengths[98] = 11;
  lengths[99] = 11;
  for (std::size_t n = 0; n <= 40; ++n) {
    Buffer<std::uint8_t> symbols(n, n % 5);
    for (std::size_t i = 0; i < n; ++i) symbols[i] = std::uint8_t(97 + i % 3);
    CHECK(find_uncodable(lengths, symbols.data(), n) == n, std::to_string(n));
    for (std::size_t at = n; at-- > 0;) {
      symbols[at] = std::uint8_t(100 + at);
      CHECK(find_uncodable(lengths, symbols.data(), n) == at, std::to_string(n));
    }
  }
}

// The default coders are those of the active instruction set.
void test_default(const Code& code) {
  Random random(4);
  const unsigned lanes = 128;
  const Buffer<std::uint8_t> symbols = draw(code, 100000, random);
  const std::vector<unsigned char> payload = encode(HuffmanEncoder(code.lengths), lanes, symbols);
  CHECK(payload == encode(HuffmanEncoder(code.lengths, nullptr), lanes, symbols), code.name);
  for (const unsigned wanted : {kAnyLanes, lanes}) {
    const Decoded decoded =
        decode(HuffmanDecoder(code.lengths, wanted), lanes, payload, symbols.size());
    CHECK(decoded.problem == nullptr && same(decoded.symbols, symbols), code.name);
  }
}

}  // namespace

int main() {
  for (const Code& code : make_codes()) {
    CHECK(kraft_sum(code.lengths, kByteSymbols) == 65536, code.name);
    test_tables(code);
    test_round_trips(code);
    test_damage(code);
    test_default(code);
  }
  test_find_uncodable();
  return pyinfo::check::finish();
}
