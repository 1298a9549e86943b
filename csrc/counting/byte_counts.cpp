#include "counting/byte_counts.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <vector>

#include "memory/overlap.hpp"
#include "simd/assert.hpp"

namespace pyinfo::counting {
namespace {

// An increment loads the counter that an earlier one may just have stored; the second waits some
// cycles for the first. Neighbouring bytes therefore go to different tables, so that even constant
// input increments the same counter only once in eight increments.
constexpr std::size_t kTables = 8;

// Processors guess store-to-load dependencies from the low 12 address bits. Rows of 1 KiB would
// put the same value of table t and t + 4 at equal ones, so rows are a cache line longer.
constexpr std::size_t kRow = kByteValues + 16;

// 32-bit counters are added to the 64-bit result long before they can overflow.
constexpr std::size_t kRoundsPerFlush = std::size_t{1} << 20;

// Below this many increments clearing and adding up the tables costs more than they save.
constexpr std::size_t kWorthTables = 2048;

// Bytes that lie within kClose values of each other are counted two at a time: a pair is one
// increment, and increments are what bounds counting. Pieces in which bytes lie farther apart are
// counted as others are.
constexpr unsigned kCloseBits = 6;
constexpr std::size_t kClose = std::size_t{1} << kCloseBits;
constexpr std::size_t kPairTables = 2;  // more would fill the first-level cache
constexpr std::size_t kPiece = 4096;
constexpr std::size_t kWorthPairs = 16 * kPiece;        // tables of pairs are cleared and added up
constexpr std::size_t kPairRow = kClose * kClose + 16;  // see kRow
constexpr std::size_t kPiecesPerFlush = std::size_t{1} << 20;

// Items wider than the tables are walked once per eight planes, in tiles that stay in the cache.
constexpr std::size_t kTileBytes = std::size_t{1} << 19;
constexpr std::size_t kLeastTileItems = 4096;

// Counts `Planes` (at most eight) adjacent byte planes of items that lie `stride` bytes apart.
// Stride is std::size_t, or an integral_constant where the compiler should know the number.
template <std::size_t Planes, class Stride>
void count_planes(const unsigned char* data, std::size_t n_items, Stride stride,
                  std::uint64_t* counts) noexcept {
  constexpr std::size_t kItems = (kTables + Planes - 1) / Planes;  // per round
  std::uint32_t tables[kItems][Planes][kRow];

  for (std::size_t rounds = n_items / kItems; rounds > 0;) {
    const std::size_t now = std::min(rounds, kRoundsPerFlush);
    rounds -= now;
    std::memset(tables, 0, sizeof(tables));
    for (std::size_t r = 0; r < now; ++r, data += kItems * stride) {
      for (std::size_t i = 0; i < kItems; ++i) {
        for (std::size_t k = 0; k < Planes; ++k) ++tables[i][k][data[i * stride + k]];
      }
    }
    for (std::size_t i = 0; i < kItems; ++i) {
      for (std::size_t k = 0; k < Planes; ++k) {
        for (std::size_t v = 0; v < kByteValues; ++v) {
          counts[k * kByteValues + v] += tables[i][k][v];
        }
      }
    }
  }

  for (std::size_t i = n_items % kItems; i > 0; --i, data += stride) {
    for (std::size_t k = 0; k < Planes; ++k) ++counts[k * kByteValues + data[k]];
  }
}

// Where a window of kClose values is best put: around the values of one piece. False if they do
// not fit.
bool find_window(const unsigned char* piece, unsigned& first) noexcept {
  unsigned char low = 255;
  unsigned char high = 0;
  for (std::size_t i = 0; i < kPiece; ++i) {
    low = std::min(low, piece[i]);
    high = std::max(high, piece[i]);
  }
  if (unsigned(high - low) >= kClose) return false;
  const unsigned spare = unsigned(kClose) - 1 - (high - low);
  first = std::min<unsigned>(low - std::min<unsigned>(low, spare / 2), kByteValues - kClose);
  return true;
}

bool in_window(const unsigned char* piece, unsigned char first) noexcept {
  unsigned char farthest = 0;
  for (std::size_t i = 0; i < kPiece; ++i) {
    farthest = std::max(farthest, static_cast<unsigned char>(piece[i] - first));
  }
  return farthest < kClose;
}

using PairTables = std::uint32_t[kPairTables][kPairRow];

void count_pairs(const unsigned char* piece, unsigned first, PairTables& tables) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  // No pair is outside of the tables, whatever has become of the bytes since they were looked at.
  constexpr std::uint64_t kEven = 0x0001000100010001 * (kClose - 1);
  for (std::size_t i = 0; i < kPiece; i += 16) {
    std::uint64_t words[2];
    std::memcpy(words, piece + i, sizeof words);
    for (std::uint64_t& word : words) {
      word -= first * kOnes;  // nothing is borrowed if no byte is below `first`
      word = (word & kEven) | (word >> 8 & kEven) << kCloseBits;
    }
    for (const std::uint64_t word : words) {
      for (std::size_t k = 0; k < 4; ++k) {
        ++tables[k % kPairTables][static_cast<std::uint16_t>(word >> 16 * k)];
      }
    }
  }
}

// Adds the pairs to the counts of their two bytes, and clears the tables.
void add_pairs(PairTables& tables, unsigned first, std::uint64_t* counts) noexcept {
  std::uint64_t lower[kClose] = {};
  for (std::size_t upper = 0; upper < kClose; ++upper) {
    std::uint64_t sum = 0;
    for (std::size_t v = 0; v < kClose; ++v) {
      std::uint64_t pairs = 0;
      for (std::size_t k = 0; k < kPairTables; ++k) pairs += tables[k][upper * kClose + v];
      lower[v] += pairs;
      sum += pairs;
    }
    counts[first + upper] += sum;
  }
  for (std::size_t v = 0; v < kClose; ++v) counts[first + v] += lower[v];
  std::memset(tables, 0, sizeof(PairTables));
}

// Returns how many of n bytes it has counted: all in whole pieces, or none.
std::size_t count_close(const unsigned char* data, std::size_t n, std::uint64_t* counts) noexcept {
  unsigned first = 0;
  if (n < kWorthPairs || !find_window(data, first)) return 0;
  PairTables tables;
  std::memset(tables, 0, sizeof tables);
  std::size_t in_tables = 0;  // pieces
  std::size_t i = 0;
  for (; n - i >= kPiece; i += kPiece) {
    if (!in_window(data + i, static_cast<unsigned char>(first))) {
      count_planes<1>(data + i, kPiece, std::integral_constant<std::size_t, 1>{}, counts);
      continue;
    }
    if (in_tables == kPiecesPerFlush) {
      add_pairs(tables, first, counts);
      in_tables = 0;
    }
    count_pairs(data + i, first, tables);
    ++in_tables;
  }
  add_pairs(tables, first, counts);
  return i;
}

// The planes of one whole item, when it has at most eight of them.
template <std::size_t Itemsize>
void count_narrow(const unsigned char* data, std::size_t n_items, std::uint64_t* counts) noexcept {
  count_planes<Itemsize>(data, n_items, std::integral_constant<std::size_t, Itemsize>{}, counts);
}

void count_wide(const unsigned char* data, std::size_t n_items, std::size_t itemsize,
                std::uint64_t* counts) noexcept {
  const std::size_t tile = std::max(kLeastTileItems, kTileBytes / itemsize);
  while (n_items > 0) {
    // A short rest joins the tile before it: the tables would not pay for it on its own.
    const std::size_t now = n_items < 2 * tile ? n_items : tile;
    std::size_t k = 0;
    for (; k + kTables <= itemsize; k += kTables) {
      count_planes<kTables>(data + k, now, itemsize, counts + k * kByteValues);
    }
    for (; k + 2 <= itemsize; k += 2) {
      count_planes<2>(data + k, now, itemsize, counts + k * kByteValues);
    }
    if (k < itemsize) count_planes<1>(data + k, now, itemsize, counts + k * kByteValues);
    data += now * itemsize;
    n_items -= now;
  }
}

}  // namespace

