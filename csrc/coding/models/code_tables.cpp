#include "coding/models/code_tables.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "coding/models/huffman_code.hpp"
#include "coding/models/rans_model.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr unsigned kSymbols = 256;
constexpr int kFirstLength = 8;  // what the first length and the first class are compared with
constexpr int kFirstClass = 6;
constexpr std::uint32_t kFrequencySum = 1u << kFastPrecision;
constexpr unsigned kLightClass = 4;  // frequencies of lower classes are below 16

unsigned floor_log2(std::uint32_t x) noexcept { return 31 - unsigned(__builtin_clz(x)); }
unsigned trailing_zeros(std::uint64_t x) noexcept { return unsigned(__builtin_ctzll(x)); }

// Bits, the lowest of a byte first.
class BitWriter {
 public:
  explicit BitWriter(unsigned char* out) noexcept : begin_(out), out_(out) {}

  void put(std::uint64_t value, unsigned bits) noexcept {  // at most 56
    waiting_ |= value << count_;
    count_ += bits;
    for (; count_ >= 8; count_ -= 8, waiting_ >>= 8) *out_++ = static_cast<unsigned char>(waiting_);
  }
  void put_gamma(std::uint32_t value) noexcept {
    const unsigned log = floor_log2(value);
    put(std::uint64_t{1} << log, log + 1);
    put(value - (1u << log), log);
  }
  // Fills the last byte with zeros. Returns the number of bytes.
  std::size_t finish() noexcept {
    if (count_ > 0) *out_++ = static_cast<unsigned char>(waiting_);
    return std::size_t(out_ - begin_);
  }

 private:
  unsigned char* begin_;
  unsigned char* out_;
  std::uint64_t waiting_ = 0;
  unsigned count_ = 0;
};

// Reads zeros behind the end; finish() tells.
class BitReader {
 public:
  BitReader(const unsigned char* data, std::size_t size) noexcept : data_(data), size_(size) {}

  // The next bits, the first one lowest: at least 57 of them.
  std::uint64_t peek() const noexcept {
    const std::size_t first = position_ >> 3;
    std::uint64_t bits = 0;
    if (size_ >= 8 && first <= size_ - 8) {
      for (unsigned i = 0; i < 8; ++i) bits |= std::uint64_t{data_[first + i]} << 8 * i;
    } else {
      for (std::size_t i = first; i < size_; ++i)
        bits |= std::uint64_t{data_[i]} << 8 * (i - first);
    }
    return bits >> (position_ & 7);
  }
  void skip(unsigned bits) noexcept { position_ += bits; }
  std::uint32_t take(unsigned bits) noexcept {  // at most 32
    const std::uint64_t next = peek();
    skip(bits);
    return static_cast<std::uint32_t>(next & ((std::uint64_t{1} << bits) - 1));
  }
  // 0 if it would be larger than 511.
  std::uint32_t take_gamma() noexcept {
    const std::uint64_t next = peek();
    const unsigned log = trailing_zeros(next | 1u << 9);
    if (log > 8) return 0;
    skip(2 * log + 1);
    return 1u << log | (static_cast<std::uint32_t>(next >> (log + 1)) & ((1u << log) - 1));
  }
  // The number of bytes read, or 0 if there were not so many or the last one is not filled with
  // zeros.
  std::size_t finish() const noexcept {
    const std::size_t bytes = (position_ + 7) / 8;
    if (bytes > size_) return 0;
    if (position_ % 8 != 0 && data_[bytes - 1] >> position_ % 8 != 0) return 0;
    return bytes;
  }

 private:
  const unsigned char* data_;
  std::size_t size_;
  std::size_t position_ = 0;  // in bits
};

// The symbols of a table, rising, and a small number for each.
struct Symbols {
  unsigned n = 0;
  std::uint8_t symbol[kSymbols];
  std::uint8_t value[kSymbols];
};

// Runs of absent and present symbols in turn, as the gamma codes have them.
struct Runs {
  unsigned n = 0;
  unsigned bits = 0;
  std::uint16_t code[kSymbols + 1];

