// Up to 16 byte values as digits, several of them in a byte.
//
// The base is the smallest of 2, 3, 4, 6 and 16 that holds the digits; 8, 5, 4, 3 or 2 of them make
// a byte, of which the first is the lowest. The last byte is filled up with zeros.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::coding {

inline constexpr unsigned kMostDigits = 16;  // symbols of an alphabet
inline constexpr unsigned char kNoDigit = 0xff;

struct DigitBase {
  unsigned base;
  unsigned per_byte;
  unsigned bytes;  // base ^ per_byte: the values that a byte may have
};
inline constexpr DigitBase kDigitBases[] = {
    {2, 8, 256}, {3, 5, 243}, {4, 4, 256}, {6, 3, 216}, {16, 2, 256}};

struct Alphabet {
  unsigned size;  // symbols, 2 .. 16
  DigitBase digit;
  unsigned char symbols[kMostDigits];  // rising; behind them the first again
  unsigned char digits[256];           // of the symbols; kNoDigit for other bytes
  int shift;  // bits shift .. shift + 3 tell the symbols apart; -1: no four bits in a row do
};

// The alphabet of these symbols, 2 .. 16 of them in rising order.
void make_alphabet(const unsigned char* symbols, unsigned size, Alphabet& alphabet) noexcept;

// The alphabet of n symbols; false if they have one value or more than 16. Ordinary bytes are told
// within the first few dozens.
bool find_alphabet(const unsigned char* symbols, std::size_t n, Alphabet& alphabet) noexcept;

// Bytes that n digits take.
constexpr std::size_t packed_size(std::size_t n, const DigitBase& digit) noexcept {
  return (n + digit.per_byte - 1) / digit.per_byte;
}

// Writes packed_size(n) bytes. False if a symbol is not of the alphabet: then they are unspecified.
bool pack_digits(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet,
                 unsigned char* packed) noexcept;

// Finds the alphabet and packs the symbols, in one go if a few pieces have all of it.
bool find_and_pack(const unsigned char* symbols, std::size_t n, Alphabet& alphabet,
                   unsigned char* packed) noexcept;

// The way back. False if the bytes are none that pack_digits() writes: then the symbols are
// unspecified.
bool unpack_digits(const unsigned char* packed, std::size_t n, const Alphabet& alphabet,
                   unsigned char* symbols) noexcept;

// The definitions, and the oracles.
bool find_alphabet_reference(const unsigned char* symbols, std::size_t n,
                             Alphabet& alphabet) noexcept;
bool pack_digits_reference(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet,
                           unsigned char* packed) noexcept;
bool unpack_digits_reference(const unsigned char* packed, std::size_t n, const Alphabet& alphabet,
                             unsigned char* symbols) noexcept;

struct DigitKernels {
  // How many symbols from the first on are of the alphabet, rounded down to a multiple of 4096
  // unless all are.
  std::size_t (*known)(const unsigned char* symbols, std::size_t n, const Alphabet&) noexcept;
  bool (*pack)(const unsigned char* symbols, std::size_t n, const Alphabet&,
               unsigned char* packed) noexcept;
  bool (*unpack)(const unsigned char* packed, std::size_t n, const Alphabet&,
                 unsigned char* symbols) noexcept;
};
const DigitKernels& digit_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::coding
