#include "coding/serial/torchac_stream.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "coding/frames/corrupt_data.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::uint32_t kHalf = std::uint32_t{1} << 31;
constexpr std::uint32_t kQuarter = std::uint32_t{1} << 30;
constexpr int kPrecision = 16;
constexpr std::size_t kPiece = std::size_t{1} << 18;

// The interval of the symbols so far: [low, high], both included.
struct Range {
  std::uint32_t low = 0;
  std::uint32_t high = 0xffffffff;

  std::uint64_t span() const noexcept { return std::uint64_t{high} - low + 1; }
  void narrow(std::uint32_t from, std::uint32_t to) noexcept {
    const std::uint64_t width = span();
    high = static_cast<std::uint32_t>(low - 1 + (width * to >> kPrecision));
    low = static_cast<std::uint32_t>(low + (width * from >> kPrecision));
  }
};

std::uint32_t upper(const std::uint16_t* cdf, std::size_t entries, std::size_t symbol) noexcept {
  return symbol + 2 == entries ? 1u << kPrecision : cdf[symbol + 1];
}

class BitWriter {
 public:
  void put(bool bit) {
    put_one(bit);
    for (; pending_ > 0; --pending_) put_one(!bit);
  }
  void postpone() noexcept { ++pending_; }
  std::vector<unsigned char> finish() {
    if (bits_ > 0) bytes_.push_back(static_cast<unsigned char>(byte_ << (8 - bits_)));
    return std::move(bytes_);
  }

 private:
  void put_one(bool bit) {
    byte_ = byte_ << 1 | unsigned(bit);
    if (++bits_ < 8) return;
    bytes_.push_back(static_cast<unsigned char>(byte_));
    byte_ = bits_ = 0;
  }

  std::vector<unsigned char> bytes_;
  unsigned byte_ = 0;
  unsigned bits_ = 0;
  std::size_t pending_ = 0;
};

// Moves out the bits that are settled: done(bit, pending) for each.
template <class Settled, class Middle>
void renormalise(Range& range, Settled settled, Middle middle) {
  for (;;) {
    if (range.high < kHalf) {
      settled(false);
    } else if (range.low >= kHalf) {
      settled(true);
    } else if (range.low >= kQuarter && range.high < kHalf + kQuarter) {
      middle();
      range.low -= kQuarter;
      range.high -= kQuarter;
    } else {
      return;
    }
    range.low <<= 1;
    range.high = range.high << 1 | 1;
  }
}

}  // namespace

std::vector<unsigned char> torchac_encode(const std::uint16_t* cdfs, std::size_t entries,
                                          const std::int16_t* symbols, std::size_t n) {
  Range range;
  BitWriter bits;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % kPiece == 0) threads::require_uninterrupted();
    const std::int16_t symbol = symbols[i];
    if (symbol < 0 || std::size_t(symbol) + 1 >= entries) {
      throw std::invalid_argument("sym has " + std::to_string(symbol) + " at position " +
                                  std::to_string(i) + ", but cdf has " +
                                  std::to_string(entries - 1) + " symbols");
    }
    const std::uint16_t* const cdf = cdfs + i * entries;
    const std::uint32_t from = cdf[symbol];
    const std::uint32_t to = upper(cdf, entries, std::size_t(symbol));
    if (from >= to) {
      throw std::invalid_argument("cdf does not rise at symbol " + std::to_string(symbol) +
                                  " of position " + std::to_string(i));
    }
    range.narrow(from, to);
    renormalise(range, [&](bool bit) { bits.put(bit); }, [&] { bits.postpone(); });
  }
  bits.postpone();
  bits.put(range.low >= kQuarter);
  return bits.finish();
}

void torchac_decode(const std::uint16_t* cdfs, std::size_t entries, const unsigned char* stream,
                    std::size_t size, std::int16_t* out, std::size_t n) {
  const std::vector<unsigned char> copy(stream, stream + size);  // it is read twice
  std::size_t at = 0;
  const auto next_bit = [&]() -> std::uint32_t {
    const std::size_t byte = at / 8;
    const std::uint32_t bit = byte < copy.size() ? copy[byte] >> (7 - at % 8) & 1 : 0;
    ++at;
    return bit;
  };
  std::uint32_t value = 0;
  for (int i = 0; i < 32; ++i) value = value << 1 | next_bit();
  Range range;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % kPiece == 0) threads::require_uninterrupted();
    if (at / 8 > copy.size() + 4) throw CorruptData("the stream ends too early", copy.size());
    const std::uint16_t* const cdf = cdfs + i * entries;
    const std::uint64_t slot =
        (((std::uint64_t{value} - range.low + 1) << kPrecision) - 1) / range.span();
    // The last symbol whose interval begins at the slot or before.
    const std::uint16_t* const above =
        std::upper_bound(cdf, cdf + entries - 1, static_cast<std::uint16_t>(slot));
    const std::size_t symbol = above == cdf ? 0 : std::size_t(above - cdf) - 1;
    const std::uint32_t from = cdf[symbol];
    const std::uint32_t to = upper(cdf, entries, symbol);
    if (slot < from || slot >= to) {
      throw CorruptData("the stream is damaged, or the cdf does not rise",
                        std::min(at / 8, copy.size()));
    }
    out[i] = static_cast<std::int16_t>(symbol);
    range.narrow(from, to);
    renormalise(
        range, [&](bool) { value = value << 1 | next_bit(); },
        [&] { value = (value - kQuarter) << 1 | next_bit(); });
  }
  if (torchac_encode(cdfs, entries, out, n) != copy) {
    throw CorruptData(
        "the stream is not one of these symbols: it is damaged, or the cdf is another", 0);
  }
}

}  // namespace pyinfo::coding
