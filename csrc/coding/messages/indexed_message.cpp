#include "coding/messages/indexed_message.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/varint.hpp"
#include "coding/models/fixed_log2.hpp"
#include "memory/thread_scratch.hpp"
#include "simd/changing_isa.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::coding {
namespace {

constexpr unsigned char kWide = 1;
constexpr unsigned char kShifted = 2;
constexpr std::size_t kFixedSize = 6;  // magic, version, flags

std::size_t block_count(std::size_t n) noexcept {
  return n / kIndexedBlockSymbols + (n % kIndexedBlockSymbols != 0);
}
std::size_t block_symbols(std::size_t n, std::size_t block) noexcept {
  return std::min(kIndexedBlockSymbols, n - block * kIndexedBlockSymbols);
}

// Indexes are told by their place in the whole message.
template <class Work>
void in_block(std::size_t block, Work work) {
  try {
    work();
  } catch (const IndexOutOfRange& error) {
    throw IndexOutOfRange(block * kIndexedBlockSymbols + error.place(), error.index());
  }
}

}  // namespace

std::uint32_t table_fingerprint(const IndexedTables& tables) noexcept {
  unsigned char bytes[8];
  store32(bytes, static_cast<std::uint32_t>(tables.precision()));
  store32(bytes + 4, static_cast<std::uint32_t>(tables.count()));
  std::uint32_t crc = crc32c(0, bytes, 8);
  for (std::size_t k = 0; k < tables.count(); ++k) {
    const IndexedTable& table = tables.table(k);
    store32(bytes, static_cast<std::uint32_t>(table.least));
    store32(bytes + 4, table.escape);
    crc = crc32c(crc, bytes, 8);
    for (std::uint32_t i = 0; i <= table.escape; ++i) {
      store16(bytes, tables.frequency(table.first + i));
      crc = crc32c(crc, bytes, 2);
    }
  }
  return crc;
}

std::vector<unsigned char> encode_indexed(const IndexedTables& tables, const IndexedInput& input,
                                          std::size_t n, int threads) {
  std::vector<unsigned char> message(kFixedSize + kVarintBound + 4);
  std::memcpy(message.data(), kIndexedMagic, 4);
  message[4] = kIndexedVersion;
  message[5] = static_cast<unsigned char>((input.symbols16 == nullptr ? kWide : 0) |
                                          (input.shifts != nullptr ? kShifted : 0));
  const std::size_t number = write_varint(n, message.data() + kFixedSize);
  store32(message.data() + kFixedSize + number, table_fingerprint(tables));
  message.resize(kFixedSize + number + 4);
  const std::uint32_t seed = crc32c(0, message.data(), message.size());

  std::vector<std::vector<unsigned char>> blocks(block_count(n));
  threads::parallel_or_throw(blocks.size(), threads, [&](std::size_t i) {
    const memory::ThreadScratch<IndexedScratch> scratch;
    in_block(i, [&] {
      encode_indexed_block(tables, &indexed_kernels(), input.from(i * kIndexedBlockSymbols),
                           block_symbols(n, i), seed + static_cast<std::uint32_t>(i), *scratch,
                           blocks[i]);
    });
  });
  std::size_t size = message.size();
  for (const std::vector<unsigned char>& block : blocks) size += block.size();
  message.reserve(size);
  for (std::vector<unsigned char>& block : blocks) {
    message.insert(message.end(), block.begin(), block.end());
    std::vector<unsigned char>().swap(block);
  }
  return message;
}

std::size_t indexed_bound(std::size_t n) noexcept {
  // Of each block its header, states, and the state and last bytes of its tail.
  constexpr std::size_t of_block = 1 + 3 * kVarintBound + 8 + 4 * kMaxLanes + 8;
  // A word, and the number of an escape.
  constexpr std::size_t of_symbol = 2 + 6;
  const std::size_t blocks = block_count(n);
  const std::size_t least = kFixedSize + kVarintBound + 4 + of_block * blocks;
  return n > (SIZE_MAX - least) / of_symbol ? SIZE_MAX : least + of_symbol * n;
}

