// Digits to bytes by sums of products, bytes to digits by multiplying with fractions of 2^16, as
// many as a register holds. Compiled once per instruction set.
#include <cstddef>
#include <cstdint>

#include "coding/alphabets/digit_registers.hpp"
#include "coding/alphabets/digits.hpp"
#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kTile = 4096;

// Packs from symbol i on, which is the first of a byte. False if one is not of the alphabet.
template <unsigned base, unsigned per_byte>
PYINFO_INLINE bool pack_rest(const unsigned char* symbols, std::size_t i, std::size_t n,
                             const Alphabet& alphabet, unsigned char* packed) {
  unsigned all = 0;
  const auto with = [&](unsigned byte, std::size_t at) {
    const unsigned digit = alphabet.digits[symbols[at]];
    all |= digit;
    return byte * base + digit;
  };
  for (; n - i >= per_byte; i += per_byte) {
    unsigned byte = 0;
    for (unsigned d = per_byte; d-- > 0;) byte = with(byte, i + d);
    packed[i / per_byte] = static_cast<unsigned char>(byte);
  }
  if (i < n) {
    unsigned byte = 0;
    for (std::size_t d = n - i; d-- > 0;) byte = with(byte, i + d);
    packed[i / per_byte] = static_cast<unsigned char>(byte);
  }
  return all < kMostDigits;
}

// Unpacks from symbol i on, which is the first of a byte.
template <unsigned base, unsigned per_byte>
PYINFO_INLINE bool unpack_rest(const unsigned char* packed, std::size_t i, std::size_t n,
                               const Alphabet& alphabet, unsigned char* symbols) {
  for (; i < n; i += per_byte) {
    unsigned byte = packed[i / per_byte];
    const std::size_t digits = n - i < per_byte ? n - i : per_byte;
    for (std::size_t d = 0; d < digits; ++d) {
      const unsigned digit = byte % base;
      byte /= base;
      if (digit >= alphabet.size) return false;
      symbols[i + d] = alphabet.symbols[digit];
    }
    if (byte != 0) return false;
  }
  return true;
}

#ifdef PYINFO_DIGIT_REGISTERS

// Bytes of memory that are asked for ahead: hardware alone brings symbols more slowly.
constexpr std::size_t kAhead = 4096;

// Digits of symbols, by four bits that tell them apart.
struct HashedDigits {
  Register digits;
  Register symbols;
  Register low = all8(15);
  int shift;

  PYINFO_INLINE explicit HashedDigits(const Alphabet& alphabet) : shift(alphabet.shift) {
    unsigned char of_hash[2][kLaneBytes];
    for (std::size_t h = 0; h < kLaneBytes; ++h) {
      of_hash[0][h] = 0;
      of_hash[1][h] = alphabet.symbols[0];  // which no other place can match
    }
    for (unsigned i = 0; i < alphabet.size; ++i) {
      const unsigned hash = alphabet.symbols[i] >> shift & 15;
      of_hash[0][hash] = static_cast<unsigned char>(i);
      of_hash[1][hash] = alphabet.symbols[i];
    }
    digits = in_all_lanes(load_lane(of_hash[0]));
    symbols = in_all_lanes(load_lane(of_hash[1]));
  }
  PYINFO_INLINE Register hash(Register v) const { return both(right16(v, shift), low); }
  PYINFO_INLINE Register of(Register v) const { return look_up(digits, hash(v)); }
  PYINFO_INLINE Register known(Register v) const { return equal8(look_up(symbols, hash(v)), v); }
};

// By comparing with every symbol.
struct ComparedDigits {
  Register symbols[kMostDigits];
  unsigned size;

  PYINFO_INLINE explicit ComparedDigits(const Alphabet& alphabet) : size(alphabet.size) {
    for (unsigned i = 0; i < kMostDigits; ++i) symbols[i] = all8(alphabet.symbols[i]);
  }
  PYINFO_INLINE Register of(Register v) const {
    Register digits = zeros();
    for (unsigned i = 1; i < size; ++i) {
      digits = either(digits, both(equal8(v, symbols[i]), all8(static_cast<int>(i))));
    }
    return digits;
  }
  PYINFO_INLINE Register known(Register v) const {
    Register any = equal8(v, symbols[0]);
    for (unsigned i = 1; i < size; ++i) any = either(any, equal8(v, symbols[i]));
    return any;
  }
};

