// Messages: any bytes as a message of any code, with a right checksum, so that they get past it;
// and any symbols there and back, then with damage. Every instruction set and the C interface must
// give one verdict.
#include <algorithm>

#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/varint.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/messages/message.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"
#include "fuzzing.hpp"
#include "pyinfo/pyinfo.h"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;
using Bytes = std::vector<unsigned char>;

constexpr std::size_t kMostDecoded = 1 << 18;

struct DestroyCode {
  void operator()(pyinfo_code* code) const { pyinfo_code_destroy(code); }
};

// The same code here and behind the C interface.
struct Code {
  std::unique_ptr<SymbolCode> code;
  std::unique_ptr<pyinfo_code, DestroyCode> abi;
};

std::size_t take_alphabet(Input& input) {
  const unsigned form = input.byte();
  return form % 4 != 0 ? 2 + form % 255 : 257 + input.number() % 700;
}

Code take_code(Input& input) {
  const unsigned form = input.byte();
  const std::size_t alphabet = take_alphabet(input);
  std::vector<std::uint64_t> counts(alphabet);
  const unsigned spread = 1 + input.byte() % 40;
  for (std::uint64_t& count : counts) {
    const unsigned byte = input.byte();
    count = std::uint64_t{byte % 4} << byte / 4 % spread;
  }
  counts[input.byte() % alphabet] += 1;  // alone: a symbol that takes no space
  Code made;
  pyinfo_code* abi = nullptr;
  if (form % 2 == 0) {
    int longest = 1 + int(form / 2 % 16);
    while ((std::size_t{1} << longest) < alphabet) ++longest;
    std::vector<std::uint8_t> lengths(alphabet);
    huffman_lengths(counts.data(), alphabet, longest, lengths.data());
    if (form / 32 % 2 != 0) lengths[input.byte() % alphabet] = 0;  // incomplete
    if (*std::max_element(lengths.begin(), lengths.end()) == 0) lengths[0] = 1;
    made.code = huffman_code(lengths.data(), alphabet);
    REQUIRE(pyinfo_huffman_code_from_lengths(lengths.data(), alphabet, &abi) == PYINFO_OK);
  } else {
    int precision = form / 2 % 3 == 0 ? 12 : 8 + int(form / 8 % 9);
    while ((std::size_t{1} << precision) < alphabet) ++precision;
    const bool fast = precision == kFastPrecision && alphabet <= 256 && form / 128 != 0;
    std::vector<std::uint32_t> frequencies(alphabet);
    rans_frequencies(counts.data(), alphabet, precision, fast, frequencies.data());
    made.code = rans_code(frequencies.data(), alphabet, precision);
    REQUIRE(pyinfo_rans_code_from_frequencies(frequencies.data(), alphabet, &abi) == PYINFO_OK);
  }
  made.abi.reset(abi);
  return made;
}

std::optional<Bytes> decoded(const SymbolCode& code, const Exact& data) {
  try {
    const Message message = read_message(code, data.data(), data.size());
    REQUIRE(message.symbols <= code.max_message());
    if (message.symbols > kMostDecoded) return std::nullopt;
    Exact out(message.symbols * code.symbol_size());
    decode_message(code, message, out.data());
    return Bytes(out.data(), out.data() + out.size());
  } catch (const CorruptData& error) {
    REQUIRE(error.offset() <= data.size());
    return std::nullopt;
  }
}

std::optional<Bytes> decoded_by_abi(const Code& code, const Exact& data) {
  std::size_t n = 0;
  if (pyinfo_code_symbol_count(code.abi.get(), data.data(), data.size(), &n) != PYINFO_OK ||
      n > kMostDecoded) {
    return std::nullopt;
  }
  Exact out(n * code.code->symbol_size());
  std::size_t written = 0;
  if (pyinfo_code_decode(code.abi.get(), data.data(), data.size(), out.data(), n, &written) !=
      PYINFO_OK) {
    return std::nullopt;
  }
  REQUIRE(written == n);
  return Bytes(out.data(), out.data() + out.size());
}

std::optional<Bytes> check_message(const Code& code, const Exact& data) {
  const auto found = on_every_isa([&] { return decoded(*code.code, data); });
  REQUIRE(decoded_by_abi(code, data) == found);
  return found;
}

// The checksum, wherever the number of symbols ends.
void make_check_right(const SymbolCode& code, Exact& data) {
  std::uint64_t symbols = 0;
  if (data.size() == 0) return;
  const std::size_t header = 1 + read_varint(data.data() + 1, data.size() - 1, symbols);
  if (header == 1 || data.size() < header + 4) return;
  const std::uint32_t check = crc32c(crc32c(code.identity(), data.data(), header),
                                     data.data() + header + 4, data.size() - header - 4);
  store32(data.data() + header, check);
}

void check_any_bytes(const Code& code, const Input& input) {
  Exact data(input.rest(), input.left());
  check_message(code, data);
  make_check_right(*code.code, data);
  check_message(code, data);
  if (data.size() == 0) return;
  // With this code's kind, and lanes that it may have.
  data.data()[0] =
      static_cast<unsigned char>(data.data()[0] % 9 | unsigned(code.code->kind()) << 4);
  make_check_right(*code.code, data);
  check_message(code, data);
}

void check_symbols(const Code& code, Input input) {
  const std::size_t width = code.code->symbol_size();
  const std::size_t n = input.number() % (1u << input.byte() % 16);
  const unsigned where = input.number();
  const unsigned how = input.byte();
  // Those of any value, most of them with a code.
  Exact symbols(n * width);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t byte = input.left() == 0 ? i : input.rest()[i % input.left()] + i / 61;
    const std::size_t symbol = byte % code.code->alphabet();
    symbols.data()[i * width] = static_cast<unsigned char>(symbol);
    if (width == 2) symbols.data()[i * width + 1] = static_cast<unsigned char>(symbol >> 8);
  }
  // Symbols without a code give way to the first one that has one.
  std::vector<std::uint16_t> one(1);
  while (code.code->find_absent(one.data(), 1) == 0) ++one[0];
  for (std::size_t at = code.code->find_absent(symbols.data(), n); at < n;) {
    std::memcpy(symbols.data() + at * width, one.data(), width);
    at += 1 + code.code->find_absent(symbols.data() + (at + 1) * width, n - at - 1);
  }
  const Bytes coded = on_every_isa([&] {
    Exact memory(message_capacity(*code.code, n));
    unsigned char* const end = memory.data() + memory.size();
    return Bytes(encode_message(*code.code, symbols.data(), n, end), end);
  });
  const auto found = check_message(code, Exact(coded.data(), coded.size()));
  REQUIRE(found && found->size() == n * width);
  REQUIRE(std::equal(found->begin(), found->end(), symbols.data()));

  Bytes damaged = coded;
  damaged[where % damaged.size()] ^= static_cast<unsigned char>(1u << how % 8);
  damaged.resize(damaged.size() - std::min<std::size_t>(damaged.size(), how / 8 % 4));
  Exact changed(damaged.data(), damaged.size());
  check_message(code, changed);
  make_check_right(*code.code, changed);
  check_message(code, changed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Input input(data, size);
  const bool any_bytes = input.byte() % 2 == 0;
  const Code code = take_code(input);
  if (any_bytes) {
    check_any_bytes(code, input);
  } else {
    check_symbols(code, input);
  }
  return 0;
}