void byte_counts_reference(const unsigned char* data, std::size_t n_items, std::size_t itemsize,
                           std::uint64_t* counts) noexcept {
  for (std::size_t i = 0; i < n_items; ++i) {
    for (std::size_t k = 0; k < itemsize; ++k) ++counts[k * kByteValues + data[i * itemsize + k]];
  }
}

void byte_counts(const unsigned char* data, std::size_t n_items, std::size_t itemsize,
                 std::uint64_t* counts) noexcept {
  PYINFO_ASSERT(
      !memory::overlap(data, n_items * itemsize, counts, itemsize * kByteValues * sizeof *counts));
  if (itemsize == 0 || n_items < kWorthTables / std::min(itemsize, kTables)) {
    return byte_counts_reference(data, n_items, itemsize, counts);
  }
  switch (itemsize) {
    case 1: {
      const std::size_t counted = count_close(data, n_items, counts);
      return count_narrow<1>(data + counted, n_items - counted, counts);
    }
    case 2:
      return count_narrow<2>(data, n_items, counts);
    case 3:
      return count_narrow<3>(data, n_items, counts);
    case 4:
      return count_narrow<4>(data, n_items, counts);
    case 5:
      return count_narrow<5>(data, n_items, counts);
    case 6:
      return count_narrow<6>(data, n_items, counts);
    case 7:
      return count_narrow<7>(data, n_items, counts);
    case 8:
      return count_narrow<8>(data, n_items, counts);
    default:
      return count_wide(data, n_items, itemsize, counts);
  }
}

std::size_t checked_byte_counts(const unsigned char* data, std::size_t n_items,
                                std::size_t itemsize, std::uint64_t* counts) {
  const std::size_t size = itemsize * kByteValues;
  const std::uint64_t most = n_items;  // that is added to one of them
  if (std::none_of(counts, counts + size, [=](std::uint64_t n) { return n > ~most; })) {
    byte_counts(data, n_items, itemsize, counts);
    return size;
  }
  std::vector<std::uint64_t> found(size);
  byte_counts(data, n_items, itemsize, found.data());
  for (std::size_t i = 0; i < size; ++i)
    if (counts[i] > ~found[i]) return i;
  for (std::size_t i = 0; i < size; ++i) counts[i] += found[i];
  return size;
}

}  // namespace pyinfo::counting