template <class Digits>
PYINFO_INLINE bool all_known(const Digits& digits, const unsigned char* symbols, std::size_t& i,
                             std::size_t end) {
  Register all = all8(0xff);
  for (; end - i >= 64; i += 64) {
    PYINFO_PREFETCH(symbols + i + kAhead);
    for (std::size_t k = 0; k < 64; k += kRegister) {
      all = both(all, digits.known(load(symbols + i + k)));
    }
  }
  for (; end - i >= kRegister; i += kRegister) all = both(all, digits.known(load(symbols + i)));
  return top_bits(all) == top_bits(all8(0xff));
}

// Weights of the digits of a byte, for sums of two and two: bytes from the lowest on.
constexpr std::uint64_t kWeights3 = 0x000000511b090301;
constexpr std::uint64_t kWeights4 = 0x0401040104010401;
constexpr std::uint64_t kWeights6 = 0x0024060100240601;
constexpr std::uint64_t kUnused = 0xffffffffffffffff;  // shuffles write 0 there

// Packs whole registers; returns the symbols done, a multiple of those of a byte. False in `valid`
// if one is not of the alphabet.
template <unsigned base, class Digits>
PYINFO_INLINE std::size_t pack_registers(const unsigned char* symbols, std::size_t n,
                                         const Alphabet& alphabet, unsigned char* packed,
                                         bool& valid) {
  const Digits digits(alphabet);
  Register all = all8(0xff);
  const auto digits_of = [&](Register v) {
    all = both(all, digits.known(v));
    return digits.of(v);
  };
  std::size_t i = 0;
  if constexpr (base == 2) {
    const Register zero = all8(alphabet.symbols[0]);
    const Register one = all8(alphabet.symbols[1]);
    for (; n - i >= kRegister; i += kRegister) {
      PYINFO_PREFETCH(symbols + i + kAhead);
      const Register v = load(symbols + i);
      const Register ones = equal8(v, one);
      all = both(all, either(ones, equal8(v, zero)));
      const std::uint32_t bits = top_bits(ones);
      PYINFO_COPY(packed + i / 8, &bits, kRegister / 8);
    }
  } else if constexpr (base == 3) {  // two times five digits of a lane, to eight places each
    constexpr std::size_t step = 10;
    const Register fives = lane_of(0xffffff0403020100, 0xffffff0908070605);
    const Register low = lane_of(0xffffffffffff0800, kUnused);
    for (; n - i >= step * (kRegisterLanes - 1) + kLaneBytes; i += step * kRegisterLanes) {
      PYINFO_PREFETCH(symbols + i + kAhead);
      const Register v = look_up(digits_of(load_lanes(symbols + i, step)), fives);
      const Register sums = dot16(dot8(v, all64(kWeights3)), all16(1));
      store_lanes<2>(packed + i / 5, look_up(add32(sums, upper_dwords_down(sums)), low));
    }
  } else if constexpr (base == 4) {
    const Register low = lane_of(0xffffffff0c080400, kUnused);
    for (; n - i >= kRegister; i += kRegister) {
      PYINFO_PREFETCH(symbols + i + kAhead);
      const Register sums =
          dot16(dot8(digits_of(load(symbols + i)), all64(kWeights4)), all32(0x00100001));
      store_lanes<4>(packed + i / 4, look_up(sums, low));
    }
  } else if constexpr (base == 6) {  // four times three digits of a lane, to four places each
    constexpr std::size_t step = 12;
    const Register threes = lane_of(0xff050403ff020100, 0xff0b0a09ff080706);
    const Register low = lane_of(0xffffffff0c080400, kUnused);
    for (; n - i >= step * (kRegisterLanes - 1) + kLaneBytes; i += step * kRegisterLanes) {
      PYINFO_PREFETCH(symbols + i + kAhead);
      const Register v = look_up(digits_of(load_lanes(symbols + i, step)), threes);
      const Register sums = dot16(dot8(v, all64(kWeights6)), all16(1));
      store_lanes<4>(packed + i / 3, look_up(sums, low));
    }
  } else {
    const Register low = lane_of(0x0e0c0a0806040200, kUnused);
    for (; n - i >= kRegister; i += kRegister) {
      PYINFO_PREFETCH(symbols + i + kAhead);
      const Register sums = dot8(digits_of(load(symbols + i)), all16(0x1001));
      store_lanes<8>(packed + i / 2, look_up(sums, low));
    }
  }
  valid = top_bits(all) == top_bits(all8(0xff));
  return i;
}

// The digits of a byte in bases 3 and 6: of byte * base^-per_byte as a fraction of 2^16, times
// base^(per_byte - 1 - digit), what is left below 2^16 is the fraction whose first digit it is.
template <unsigned base, unsigned per_byte>
struct Fractions {
  std::uint16_t even[kRegister / 2];  // for the digits in even places of a register
  std::uint16_t odd[kRegister / 2];
  unsigned char byte_of[kRegister];