  void add(unsigned value) noexcept {
    bits += 2 * floor_log2(value) + 1;
    code[n++] = static_cast<std::uint16_t>(value);
  }
};

template <class T>
void write_presence(BitWriter& writer, const T* values) noexcept {
  Runs runs;
  bool present = false;
  unsigned begin = 0;
  for (unsigned symbol = 0; symbol <= kSymbols; ++symbol) {
    if (symbol < kSymbols && (values[symbol] != 0) == present) continue;
    runs.add(symbol - begin + (begin == 0 && !present));  // only the first run may be empty
    present = !present;
    begin = symbol;
  }
  if (runs.bits <= kSymbols) {
    writer.put(0, 1);
    for (unsigned i = 0; i < runs.n; ++i) writer.put_gamma(runs.code[i]);
    return;
  }
  writer.put(1, 1);
  for (unsigned begin_of_byte = 0; begin_of_byte < kSymbols; begin_of_byte += 8) {
    std::uint32_t bits = 0;
    for (unsigned i = 0; i < 8; ++i) bits |= std::uint32_t{values[begin_of_byte + i] != 0} << i;
    writer.put(bits, 8);
  }
}

// False if the runs do not end with the alphabet or there are fewer than two symbols.
bool read_presence(BitReader& reader, Symbols& symbols) noexcept {
  unsigned n = 0;
  if (reader.take(1) == 0) {
    bool present = false;
    for (unsigned begin = 0; begin < kSymbols; present = !present) {
      std::uint32_t run = reader.take_gamma();
      if (run == 0) return false;
      if (begin == 0 && !present) --run;
      if (run > kSymbols - begin) return false;
      if (present) {
        for (std::uint32_t i = 0; i < run; ++i) {
          symbols.symbol[n++] = static_cast<std::uint8_t>(begin + i);
        }
      }
      begin += run;
    }
  } else {
    for (unsigned begin = 0; begin < kSymbols; begin += 32) {
      for (std::uint32_t bits = reader.take(32); bits != 0; bits &= bits - 1) {
        symbols.symbol[n++] = static_cast<std::uint8_t>(begin + trailing_zeros(bits));
      }
    }
  }
  symbols.n = n;
  return n >= 2;
}

// Differences from value to value in Rice codes with the best of four parameters.
void write_values(BitWriter& writer, const Symbols& symbols, int previous) noexcept {
  std::uint8_t zigzag[kSymbols];
  std::uint32_t sums[4] = {};  // of the quotients
  for (unsigned i = 0; i < symbols.n; ++i) {
    const int delta = symbols.value[i] - previous;
    previous = symbols.value[i];
    const unsigned z = unsigned(delta >= 0 ? 2 * delta : -2 * delta - 1);
    zigzag[i] = static_cast<std::uint8_t>(z);
    for (unsigned k = 0; k < 4; ++k) sums[k] += z >> k;
  }
  unsigned best = 0;
  for (unsigned k = 1; k < 4; ++k) {
    if (sums[k] + k * symbols.n < sums[best] + best * symbols.n) best = k;
  }
  writer.put(best, 2);
  for (unsigned i = 0; i < symbols.n; ++i) {
    const unsigned quotient = zigzag[i] >> best;
    const std::uint64_t low = zigzag[i] & ((1u << best) - 1);
    writer.put(((std::uint64_t{1} << quotient) - 1) | low << (quotient + 1), quotient + 1 + best);
  }
}

// False if a value is not in min..max (at most 11).
bool read_values(BitReader& reader, Symbols& symbols, int previous, int min, int max) noexcept {
  constexpr unsigned kLargestZigzag = 22;
  const unsigned k = reader.take(2);
  bool valid = true;
  for (unsigned i = 0; i < symbols.n; ++i) {
    const std::uint64_t next = reader.peek();
    const unsigned quotient = trailing_zeros(~next | std::uint64_t{1} << (kLargestZigzag + 1));
    const unsigned low = static_cast<unsigned>(next >> (quotient + 1)) & ((1u << k) - 1);
    reader.skip(quotient + 1 + k);
    const unsigned z = quotient << k | low;
    previous += int(z >> 1) ^ -int(z & 1);
    valid &= previous >= min && previous <= max;
    symbols.value[i] = static_cast<std::uint8_t>(previous);
  }
  return valid;
}

