// Codes and their messages as C functions.
#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "abi/errors.hpp"
#include "coding/messages/message.hpp"
#include "coding/messages/symbol_code.hpp"
#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"

struct pyinfo_code {
  std::unique_ptr<const pyinfo::coding::SymbolCode> symbols;
};

namespace pyinfo::abi {
namespace {

// A table of the caller's, copied: another thread may write to it, and codes are made in two
// passes.
template <class T>
std::vector<T> table_of(const T* table, std::size_t alphabet, const char* name) {
  require_pointer(table, name);
  require(alphabet >= 1 && alphabet <= coding::kMaxAlphabet,
          "an alphabet must have 1 to 65536 symbols");
  return std::vector<T>(table, table + alphabet);
}

// That symbols occur, and not more of them than 2^bits.
std::vector<std::uint64_t> counts_of(const std::uint64_t* counts, std::size_t alphabet, int bits) {
  std::vector<std::uint64_t> copy = table_of(counts, alphabet, "counts");
  const auto present = std::size_t(
      std::count_if(copy.begin(), copy.end(), [](std::uint64_t count) { return count > 0; }));
  if (present == 0) throw Failure(PYINFO_ERROR_CODE, "all counts are 0");
  if (present > std::size_t{1} << bits) {
    throw Failure(PYINFO_ERROR_CODE, std::to_string(present) + " symbols occur: " +
                                         std::to_string(bits) + " bits do not tell them apart");
  }
  return copy;
}

std::vector<std::uint8_t> huffman_lengths(const std::uint64_t* counts, std::size_t alphabet,
                                          int max_length) {
  require(max_length >= 1 && max_length <= coding::kLongestCode, "max_length must be 1 to 16");
  const auto own_counts = counts_of(counts, alphabet, max_length);
  std::vector<std::uint8_t> lengths(alphabet);
  coding::huffman_lengths(own_counts.data(), alphabet, max_length, lengths.data());
  return lengths;
}

std::vector<std::uint32_t> rans_frequencies(const std::uint64_t* counts, std::size_t alphabet,
                                            int precision) {
  require(precision >= coding::kMinPrecision && precision <= coding::kMaxPrecision,
          "precision must be 8 to 16");
  const auto own_counts = counts_of(counts, alphabet, precision);
  // Byte models of the vector coders' precision are made so that the fastest decoder takes them.
  const bool fast_layout = alphabet <= 256 && precision == coding::kFastPrecision;
  std::vector<std::uint32_t> frequencies(alphabet);
  coding::rans_frequencies(own_counts.data(), alphabet, precision, fast_layout, frequencies.data());
  return frequencies;
}

pyinfo_code* own(std::unique_ptr<const coding::SymbolCode> symbols) {
  return new pyinfo_code{std::move(symbols)};
}

pyinfo_code* huffman_code(const std::vector<std::uint8_t>& lengths) {
  return own(coding::huffman_code(lengths.data(), lengths.size()));
}

pyinfo_code* rans_code(const std::vector<std::uint32_t>& frequencies) {
  const auto sum = std::accumulate(frequencies.begin(), frequencies.end(), std::uint64_t{0});
  int precision = coding::kMinPrecision;
  while (precision < coding::kMaxPrecision && std::uint64_t{1} << precision < sum) ++precision;
  return own(coding::rans_code(frequencies.data(), frequencies.size(), precision));
}

// make(): the new code. *code is null unless there is one.
template <class Make>
pyinfo_error make_code(pyinfo_code** code, Make make) noexcept {
  if (code != nullptr) *code = nullptr;
  return guard(
      [&] {
        require_pointer(code, "code");
        *code = make();
      },
      PYINFO_ERROR_CODE);
}

const coding::SymbolCode& symbols_of(const pyinfo_code* code) {
  require_pointer(code, "code");
  return *code->symbols;
}

}  // namespace
}  // namespace pyinfo::abi

namespace abi = pyinfo::abi;
namespace coding = pyinfo::coding;

pyinfo_error pyinfo_huffman_lengths(const uint64_t* counts, size_t alphabet, int max_length,
                                    uint8_t* lengths) {
  return abi::guard([&] {
    abi::require_pointer(lengths, "lengths");
    const auto made = abi::huffman_lengths(counts, alphabet, max_length);
    std::copy(made.begin(), made.end(), lengths);
  });
}