  constexpr Fractions() : even(), odd(), byte_of() {
    constexpr unsigned bytes = base == 3 ? 243 : 216;
    for (unsigned place = 0; place < kRegister; ++place) {
      unsigned weight = (65536 + bytes - 1) / bytes;
      for (unsigned d = place % per_byte; d + 1 < per_byte; ++d) weight *= base;
      (place % 2 == 0 ? even : odd)[place / 2] = static_cast<std::uint16_t>(weight);
      byte_of[place] = static_cast<unsigned char>(place / per_byte);
    }
  }
};

// Unpacks whole registers from the first byte on; returns the symbols done, a multiple of those of
// a byte. False in `valid` if a byte or a digit is too large.
template <unsigned base, unsigned per_byte>
PYINFO_INLINE std::size_t unpack_registers(const unsigned char* packed, std::size_t n,
                                           const Alphabet& alphabet, unsigned char* symbols,
                                           bool& valid) {
  const std::size_t size = n / per_byte;  // whole bytes
  const Register table = in_all_lanes(load_lane(alphabet.symbols));
  std::size_t i = 0;
  if constexpr (base == 2) {
    const Register bits = all64(0x8040201008040201);
    const Register zero = all8(alphabet.symbols[0]);
    const Register change = differ(zero, all8(alphabet.symbols[1]));
    unsigned char byte_of[kRegister];
    for (unsigned s = 0; s < kRegister; ++s) byte_of[s] = static_cast<unsigned char>(s / 8);
    const Register spread = load(byte_of);
    for (; n - i >= kRegister; i += kRegister) {
      std::uint32_t word = 0;
      PYINFO_COPY(&word, packed + i / 8, kRegister / 8);
      const Register v = both(look_up(all32(word), spread), bits);
      store(symbols + i, differ(zero, both(equal8(v, bits), change)));
    }
  } else if constexpr (base == 4) {
    // Two of four digits are looked up where they are, in bits 2 and 3.
    unsigned char byte_of[kRegister];
    for (unsigned s = 0; s < kRegister; ++s) byte_of[s] = static_cast<unsigned char>(s / 4);
    const Register spread = load(byte_of);
    unsigned char either_digit[kLaneBytes];
    for (unsigned v = 0; v < kLaneBytes; ++v) either_digit[v] = alphabet.symbols[v < 4 ? v : v / 4];
    const Register pairs = in_all_lanes(load_lane(either_digit));
    for (; n - i >= kRegister; i += kRegister) {
      std::uint64_t word = 0;
      PYINFO_COPY(&word, packed + i / 4, kRegister / 4);
      const Register v = look_up(all64(word), spread);
      store(symbols + i, look_up(pairs, both(odd_from(v, right16<4>(v)), all16(0x0c03))));
    }
  } else if constexpr (base == 16) {
    Register largest = zeros();
    for (; n - i >= kRegister; i += kRegister) {
      const Register v = widened(packed + i / 2);
      const Register digits = both(either(v, left16<4>(v)), all8(15));
      largest = larger8(largest, digits);
      store(symbols + i, look_up(table, digits));
    }
    valid = largest_byte(largest) < alphabet.size;
  } else {
    constexpr std::size_t bytes = kRegister / per_byte;
    constexpr std::size_t step = bytes * per_byte;
    static constexpr Fractions<base, per_byte> fractions{};
    const Register even = load(reinterpret_cast<const unsigned char*>(fractions.even));
    const Register odd = load(reinterpret_cast<const unsigned char*>(fractions.odd));
    const Register spread = load(fractions.byte_of);
    const Register factor = all16(base);
    Register largest_digit = zeros();
    Register largest = zeros();
    for (std::size_t j = 0; size - j >= kLaneBytes && n - i >= kRegister; j += bytes, i += step) {
      const Register v = look_up(in_all_lanes(load_lane(packed + j)), spread);
      const Register low = high_product(low_product(both(v, all16(0xff)), even), factor);
      const Register high = high_product(low_product(right16<8>(v), odd), factor);
      const Register digits = either(low, left16<8>(high));
      largest = larger8(largest, v);
      if constexpr (base == 6) largest_digit = larger8(largest_digit, digits);
      store(symbols + i, look_up(table, digits));
    }
    valid =
        largest_byte(largest) < alphabet.digit.bytes && largest_byte(largest_digit) < alphabet.size;
  }
  return i;
}

std::size_t known(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet) noexcept {
  for (std::size_t start = 0; start < n; start += kTile) {
    const std::size_t end = n - start < kTile ? n : start + kTile;
    std::size_t i = start;
    const bool all = alphabet.shift >= 0 ? all_known(HashedDigits(alphabet), symbols, i, end)
                                         : all_known(ComparedDigits(alphabet), symbols, i, end);
    unsigned rest = 0;
    for (; i < end; ++i) rest |= alphabet.digits[symbols[i]];
    if (!all || rest >= kMostDigits) return start;
  }
  return n;
}

