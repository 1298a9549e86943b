#include "coding/alphabets/digits.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "simd/assert.hpp"
#include "simd/changing_isa.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(DigitKernels, digit_kernels)

namespace {

const DigitKernels& active() noexcept {
  PYINFO_CHOSEN_ONCE const DigitKernels& kernels = digit_kernels(simd::coder_isa());
  return kernels;
}

// The least shift that does, or -1.
int telling_shift(const unsigned char* symbols, unsigned size) noexcept {
  for (int shift = 0; shift <= 4; ++shift) {
    unsigned seen = 0;
    for (unsigned i = 0; i < size; ++i) seen |= 1u << (symbols[i] >> shift & 15);
    unsigned different = 0;
    for (unsigned bits = seen; bits != 0; bits &= bits - 1) ++different;
    if (different == size) return shift;
  }
  return -1;
}

// Adds a new symbol in its place; false if there are 16 others.
bool insert(unsigned char symbol, unsigned char* symbols, unsigned& size) noexcept {
  if (size == kMostDigits) return false;
  unsigned char* const end = symbols + size;
  unsigned char* const place = std::lower_bound(symbols, end, symbol);
  std::copy_backward(place, end, end + 1);
  *place = symbol;
  ++size;
  return true;
}

// How many values n symbols have, and the alphabet if they are 2 to 16: one more stands for all
// that are more. Ordinary bytes are told within the first few dozens.
unsigned find_values(const unsigned char* symbols, std::size_t n, Alphabet& alphabet) noexcept {
  constexpr std::size_t kFirst = 64;  // ordinary bytes have more than 16 values here
  constexpr std::size_t kTile = 256;
  unsigned char found[kMostDigits];
  bool seen[256] = {};
  unsigned size = 0;
  std::size_t done = 0;
  std::size_t stop = std::min(n, kFirst);
  while (true) {
    for (std::size_t i = done; i < stop; ++i) {
      const unsigned char symbol = symbols[i];  // read once: it may change
      if (seen[symbol]) continue;
      seen[symbol] = true;
      if (!insert(symbol, found, size)) return kMostDigits + 1;
    }
    if (stop == n) break;
    make_alphabet(found, size, alphabet);
    done = stop + active().known(symbols + stop, n - stop, alphabet);
    stop = std::min(n, done + kTile);
  }
  if (size >= 2) make_alphabet(found, size, alphabet);
  return size;
}

}  // namespace

void make_alphabet(const unsigned char* symbols, unsigned size, Alphabet& alphabet) noexcept {
  PYINFO_ASSERT(size >= 1 && size <= kMostDigits);
  alphabet.size = size;
  alphabet.digit = *std::find_if(std::begin(kDigitBases), std::end(kDigitBases),
                                 [&](const DigitBase& digit) { return digit.base >= size; });
  std::memset(alphabet.symbols, symbols[0], sizeof alphabet.symbols);
  std::memset(alphabet.digits, kNoDigit, sizeof alphabet.digits);
  for (unsigned i = 0; i < size; ++i) {
    PYINFO_ASSERT(i == 0 || symbols[i - 1] < symbols[i]);
    alphabet.symbols[i] = symbols[i];
    alphabet.digits[symbols[i]] = static_cast<unsigned char>(i);
  }
  alphabet.shift = telling_shift(alphabet.symbols, size);
}

bool find_alphabet(const unsigned char* symbols, std::size_t n, Alphabet& alphabet) noexcept {
  const unsigned values = find_values(symbols, n, alphabet);
  return values >= 2 && values <= kMostDigits;
}

bool pack_digits(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet,
                 unsigned char* packed) noexcept {
  // A kernel says at its end whether it knew all symbols: not much is packed in vain.
  constexpr std::size_t kPart = 120 * 128;  // whole bytes of any base
  for (; n > kPart; n -= kPart) {
    if (!active().pack(symbols, kPart, alphabet, packed)) return false;
    symbols += kPart;
    packed += kPart / alphabet.digit.per_byte;
  }
  return active().pack(symbols, n, alphabet, packed);
}

bool find_and_pack(const unsigned char* symbols, std::size_t n, Alphabet& alphabet,
                   unsigned char* packed) noexcept {
  constexpr std::size_t kFewPieces = 16;
  constexpr std::size_t kMostPieces = 64;
  constexpr std::size_t kPiece = 64;
  constexpr std::size_t kPart = 8;  // they are at most so small a part
  if (n >= kPart * kFewPieces * kPiece) {
    unsigned char sample[kMostPieces * kPiece];
    const bool long_input = n >= kPart * sizeof sample;
    const std::size_t pieces = long_input ? kMostPieces : kFewPieces;
    for (std::size_t i = 0; i < pieces; ++i) {
      std::memcpy(sample + i * kPiece, symbols + i * (n / pieces), kPiece);
    }
    const unsigned values = find_values(sample, pieces * kPiece, alphabet);
    if (values > kMostDigits) return false;
    if (values >= 2 && pack_digits(symbols, n, alphabet, packed)) return true;
    if (values == kMostDigits) return false;  // there is another one
  }
  return find_alphabet(symbols, n, alphabet) && pack_digits(symbols, n, alphabet, packed);
}

bool unpack_digits(const unsigned char* packed, std::size_t n, const Alphabet& alphabet,
                   unsigned char* symbols) noexcept {
  return active().unpack(packed, n, alphabet, symbols);
}

bool find_alphabet_reference(const unsigned char* symbols, std::size_t n,
                             Alphabet& alphabet) noexcept {
  bool present[256] = {};
  for (std::size_t i = 0; i < n; ++i) present[symbols[i]] = true;
  unsigned char found[kMostDigits];
  unsigned size = 0;
  for (unsigned value = 0; value < 256; ++value) {
    if (!present[value]) continue;
    if (size == kMostDigits) return false;
    found[size++] = static_cast<unsigned char>(value);
  }
  if (size < 2) return false;
  make_alphabet(found, size, alphabet);
  return true;
}

bool pack_digits_reference(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet,
                           unsigned char* packed) noexcept {
  const unsigned per_byte = alphabet.digit.per_byte;
  for (std::size_t i = 0; i < n; i += per_byte) {
    unsigned byte = 0;
    for (std::size_t d = std::min<std::size_t>(per_byte, n - i); d-- > 0;) {
      const unsigned char digit = alphabet.digits[symbols[i + d]];
      if (digit == kNoDigit) return false;
      byte = byte * alphabet.digit.base + digit;
    }
    packed[i / per_byte] = static_cast<unsigned char>(byte);
  }
  return true;
}

bool unpack_digits_reference(const unsigned char* packed, std::size_t n, const Alphabet& alphabet,
                             unsigned char* symbols) noexcept {
  const unsigned per_byte = alphabet.digit.per_byte;
  for (std::size_t i = 0; i < n; i += per_byte) {
    unsigned byte = packed[i / per_byte];
    for (std::size_t d = 0; d < std::min<std::size_t>(per_byte, n - i); ++d) {
      const unsigned digit = byte % alphabet.digit.base;
      if (digit >= alphabet.size) return false;
      symbols[i + d] = alphabet.symbols[digit];
      byte /= alphabet.digit.base;
    }
    if (byte != 0) return false;  // base ^ per_byte or more, or a digit behind the last symbol
  }
  return true;
}

}  // namespace pyinfo::coding
