// Indexed messages: what the models of pyinfo.entropy_models make of symbols and indexes
// (docs/entropy-models-format.md has them byte by byte).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding/messages/indexed_block.hpp"

namespace pyinfo::coding {

inline constexpr unsigned char kIndexedMagic[4] = {0x89, 'P', 'I', 'E'};
inline constexpr unsigned kIndexedVersion = 1;

// The CRC-32C of the tables: their precision, and every table's least symbol and frequencies.
std::uint32_t table_fingerprint(const IndexedTables& tables) noexcept;

// n symbols. Throws IndexOutOfRange.
std::vector<unsigned char> encode_indexed(const IndexedTables& tables, const IndexedInput& input,
                                          std::size_t n, int threads);

// No message of n symbols is longer.
std::size_t indexed_bound(std::size_t n) noexcept;

struct IndexedHeader {
  std::size_t symbols;
  bool wide;     // symbols of 32 bits, else 16
  bool shifted;  // with shifts
  std::uint32_t fingerprint;
  std::size_t size;
  std::uint32_t check;  // what the blocks' checksums continue from
};
// Throws CorruptData.
IndexedHeader read_indexed_header(const unsigned char* data, std::size_t size);

// Decodes header.symbols symbols to the member of `out` that the header says. Throws CorruptData,
// also for other tables or other indexes than those that the symbols were coded with, and
// IndexOutOfRange.
void decode_indexed(const IndexedTables& tables, const IndexedHeader& header,
                    const unsigned char* data, std::size_t size, const IndexedInput& input,
                    IndexedOutput out, int threads);

// The bits of each symbol, in units of 2^-32, added up; written to `each` as bits if that is not
// null. Throws IndexOutOfRange.
std::uint64_t indexed_bits(const IndexedTables& tables, const IndexedInput& input, std::size_t n,
                           double* each);
// Bytes that a message of n symbols has besides, for so many bits of symbols.
std::uint64_t indexed_overhead(std::size_t n, std::uint64_t bits) noexcept;

}  // namespace pyinfo::coding
