// What the Huffman and rANS harnesses have in common: every kernel that this machine runs against
// symbols coded one by one, in memory without a byte to spare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "coding/lanes/lanes.hpp"
#include "coding/messages/symbol_code.hpp"
#include "fuzzing.hpp"

namespace pyinfo::fuzz {

using coding::kMaxLanes;

// How far a payload decodes.
enum class Ending { whole, wrong_end, no_words };

// A lane payload as docs/format.md defines it, by pop() alone.
template <class Decoder>
Ending plain_decode(const Decoder& decoder, unsigned lanes, const Exact& payload,
                    std::vector<unsigned char>& out, std::size_t n) {
  const std::size_t in_states = n < 2 * lanes ? n : 2 * lanes;
  out.clear();
  if (payload.size() < 4 * lanes || payload.size() % 2 != 0) return Ending::no_words;
  std::uint32_t states[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) {
    states[lane] = coding::load32(payload.data() + 4 * lane);
    if (states[lane] < coding::kLowestState) return Ending::no_words;
  }
  const unsigned char* words = payload.data() + 4 * lanes;
  const unsigned char* const end = payload.data() + payload.size();
  for (std::size_t i = 0; i < n - in_states; ++i) {
    std::uint8_t symbol = 0;
    if (!decoder.pop(states[i % lanes], symbol, words, end)) return Ending::no_words;
    out.push_back(symbol);
  }
  bool whole = words == end;
  for (std::size_t i = 0; i < 2 * lanes; ++i) {
    const std::uint32_t state = states[i / 2];
    const auto symbol = static_cast<unsigned char>(i % 2 == 0 ? state : state >> 8);
    whole = whole && state >> 16 == 1 && (i < in_states || symbol == 0);
    if (i < in_states) out.push_back(symbol);
  }
  return whole ? Ending::whole : Ending::wrong_end;
}

// The same payload with a kernel's decoder: accepted or not, and the symbols where there are any.
template <class Decoder>
void check_decoder(const Decoder& decoder, unsigned lanes, const Exact& payload, Ending ending,
                   const std::vector<unsigned char>& expected, std::size_t n) {
  Exact out(n);
  const char* const error =
      coding::decode_lanes(decoder, lanes, payload.data(), payload.size(), out.data(), n);
  REQUIRE((error == nullptr) == (ending == Ending::whole));
  if (ending == Ending::no_words) return;
  // Symbols in the initial states are only read when all else is right.
  const std::size_t in_states = n < 2 * lanes ? n : 2 * lanes;
  const std::size_t decoded = ending == Ending::whole ? n : n - in_states;
  REQUIRE(std::memcmp(out.data(), expected.data(), decoded) == 0);
}

// Encodes by push() alone.
template <class Encoder>
std::vector<unsigned char> plain_encode(const Encoder& encoder, unsigned lanes,
                                        const Exact& symbols) {
  const std::size_t n = symbols.size();
  const std::size_t in_states = n < 2 * lanes ? n : 2 * lanes;
  std::uint32_t states[kMaxLanes];
  for (unsigned lane = 0; lane < lanes; ++lane) states[lane] = coding::kLowestState;
  for (std::size_t i = 0; i < in_states; ++i) {
    states[i / 2] |= std::uint32_t{symbols.data()[n - in_states + i]} << 8 * (i % 2);
  }
  std::vector<unsigned char> memory(coding::encode_capacity(n, lanes));
  unsigned char* const end = memory.data() + memory.size();
  unsigned char* words = end;
  for (std::size_t i = n - in_states; i-- > 0;) {
    encoder.push(states[i % lanes], symbols.data()[i], words);
  }
  for (unsigned lane = lanes; lane-- > 0;) coding::store32(words -= 4, states[lane]);
  return std::vector<unsigned char>(words, end);
}

template <class Encoder>
void check_encoder(const Encoder& encoder, unsigned lanes, const Exact& symbols,
                   const std::vector<unsigned char>& expected) {
  Exact memory(coding::encode_capacity(symbols.size(), lanes));
  unsigned char* const end = memory.data() + memory.size();
  const unsigned char* const begin =
      coding::encode_lanes(encoder, lanes, symbols.data(), symbols.size(), end);
  REQUIRE(std::size_t(end - begin) == expected.size());
  REQUIRE(std::memcmp(begin, expected.data(), expected.size()) == 0);
}

// n symbols that have a code, made from the rest of the input: it is short, so it is repeated.
inline Exact coded_symbols(const Input& input, std::size_t n,
                           const std::vector<unsigned>& present) {
  Exact symbols(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t left = input.left();
    const std::size_t round = left == 0 ? i : i / left;
    const std::size_t byte = left == 0 ? 0 : input.rest()[i % left];
    symbols.data()[i] = static_cast<unsigned char>(present[(byte + round * 7) % present.size()]);
  }
  return symbols;
}

// A payload with a bit flipped, and perhaps shorter or longer by a word.
inline Exact damaged(const std::vector<unsigned char>& payload, unsigned where, unsigned how) {
  const std::size_t size = payload.size() - (how % 3 == 1 ? 2 : 0);
  Exact changed(size + (how % 3 == 2 ? 2 : 0));
  std::memcpy(changed.data(), payload.data(), size);
  if (size > 0) changed.data()[where % size] ^= static_cast<unsigned char>(1u << how / 3 % 8);
  return changed;
}

// Everything a harness does once it has a code. `Coders` names the encoders and decoders:
//   plain_encoder(), plain_decoder(); encoder(isa), decoder(isa), for `lanes` lanes.
template <class Coders>
void check_lanes(const Coders& coders, Input input, const std::vector<unsigned>& present) {
  const unsigned lanes = coders.lanes();
  const std::size_t n = 1 + input.number() % kMaxSymbols;
  const unsigned where = input.number();
  const unsigned how = input.byte();
  std::vector<unsigned char> expected;

  const auto check_payload = [&](const Exact& payload) {
    const Ending ending = plain_decode(coders.plain_decoder(), lanes, payload, expected, n);
    for (const simd::Isa isa : coder_isas()) {
      coders.with_decoder(isa, [&](const auto& decoder) {
        check_decoder(decoder, lanes, payload, ending, expected, n);
      });
    }
    return ending;
  };

  // Whatever the fuzzer says is a payload.
  check_payload(Exact(input.rest(), input.left()));

  // A right one, and what damage makes of it.
  const Exact symbols = coded_symbols(input, n, present);
  const std::vector<unsigned char> coded = plain_encode(coders.plain_encoder(), lanes, symbols);
  for (const simd::Isa isa : coder_isas()) {
    coders.with_encoder(
        isa, [&](const auto& encoder) { check_encoder(encoder, lanes, symbols, coded); });
  }
  REQUIRE(check_payload(Exact(coded.data(), coded.size())) == Ending::whole);
  REQUIRE(std::memcmp(expected.data(), symbols.data(), n) == 0);
  check_payload(damaged(coded, where, how));
}

// Messages of a code that any data may be: what can be decoded, the encoder writes again.
inline void check_messages(const coding::SymbolCode& code, Input input) {
  const std::size_t n = 1 + input.number() % kMaxSymbols;
  for (unsigned lanes = 1; lanes <= code.max_lanes(); lanes *= 2) {
    const Exact payload(input.rest(), input.left());
    Exact out(n * code.symbol_size());
    if (n > code.max_symbols(payload.size(), lanes)) continue;
    if (code.decode(lanes, payload.data(), payload.size(), out.data(), n) != nullptr) continue;
    Exact memory(coding::payload_bound(n, lanes) + coding::kWriteBelow);
    unsigned char* const end = memory.data() + memory.size();
    const unsigned char* const begin = code.encode(lanes, out.data(), n, end);
    REQUIRE(std::size_t(end - begin) == payload.size());
    REQUIRE(std::memcmp(begin, payload.data(), payload.size()) == 0);
  }
}

}  // namespace pyinfo::fuzz