pyinfo_error pyinfo_rans_frequencies(const uint64_t* counts, size_t alphabet, int precision,
                                     uint32_t* frequencies) {
  return abi::guard([&] {
    abi::require_pointer(frequencies, "frequencies");
    const auto made = abi::rans_frequencies(counts, alphabet, precision);
    std::copy(made.begin(), made.end(), frequencies);
  });
}

pyinfo_error pyinfo_huffman_code_from_counts(const uint64_t* counts, size_t alphabet,
                                             int max_length, pyinfo_code** code) {
  return abi::make_code(
      code, [&] { return abi::huffman_code(abi::huffman_lengths(counts, alphabet, max_length)); });
}

pyinfo_error pyinfo_huffman_code_from_lengths(const uint8_t* lengths, size_t alphabet,
                                              pyinfo_code** code) {
  return abi::make_code(
      code, [&] { return abi::huffman_code(abi::table_of(lengths, alphabet, "lengths")); });
}

pyinfo_error pyinfo_rans_code_from_counts(const uint64_t* counts, size_t alphabet, int precision,
                                          pyinfo_code** code) {
  return abi::make_code(
      code, [&] { return abi::rans_code(abi::rans_frequencies(counts, alphabet, precision)); });
}

pyinfo_error pyinfo_rans_code_from_frequencies(const uint32_t* frequencies, size_t alphabet,
                                               pyinfo_code** code) {
  return abi::make_code(
      code, [&] { return abi::rans_code(abi::table_of(frequencies, alphabet, "frequencies")); });
}

void pyinfo_code_destroy(pyinfo_code* code) { delete code; }

size_t pyinfo_code_encode_bound(const pyinfo_code* code, size_t n) {
  constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  if (code == nullptr || n > none / 8 || n > code->symbols->max_message()) return none;
  return coding::message_capacity(*code->symbols, n);
}

pyinfo_error pyinfo_code_encode(const pyinfo_code* code, const void* symbols, size_t n,
                                void* message, size_t capacity, size_t* size) {
  return abi::guard(
      [&] {
        const coding::SymbolCode& table = abi::symbols_of(code);
        abi::require_pointer(size, "size");
        abi::require_data(symbols, n, "symbols");
        abi::require_data(message, capacity, "message");
        const std::size_t bound = pyinfo_code_encode_bound(code, n);
        if (bound == std::numeric_limits<std::size_t>::max()) {
          throw abi::Failure(PYINFO_ERROR_SYMBOL, "too many symbols for one message");
        }
        // Messages are written from their end.
        std::unique_ptr<unsigned char[]> memory;
        if (capacity < bound) memory.reset(new unsigned char[bound]);
        unsigned char* const end =
            (capacity < bound ? memory.get() : static_cast<unsigned char*>(message)) + bound;
        const unsigned char* const begin = coding::encode_message(table, symbols, n, end);
        const std::size_t length = std::size_t(end - begin);
        if (length > capacity) {
          throw abi::Failure(PYINFO_ERROR_CAPACITY,
                             "the message takes " + std::to_string(length) + " bytes");
        }
        std::memmove(message, begin, length);
        *size = length;
      },
      PYINFO_ERROR_SYMBOL);
}

pyinfo_error pyinfo_code_symbol_count(const pyinfo_code* code, const void* message, size_t size,
                                      size_t* n) {
  return abi::guard([&] {
    const coding::SymbolCode& table = abi::symbols_of(code);
    abi::require_pointer(n, "n");
    abi::require_data(message, size, "message");
    *n = coding::read_message(table, static_cast<const unsigned char*>(message), size).symbols;
  });
}

pyinfo_error pyinfo_code_decode(const pyinfo_code* code, const void* message, size_t size,
                                void* symbols, size_t capacity, size_t* n) {
  return abi::guard([&] {
    const coding::SymbolCode& table = abi::symbols_of(code);
    abi::require_pointer(n, "n");
    abi::require_data(message, size, "message");
    abi::require_data(symbols, capacity, "symbols");
    const coding::Message read =
        coding::read_message(table, static_cast<const unsigned char*>(message), size);
    if (read.symbols > capacity) {
      throw abi::Failure(PYINFO_ERROR_CAPACITY,
                         "the message holds " + std::to_string(read.symbols) + " symbols");
    }
    coding::decode_message(table, read, symbols);
    *n = read.symbols;
  });
}