IndexedHeader read_indexed_header(const unsigned char* data, std::size_t size) {
  if (size < kFixedSize || std::memcmp(data, kIndexedMagic, 4) != 0) {
    throw CorruptData("this is no message of an entropy model", 0);
  }
  if (data[4] != kIndexedVersion) {
    throw CorruptData("the message is of version " + std::to_string(data[4]) +
                          ", which this library does not know",
                      4);
  }
  if (data[5] > (kWide | kShifted)) throw CorruptData("the message has unknown flags", 5);
  std::uint64_t symbols = 0;
  const std::size_t number = read_varint(data + kFixedSize, size - kFixedSize, symbols);
  if (number == 0 || size - kFixedSize - number < 4) {
    throw CorruptData("the message's header is cut off", kFixedSize);
  }
  const std::size_t header_size = kFixedSize + number + 4;
  return {std::size_t(symbols),
          (data[5] & kWide) != 0,
          (data[5] & kShifted) != 0,
          load32(data + header_size - 4),
          header_size,
          crc32c(0, data, header_size)};
}

void decode_indexed(const IndexedTables& tables, const IndexedHeader& header,
                    const unsigned char* data, std::size_t size, const IndexedInput& input,
                    IndexedOutput out, int threads) {
  if (header.fingerprint != table_fingerprint(tables)) {
    throw CorruptData("the message was coded with other tables, or its header is damaged",
                      header.size - 4);
  }
  const std::size_t n = header.symbols;
  struct Place {
    IndexedBlock block;
    std::size_t offset;
  };
  std::vector<Place> places;
  std::size_t at = header.size;
  for (std::size_t i = 0; i < block_count(n); ++i) {
    threads::require_uninterrupted();
    Place place{{}, at};
    const char* const problem =
        read_indexed_block(data + at, size - at, block_symbols(n, i),
                           header.check + static_cast<std::uint32_t>(i), place.block);
    if (problem != nullptr) {
      throw CorruptData("block " + std::to_string(i) + " is damaged: " + problem, at);
    }
    places.push_back(place);
    at += place.block.size;
  }
  if (at != size) {
    throw CorruptData(std::to_string(size - at) + " bytes follow the last block", at);
  }
  threads::parallel_or_throw(places.size(), threads, [&](std::size_t i) {
    const memory::ThreadScratch<IndexedScratch> scratch;
    const std::size_t first = i * kIndexedBlockSymbols;
    const std::size_t here = block_symbols(n, i);
    const IndexedInput part = input.from(first);
    in_block(i, [&] {
      const std::string name = "block " + std::to_string(i);
      if (index_fingerprint(tables, part, here, *scratch->stage) != places[i].block.fingerprint) {
        throw CorruptData(
            name + (part.shifts != nullptr ? " was coded with other indexes or means than these"
                                           : " was coded with other indexes than these"),
            places[i].offset);
      }
      const char* const problem = decode_indexed_block(tables, &indexed_kernels(), places[i].block,
                                                       part, here, *scratch, out.from(first));
      if (problem != nullptr) {
        throw CorruptData(name + " is damaged: " + problem, places[i].offset);
      }
    });
  });
}

std::uint64_t indexed_bits(const IndexedTables& tables, const IndexedInput& input, std::size_t n,
                           double* each) {
  const std::uint64_t certain = std::uint64_t(tables.precision()) << kLogBits;
  std::vector<std::uint64_t> bits(tables.intervals());
  for (std::size_t i = 0; i < bits.size(); ++i) {
    bits[i] = certain - fixed_log2(tables.frequency(i));
  }
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % kIndexedBlockSymbols == 0) threads::require_uninterrupted();
    const std::size_t k = input.index(i);
    if (k >= tables.count()) throw IndexOutOfRange(i, k);
    const IndexedTable& table = tables.table(k);
    const std::int64_t value = input.symbol(i) - input.shift(i);
    const std::int64_t beyond = value - table.least;
    const bool within = beyond >= 0 && beyond < table.escape;
    std::uint64_t here = bits[table.first + (within ? std::uint32_t(beyond) : table.escape)];
    if (!within) {
      unsigned char number[kVarintBound];
      const std::uint64_t size = write_varint(escape_number(table, value), number);
      here += 8 * size << kLogBits;
    }
    if (each != nullptr) each[i] = double(here) * 0x1p-32;
    sum += here;
  }
  return sum;
}

std::uint64_t indexed_overhead(std::size_t n, std::uint64_t bits) noexcept {
  unsigned char number[kVarintBound];
  std::uint64_t bytes = kFixedSize + write_varint(n, number) + 4;
  for (std::size_t i = 0; i < block_count(n); ++i) {
    const std::size_t here = block_symbols(n, i);
    const auto share = static_cast<std::uint64_t>(double(bits) * double(here) / double(n));
    bytes += indexed_block_overhead(here, indexed_lanes(share));
  }
  return bytes;
}

}  // namespace pyinfo::coding
