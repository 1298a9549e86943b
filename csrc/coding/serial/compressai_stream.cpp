#include "coding/serial/compressai_stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "coding/frames/corrupt_data.hpp"
#include "coding/lanes/lanes.hpp"
#include "memory/buffer.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::coding {
namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr std::uint64_t kLowest = std::uint64_t{1} << 31;
constexpr std::uint32_t kTotal = std::uint32_t{1} << kCompressaiPrecision;
constexpr unsigned kGroupBits = 4;
constexpr unsigned kMostGroups = 7;  // of numbers below 2^28
constexpr std::size_t kPiece = std::size_t{1} << 20;

// How far a symbol is outside of its table, and on which side.
std::uint64_t raw_of(std::int64_t value, std::int64_t escape) noexcept {
  return value < 0 ? std::uint64_t(-(value + 1)) * 2 + 1 : std::uint64_t(value - escape) * 2;
}

[[noreturn]] void refuse_index(std::size_t i, std::int32_t index, std::size_t count) {
  throw std::invalid_argument("indexes[" + std::to_string(i) + "] = " + std::to_string(index) +
                              ", but there are " + std::to_string(count) + " cdfs");
}
[[noreturn]] void refuse_symbol(std::size_t i, std::int32_t symbol) {
  throw std::invalid_argument("symbols[" + std::to_string(i) + "] = " + std::to_string(symbol) +
                              " is 2**27 or more beyond its table, which CompressAI's streams "
                              "have no number for");
}

// A symbol of a part, with what is wrong with it refused. Memory is read once: it may change.
struct Coded {
  const CompressaiTables::Table* table;
  std::int64_t value;  // counted from the table's least symbol

  Coded(const CompressaiPart& part, std::size_t i) {
    const std::int32_t index = part.indexes[i];
    const std::int32_t symbol = part.symbols[i];
    if (std::size_t(std::uint32_t(index)) >= part.tables->count())
      refuse_index(i, index, part.tables->count());
    table = &part.tables->table(std::size_t(index));
    value = std::int64_t{symbol} - table->offset;
    if (is_escape() && raw() >> kGroupBits * kMostGroups != 0) refuse_symbol(i, symbol);
  }
  bool is_escape() const noexcept { return std::uint64_t(value) >= table->escape; }
  std::uint64_t raw() const noexcept { return raw_of(value, table->escape); }
};

class Encoder {
 public:
  // For up to so many symbols, each of at most 16 bits and 32 for what follows an escape. One word
  // more may be written, and is not part of the stream.
  explicit Encoder(std::size_t symbols)
      : memory_(8 * symbols + 16), at_(memory_.data() + memory_.size()) {}

  void push(const CompressaiTables::Interval& interval) noexcept {
    make_room(std::uint64_t{kTotal - interval.rest} << 47);
    const std::uint64_t quotient =
        static_cast<std::uint64_t>(static_cast<uint128>(state_) * interval.reciprocal >> 64) >>
        interval.shift;
    // quotient << 16 | start + remainder
    state_ += quotient * interval.rest + interval.added;
  }
  void push_group(std::uint32_t bits) noexcept {
    make_room(std::uint64_t{1} << (63 - kGroupBits));
    state_ = state_ << kGroupBits | bits;
  }
  // What follows an escape, the last first.
  void push_raw(std::uint64_t raw) noexcept {
    unsigned groups = 0;
    while (raw >> kGroupBits * groups != 0) ++groups;
    for (unsigned i = groups; i-- > 0;) push_group(raw >> kGroupBits * i & 15);
    push_group(groups);
  }
  std::vector<unsigned char> finish() {
    put_word(static_cast<std::uint32_t>(state_ >> 32));
    put_word(static_cast<std::uint32_t>(state_));
    const unsigned char* const end = memory_.data() + memory_.size();
    return std::vector<unsigned char>(static_cast<const unsigned char*>(at_), end);
  }

 private:
  void put_word(std::uint32_t word) noexcept { store32(at_ -= 4, word); }
  // Written in any case and counted if the state is too large: no branch can be guessed wrong.
  void make_room(std::uint64_t limit) noexcept {
    store32(at_ - 4, static_cast<std::uint32_t>(state_));
    const bool is_full = state_ >= limit;
    at_ -= is_full ? 4 : 0;
    state_ = is_full ? state_ >> 32 : state_;
  }

  memory::Buffer<unsigned char> memory_;
  unsigned char* at_;
  std::uint64_t state_ = kLowest;
};

}  // namespace