template <unsigned base, unsigned per_byte>
PYINFO_INLINE bool pack_in(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet,
                           unsigned char* packed) {
  bool valid = true;
  const std::size_t done =
      alphabet.shift >= 0
          ? pack_registers<base, HashedDigits>(symbols, n, alphabet, packed, valid)
          : pack_registers<base, ComparedDigits>(symbols, n, alphabet, packed, valid);
  return valid && pack_rest<base, per_byte>(symbols, done, n, alphabet, packed);
}

template <unsigned base, unsigned per_byte>
PYINFO_INLINE bool unpack_in(const unsigned char* packed, std::size_t n, const Alphabet& alphabet,
                             unsigned char* symbols) {
  bool valid = true;
  const std::size_t done = unpack_registers<base, per_byte>(packed, n, alphabet, symbols, valid);
  return valid && unpack_rest<base, per_byte>(packed, done, n, alphabet, symbols);
}

#else

std::size_t known(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet) noexcept {
  for (std::size_t start = 0; start < n; start += kTile) {
    const std::size_t end = n - start < kTile ? n : start + kTile;
    unsigned all = 0;
    for (std::size_t i = start; i < end; ++i) all |= alphabet.digits[symbols[i]];
    if (all >= kMostDigits) return start;
  }
  return n;
}

template <unsigned base, unsigned per_byte>
PYINFO_INLINE bool pack_in(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet,
                           unsigned char* packed) {
  return pack_rest<base, per_byte>(symbols, 0, n, alphabet, packed);
}

// All symbols of a byte by one look-up; shorter inputs are not worth the table.
constexpr std::size_t kTableFrom = 2048;

template <unsigned base, unsigned per_byte>
PYINFO_INLINE bool unpack_in(const unsigned char* packed, std::size_t n, const Alphabet& alphabet,
                             unsigned char* symbols) {
  std::size_t i = 0;
  unsigned invalid = 0;
  if (n >= kTableFrom) {
    struct {
      unsigned char symbols[256][8];
      unsigned char invalid[256];
    } table;
    for (unsigned byte = 0; byte < 256; ++byte) {
      unsigned rest = byte;
      table.invalid[byte] = 0;
      for (unsigned d = 0; d < 8; ++d) {
        const unsigned digit = d < per_byte ? rest % base : 0;
        if (d < per_byte) rest /= base;
        table.invalid[byte] |= static_cast<unsigned char>(digit >= alphabet.size);
        table.symbols[byte][d] = alphabet.symbols[digit];
      }
      table.invalid[byte] |= static_cast<unsigned char>(rest != 0);
    }
    for (; n - i >= 8; i += per_byte) {
      const unsigned byte = packed[i / per_byte];
      invalid |= table.invalid[byte];
      PYINFO_COPY(symbols + i, table.symbols[byte], 8);
    }
  }
  return invalid == 0 && unpack_rest<base, per_byte>(packed, i, n, alphabet, symbols);
}

#endif

bool pack(const unsigned char* symbols, std::size_t n, const Alphabet& alphabet,
          unsigned char* packed) noexcept {
  switch (alphabet.digit.base) {
    case 2:
      return pack_in<2, 8>(symbols, n, alphabet, packed);
    case 3:
      return pack_in<3, 5>(symbols, n, alphabet, packed);
    case 4:
      return pack_in<4, 4>(symbols, n, alphabet, packed);
    case 6:
      return pack_in<6, 3>(symbols, n, alphabet, packed);
    default:
      return pack_in<16, 2>(symbols, n, alphabet, packed);
  }
}

bool unpack(const unsigned char* packed, std::size_t n, const Alphabet& alphabet,
            unsigned char* symbols) noexcept {
  switch (alphabet.digit.base) {
    case 2:
      return unpack_in<2, 8>(packed, n, alphabet, symbols);
    case 3:
      return unpack_in<3, 5>(packed, n, alphabet, symbols);
    case 4:
      return unpack_in<4, 4>(packed, n, alphabet, symbols);
    case 6:
      return unpack_in<6, 3>(packed, n, alphabet, symbols);
    default:
      return unpack_in<16, 2>(packed, n, alphabet, symbols);
  }
}

}  // namespace

extern const DigitKernels PYINFO_TABLE(digit_kernels);
const DigitKernels PYINFO_TABLE(digit_kernels) = {known, pack, unpack};

}  // namespace pyinfo::coding
