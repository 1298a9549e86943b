// One stream of codewords, one after another, and where readers may start in its middle.
//
// Codewords are written first bit highest, bytes in order; the last byte is filled up with the
// first bits of the code's end, and with zeros behind them. The stream is thought of as words of 8
// bytes, and of groups of 512 words: a thread of a GPU reads a word, a block of threads a group (T.
// Zhang et al., "70% Size, 100% Accuracy: Lossless LLM Compression for Efficient GPU Inference via
// Dynamic-Length Float", arXiv:2504.11651, 2025).
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/models/huffman_code.hpp"

namespace pyinfo::coding {

inline constexpr std::size_t kSerialWord = 8;       // bytes
inline constexpr std::size_t kSerialGroup = 512;    // words
inline constexpr std::size_t kSerialSymbols = 257;  // bytes, and the end
inline constexpr std::size_t kSerialEnd = 256;      // a symbol that is never written whole
inline constexpr std::size_t kSerialGroupBytes = kSerialWord * kSerialGroup;

// A prefix code: codewords of 1..32 bits as numbers; length 0 for absent symbols.
struct SerialCode {
  std::uint8_t lengths[kSerialSymbols];
  std::uint32_t codewords[kSerialSymbols];
};

// Sizes of a stream of so many bits.
struct SerialSizes {
  explicit SerialSizes(std::uint64_t bits) noexcept
      : bytes(bits / 8 + (bits % 8 != 0)),
        groups(bytes / kSerialGroupBytes + (bytes % kSerialGroupBytes != 0)) {}
  std::uint64_t bytes;
  std::uint64_t groups;
  std::uint64_t gaps() const noexcept { return groups * kSerialGroup + 1; }
};

// Where a stream goes, as large as SerialSizes says.
struct SerialStream {
  unsigned char* bytes;
  // By word: how many of its bits come before the first codeword that begins in it; the end counts
  // as one. 0 for words behind. One more than there are words in whole groups, which is not used.
  std::uint8_t* gaps;
  // By group: how many symbols begin before it; and at last how many there are.
  std::uint32_t* positions;
};

// Bits of n symbols.
std::uint64_t serial_bits(const SerialCode& code, const std::uint64_t counts[256]) noexcept;

// The most symbols that begin in one group.
std::size_t most_in_group(const SerialCode& code, const std::uint8_t* symbols, std::size_t n);

// Encodes n < 2^32 symbols, all of which must have codewords. Throws threads::Interrupted.
void encode_serial(const SerialCode& code, const std::uint8_t* symbols, std::size_t n,
                   const SerialStream& to);

// The same bit by bit: the definition, and the oracle.
void encode_serial_reference(const SerialCode& code, const std::uint8_t* symbols, std::size_t n,
                             const SerialStream& to);

// Numbers below 32 in five bits each, first bit highest: 5 bytes of every 8 of them.
void pack_five_bits(const std::uint8_t* numbers, std::size_t n, unsigned char* to) noexcept;

}  // namespace pyinfo::coding
