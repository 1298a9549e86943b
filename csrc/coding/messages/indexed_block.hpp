// The blocks of an indexed message (docs/entropy-models-format.md): up to kIndexedBlockSymbols
// symbols on lanes, a tail in the states' free bits, and escapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "coding/lanes/indexed_rans.hpp"

namespace pyinfo::coding {

inline constexpr std::size_t kIndexedBlockSymbols = std::size_t{1} << 21;
// Symbols of a tail: more would be coded one by one where they cost next to nothing.
inline constexpr std::size_t kMostTailSymbols = 4096;

// Somebody's symbols, indexes and shifts: what is coded is symbol - shift, in table `index`. The
// memory may change while it is read, which may change what is coded but does no harm.
struct IndexedInput {
  const std::int16_t* symbols16 = nullptr;  // this or the next one; null in decoders
  const std::int32_t* symbols32 = nullptr;
  const std::uint8_t* indexes8 = nullptr;  // this or the next one
  const std::uint16_t* indexes16 = nullptr;
  const std::int32_t* shifts = nullptr;  // null: none

  std::int64_t symbol(std::size_t i) const noexcept {
    return symbols16 != nullptr ? symbols16[i] : symbols32[i];
  }
  std::int64_t shift(std::size_t i) const noexcept { return shifts != nullptr ? shifts[i] : 0; }
  std::size_t index(std::size_t i) const noexcept {
    return indexes8 != nullptr ? indexes8[i] : indexes16[i];
  }
  IndexedInput from(std::size_t i) const noexcept {
    const auto next = [i](auto* p) { return p != nullptr ? p + i : nullptr; };
    return {next(symbols16), next(symbols32), next(indexes8), next(indexes16), next(shifts)};
  }
};

// Where symbols go: one of the two.
struct IndexedOutput {
  std::int16_t* symbols16 = nullptr;
  std::int32_t* symbols32 = nullptr;

  IndexedOutput from(std::size_t i) const noexcept {
    return {symbols16 != nullptr ? symbols16 + i : nullptr,
            symbols32 != nullptr ? symbols32 + i : nullptr};
  }
};

// An index that names no table.
class IndexOutOfRange {
 public:
  IndexOutOfRange(std::size_t place, std::size_t index) noexcept : place_(place), index_(index) {}
  std::size_t place() const noexcept { return place_; }
  std::size_t index() const noexcept { return index_; }

 private:
  std::size_t place_;
  std::size_t index_;
};

// Copies of a part of the input, in the form that kernels take. Of 8-bit or 16-bit indexes, by
// whether the tables fit the kernels.
struct IndexedStage {
  static constexpr std::size_t kSymbols = std::size_t{1} << 14;

  alignas(64) std::uint16_t indexes16[kSymbols];
  alignas(64) std::uint8_t indexes8[kSymbols + 64];
  alignas(64) std::int16_t symbols[kSymbols];
  alignas(64) std::uint16_t numbers16[kSymbols];
  alignas(64) std::uint32_t numbers32[kSymbols];
  alignas(64) std::uint16_t escapes[kSymbols + 1];
};
struct IndexedScratch {
  std::unique_ptr<IndexedStage> stage{new IndexedStage};
  std::vector<unsigned char> words;
  std::vector<std::uint64_t> raws;
  std::vector<std::uint32_t> places;
  void trim() noexcept {
    if (words.capacity() > std::size_t{8} << 20) std::vector<unsigned char>().swap(words);
    if (raws.capacity() > std::size_t{1} << 20) std::vector<std::uint64_t>().swap(raws);
    if (places.capacity() > std::size_t{1} << 21) std::vector<std::uint32_t>().swap(places);
  }
};

// An escape as a number: how far it is beyond the table, and on which side.
std::uint64_t escape_number(const IndexedTable& table, std::int64_t value) noexcept;

// The fingerprint of n indexes and shifts: the CRC-32C of the indexes, a byte each if there are at
// most 256 tables, else two, and of the shifts, four bytes each. Throws IndexOutOfRange.
std::uint32_t index_fingerprint(const IndexedTables& tables, const IndexedInput& input,
                                std::size_t n, IndexedStage& stage);

// n >= 1 symbols to a block, appended; `kernels` null: symbol by symbol, as the format is defined.
// `seed` is the CRC of the message's header.
void encode_indexed_block(const IndexedTables& tables, const IndexedKernels* kernels,
                          const IndexedInput& input, std::size_t n, std::uint32_t seed,
                          IndexedScratch& scratch, std::vector<unsigned char>& out);

// The parts of a block.
struct IndexedBlock {
  unsigned lanes;
  std::size_t tail;  // symbols
  std::uint32_t fingerprint;
  const unsigned char* payload;
  std::size_t lane_bytes;  // states and words
  std::size_t escape_bytes;
  std::size_t size;  // of the whole block
};
// Of n symbols. Returns null, or what is wrong; the checksum is compared.
const char* read_indexed_block(const unsigned char* data, std::size_t size, std::size_t n,
                               std::uint32_t seed, IndexedBlock& block) noexcept;

// Decodes it. Returns null, or what is wrong; the fingerprint is the caller's to compare. Throws
// IndexOutOfRange.
const char* decode_indexed_block(const IndexedTables& tables, const IndexedKernels* kernels,
                                 const IndexedBlock& block, const IndexedInput& input,
                                 std::size_t n, IndexedScratch& scratch, IndexedOutput out);

// The number of lanes for so many bits of symbols, and what a block takes besides the symbols'
// bits, on average.
unsigned indexed_lanes(std::uint64_t bits) noexcept;
std::uint64_t indexed_block_overhead(std::size_t n, unsigned lanes) noexcept;

}  // namespace pyinfo::coding