void CompressaiTables::add(const std::int32_t* cdf, std::size_t length, std::int32_t entries,
                           std::int32_t offset) {
  const std::string number = "[" + std::to_string(count()) + "]";
  // Of a list of lists no more than that is read: its length is no bound worth naming.
  if (entries < 2) {
    throw std::invalid_argument("cdfs_sizes" + number + " must be at least 2, not " +
                                std::to_string(entries));
  }
  if (std::size_t(entries) > length) {
    throw std::invalid_argument("cdfs_sizes" + number + " must be at most " +
                                std::to_string(length) + ", not " + std::to_string(entries));
  }
  const auto size = std::uint32_t(entries) - 1;
  if (cdf[0] != 0 || cdf[size] != std::int32_t(kTotal)) {
    throw std::invalid_argument("cdfs" + number + " must begin with 0 and end with 65536");
  }
  for (std::uint32_t i = 0; i < size; ++i) {
    if (cdf[i + 1] <= cdf[i] || cdf[i + 1] > std::int32_t(kTotal)) {
      throw std::invalid_argument("cdfs" + number + " must rise: entry " + std::to_string(i + 1) +
                                  " is " + std::to_string(cdf[i + 1]) + " after " +
                                  std::to_string(cdf[i]));
    }
  }
  // 256 places, and more for many intervals, so that few have more than two.
  std::uint32_t shift = 8;
  while (shift > 4 && size > 1u << (15 - shift)) --shift;
  tables_.push_back(
      {std::uint32_t(intervals_.size()), size - 1, offset, std::uint32_t(coarse_.size()), shift});
  std::uint32_t place = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    const auto start = std::uint32_t(cdf[i]);
    const auto end = std::uint32_t(cdf[i + 1]);
    const std::uint32_t frequency = end - start;
    unsigned s = 0;
    while (frequency > 1u << s) ++s;
    // ceil(2^(63 + s) / f): its error times x < 2^63 is below 1 / f, so that quotients are exact.
    // For f = 1 that has 65 bits.
    const std::uint64_t reciprocal =
        frequency == 1 ? ~std::uint64_t{0}
                       : static_cast<std::uint64_t>(
                             ((static_cast<uint128>(1) << (63 + s)) + frequency - 1) / frequency);
    intervals_.push_back({reciprocal, start + (frequency == 1 ? kTotal - 1 : 0),
                          static_cast<std::uint16_t>(kTotal - frequency),
                          static_cast<std::uint16_t>(s == 0 ? 0 : s - 1)});
    slots_.push_back(start | (frequency - 1) << 16);
    for (; place << shift < end; ++place) coarse_.push_back(static_cast<std::uint16_t>(i));
  }
}

void CompressaiSource::add_rows() {
  const std::int32_t* row = cdfs.data();
  for (std::size_t k = 0; k < sizes.size(); row += sizes[k], ++k)
    tables.add(row, std::size_t(sizes[k]), sizes[k], offsets[k]);
}

void CompressaiSource::add_rows_of(const std::int32_t* rows, std::size_t stride) {
  for (std::size_t k = 0; k < sizes.size(); ++k, rows += stride) {
    const std::size_t first = cdfs.size();
    const std::size_t kept = sizes[k] < 0 ? 0 : std::min(std::size_t(sizes[k]), stride);
    cdfs.insert(cdfs.end(), rows, rows + kept);
    tables.add(cdfs.data() + first, stride, sizes[k], offsets[k]);
  }
}

bool CompressaiSource::has_rows_of(const std::int32_t* rows, std::size_t count,
                                   std::size_t stride) const noexcept {
  if (count != sizes.size()) return false;
  const std::int32_t* known = cdfs.data();
  for (std::size_t k = 0; k < count; known += sizes[k], rows += stride, ++k) {
    if (stride < std::size_t(sizes[k])) return false;
    if (!std::equal(known, known + sizes[k], rows)) return false;
  }
  return true;
}

void require_codable(const CompressaiPart& part) {
  for (std::size_t i = 0; i < part.n; ++i) {
    if (i % kPiece == 0) threads::require_uninterrupted();
    Coded(part, i);
  }
}

std::vector<unsigned char> compressai_encode(const CompressaiPart* parts, std::size_t count) {
  std::size_t symbols = 0;
  for (std::size_t p = 0; p < count; ++p) symbols += parts[p].n;
  Encoder encoder(symbols);
  for (std::size_t p = count; p-- > 0;) {
    const CompressaiPart& part = parts[p];
    for (std::size_t i = part.n; i-- > 0;) {
      if (i % kPiece == 0) threads::require_uninterrupted();
      const Coded coded(part, i);
      auto number = static_cast<std::uint32_t>(coded.value);
      if (coded.is_escape()) {
        encoder.push_raw(coded.raw());
        number = coded.table->escape;
      }
      encoder.push(part.tables->interval(coded.table->first + number));
    }
  }
  return encoder.finish();
}

CompressaiDecoder::CompressaiDecoder(std::vector<unsigned char> stream)
    : stream_(std::move(stream)) {
  if (stream_.size() < 8 || stream_.size() % 4 != 0) {
    throw CorruptData(
        "a stream of " + std::to_string(stream_.size()) + " bytes has no state, or half a word", 0);
  }
  state_ = std::uint64_t{load32(stream_.data())} | std::uint64_t{load32(stream_.data() + 4)} << 32;
  if (state_ < kLowest || state_ >> 63 != 0) {
    throw CorruptData("the state that the stream begins with is out of range", 0);
  }
}