template <class T, class Value>
Symbols find_symbols(const T* values, const Value& value) noexcept {
  Symbols symbols;
  for (unsigned symbol = 0; symbol < kSymbols; ++symbol) {
    if (values[symbol] == 0) continue;
    symbols.symbol[symbols.n] = static_cast<std::uint8_t>(symbol);
    symbols.value[symbols.n++] = static_cast<std::uint8_t>(value(values[symbol]));
  }
  return symbols;
}

}  // namespace

std::size_t write_lengths(const std::uint8_t lengths[256], unsigned char* out) noexcept {
  PYINFO_ASSERT(*std::max_element(lengths, lengths + kSymbols) <= kFastLength);
  PYINFO_ASSERT(kraft_sum(lengths, kSymbols) == 1u << kLongestCode);
  const Symbols symbols = find_symbols(lengths, [](std::uint8_t length) { return length; });
  BitWriter writer(out);
  write_presence(writer, lengths);
  write_values(writer, symbols, kFirstLength);
  return writer.finish();
}

std::size_t read_lengths(const unsigned char* data, std::size_t size,
                         std::uint8_t lengths[256]) noexcept {
  BitReader reader(data, size);
  Symbols symbols;
  if (!read_presence(reader, symbols)) return 0;
  if (!read_values(reader, symbols, kFirstLength, 1, kFastLength)) return 0;
  std::memset(lengths, 0, kSymbols);
  for (unsigned i = 0; i < symbols.n; ++i) lengths[symbols.symbol[i]] = symbols.value[i];
  if (kraft_sum(lengths, kSymbols) != 1u << kLongestCode) return 0;
  return reader.finish();
}

std::size_t write_frequencies(const std::uint32_t frequencies[256], unsigned char* out) noexcept {
  PYINFO_ASSERT(std::accumulate(frequencies, frequencies + kSymbols, 0u) == kFrequencySum);
  const Symbols symbols = find_symbols(frequencies, floor_log2);
  PYINFO_ASSERT(symbols.n >= 2);
  BitWriter writer(out);
  write_presence(writer, frequencies);
  write_values(writer, symbols, kFirstClass);
  bool light = true;  // frequencies of the light classes are powers of two
  for (unsigned i = 0; i < symbols.n; ++i) {
    const std::uint32_t f = frequencies[symbols.symbol[i]];
    light &= symbols.value[i] >= kLightClass || (f & (f - 1)) == 0;
  }
  writer.put(light, 1);
  for (unsigned i = 0; i < symbols.n; ++i) {
    const unsigned bits = symbols.value[i];
    if (light && bits < kLightClass) continue;
    writer.put(frequencies[symbols.symbol[i]] - (1u << bits), bits);
  }
  return writer.finish();
}

std::size_t read_frequencies(const unsigned char* data, std::size_t size,
                             std::uint32_t frequencies[256]) noexcept {
  BitReader reader(data, size);
  Symbols symbols;
  if (!read_presence(reader, symbols)) return 0;
  if (!read_values(reader, symbols, kFirstClass, 0, kFastPrecision - 1)) return 0;
  std::memset(frequencies, 0, kSymbols * sizeof(std::uint32_t));
  const bool light = reader.take(1) != 0;
  std::uint32_t sum = 0;
  for (unsigned i = 0; i < symbols.n; ++i) {
    const unsigned bits = symbols.value[i];
    const bool exact = !(light && bits < kLightClass);
    const std::uint32_t f = 1u << bits | (exact ? reader.take(bits) : 0);
    frequencies[symbols.symbol[i]] = f;
    sum += f;
  }
  return sum == kFrequencySum ? reader.finish() : 0;
}

}  // namespace pyinfo::coding
