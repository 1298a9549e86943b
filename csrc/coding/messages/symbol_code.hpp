// Codes for single symbols that are made once and used for many messages: prefix codes and rANS
// models over alphabets of up to 65536 symbols.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace pyinfo::coding {

inline constexpr std::size_t kMaxAlphabet = 65536;

enum class CodeKind : std::uint8_t { huffman = 1, rans = 2 };

// Immutable, so that threads may share it. Symbols are bytes if the alphabet has at most 256, else
// 16-bit numbers; `const void*` below points to one or the other.
class SymbolCode {
 public:
  virtual ~SymbolCode() = default;
  SymbolCode(const SymbolCode&) = delete;
  SymbolCode& operator=(const SymbolCode&) = delete;

  CodeKind kind() const noexcept { return properties_.kind; }
  std::size_t alphabet() const noexcept { return properties_.alphabet; }
  std::size_t symbol_size() const noexcept { return properties_.alphabet <= 256 ? 1 : 2; }

  // CRC-32C of what defines the code: the lengths, one byte each, or the precision in one byte and
  // the frequencies in four bytes each. Messages of another code are told by it.
  std::uint32_t identity() const noexcept { return properties_.identity; }

  // The number of lanes for these symbols, from a sample of them.
  unsigned lanes(const void* symbols, std::size_t n) const noexcept;
  // Payloads with more lanes than this are none of this code.
  unsigned max_lanes() const noexcept { return properties_.max_lanes; }

  // No payload of so many bytes holds more symbols: what memory it may claim.
  std::uint64_t max_symbols(std::size_t payload_size, unsigned lanes) const noexcept;
  // No message is longer. Where symbols take no space at all, the limit is what a decoder may be
  // made to write by a few bytes.
  std::uint64_t max_message() const noexcept {
    return is_free() ? std::uint64_t{1} << 28 : std::uint64_t{1} << 48;
  }

  // The index of the first symbol that has no code, n if all have one.
  std::size_t find_absent(const void* symbols, std::size_t n) const noexcept;

  // encode_lanes and decode_lanes with this code.
  virtual unsigned char* encode(unsigned lanes, const void* symbols, std::size_t n,
                                unsigned char* end) const noexcept = 0;
  virtual const char* decode(unsigned lanes, const unsigned char* payload, std::size_t size,
                             void* out, std::size_t n) const noexcept = 0;

  // What distinguishes one code from another, beside the tables.
  struct Properties {
    CodeKind kind;
    std::size_t alphabet;
    std::uint32_t identity;
    unsigned max_lanes;
    // A payload holds at most `max_symbols` per `per_bits` bits; 0 bits: any number.
    std::uint64_t max_symbols;
    std::uint64_t per_bits;
    // In 1/256 bit, by symbol; kAbsent if it has no code.
    std::vector<std::uint16_t> costs;
  };
  static constexpr std::uint16_t kAbsent = 0xffff;

 protected:
  explicit SymbolCode(Properties properties);

 private:
  bool is_free() const noexcept { return properties_.per_bits == 0; }
  template <class Symbol>
  std::uint64_t predicted_bits(const Symbol* symbols, std::size_t n) const noexcept;
  template <class Symbol>
  std::size_t find_absent_symbol(const Symbol* symbols, std::size_t n) const noexcept;

  // Values of the symbol type without a code, from `first` to first + span.
  struct Gap {
    std::uint16_t first;
    std::uint16_t span;
  };

  Properties properties_;  // with costs for every value that a symbol's type has
  std::vector<Gap> gaps_;
};

// The canonical prefix code with these lengths, 0 for symbols without a code. Throws
// std::invalid_argument if there is no such code, or none of any use: an alphabet of 0 or more than
// 65536 symbols, lengths above 16, all lengths 0, a Kraft sum above 1.
std::unique_ptr<SymbolCode> huffman_code(const std::uint8_t* lengths, std::size_t alphabet);

// The model with these frequencies, 0 for symbols without a code. Throws std::invalid_argument
// unless their sum is 2^precision and the precision is 8..16.
std::unique_ptr<SymbolCode> rans_code(const std::uint32_t* frequencies, std::size_t alphabet,
                                      int precision);

}  // namespace pyinfo::coding