void CompressaiDecoder::decode(const CompressaiTables& tables, const std::int32_t* indexes,
                               std::size_t n, std::int32_t* out) {
  std::uint64_t x = state_;
  std::size_t at = at_;
  const unsigned char* const words = stream_.data();
  const std::size_t end = stream_.size();
  const auto refill = [&] {
    const bool is_low = x < kLowest;
    if (at == end) {
      if (is_low) throw CorruptData("the stream ends too early, or is damaged", at);
      return;
    }
    const std::uint64_t refilled = x << 32 | load32(words + at);
    x = is_low ? refilled : x;
    at += is_low ? 4 : 0;
  };
  const auto pop_group = [&] {
    const auto bits = static_cast<std::uint32_t>(x & 15);
    x >>= kGroupBits;
    refill();
    return bits;
  };
  for (std::size_t i = 0; i < n; ++i) {
    if (i % kPiece == 0) threads::require_uninterrupted();
    const std::int32_t index = indexes[i];
    if (std::size_t(std::uint32_t(index)) >= tables.count()) refuse_index(i, index, tables.count());
    const CompressaiTables::Table& table = tables.table(std::size_t(index));
    const auto slot = static_cast<std::uint32_t>(x & (kTotal - 1));
    std::uint32_t number = tables.at_place(table, slot);
    const std::uint32_t* const intervals = tables.slots() + table.first;
    std::uint32_t interval = intervals[number];
    while (slot - (interval & 0xffff) > interval >> 16) interval = intervals[++number];
    x = ((interval >> 16) + std::uint64_t{1}) * (x >> kCompressaiPrecision) + slot -
        (interval & 0xffff);
    refill();
    std::int64_t value = number;
    if (number == table.escape) {
      const std::uint32_t groups = pop_group();
      if (groups > kMostGroups) throw CorruptData("a symbol has too many bits: damaged", at);
      std::uint32_t raw = 0;
      for (std::uint32_t g = 0; g < groups; ++g) raw |= pop_group() << kGroupBits * g;
      if (groups > 0 && raw >> kGroupBits * (groups - 1) == 0) {
        throw CorruptData("a symbol has more groups than it needs: damaged", at);
      }
      value = (raw & 1) != 0 ? -std::int64_t{raw >> 1} - 1 : std::int64_t{raw >> 1} + table.escape;
    }
    value += table.offset;
    if (value != static_cast<std::int32_t>(value)) {
      throw CorruptData("a symbol has more than 32 bits: damaged", at);
    }
    out[i] = static_cast<std::int32_t>(value);
  }
  state_ = x;
  at_ = at;
}

void CompressaiDecoder::require_end() const {
  if (at_ != stream_.size() || state_ != kLowest) {
    throw CorruptData(
        "the stream does not end with the last symbol: it is damaged, or was coded "
        "with other tables or indexes",
        at_);
  }
}

std::vector<std::int32_t> compressai_cdf(const float* pmf, std::size_t n, int precision) {
  const std::uint64_t slots = std::uint64_t{1} << precision;
  std::vector<std::uint64_t> frequencies(n);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(pmf[i] >= 0) || pmf[i] > 1e6f) {
      throw std::invalid_argument("pmf[" + std::to_string(i) + "] must be a probability");
    }
    // In single precision, halves away from zero: it decides about the tables.
    frequencies[i] = static_cast<std::uint64_t>(std::round(pmf[i] * float(slots)));
    total += frequencies[i];
  }
  if (total == 0) {
    throw std::invalid_argument(n == 0 ? std::string("pmf has no entries")
                                       : "pmf has no entry that is not 0 in units of 2**-" +
                                             std::to_string(precision));
  }
  if (n > slots) throw std::invalid_argument("pmf has more entries than there are slots");
  std::vector<std::int32_t> cdf(n + 1, 0);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += slots * frequencies[i] / total;
    cdf[i + 1] = static_cast<std::int32_t>(sum);
  }
  cdf[n] = static_cast<std::int32_t>(slots);
  for (std::size_t i = 0; i < n; ++i) {
    if (cdf[i] != cdf[i + 1]) continue;
    std::size_t from = n;
    std::int32_t least = std::numeric_limits<std::int32_t>::max();
    for (std::size_t j = 0; j < n; ++j) {
      const std::int32_t frequency = cdf[j + 1] - cdf[j];
      if (frequency > 1 && frequency < least) least = frequency, from = j;
    }
    PYINFO_ASSERT(from < n);
    for (std::size_t j = from + 1; j <= i; ++j) --cdf[j];
    for (std::size_t j = i + 1; j <= from; ++j) ++cdf[j];
  }
  return cdf;
}

}  // namespace pyinfo::coding
