// bfloat16 weights as the package dfloat11 0.5.0 stores them, for its kernel to decode on GPUs.
//
// A weight is its exponent, coded by one prefix code for all weights of a module, and a byte of
// sign (highest bit) and mantissa. A thread decodes from its gap on, counts what begins in its
// word, learns by a sum over its block where its weights go, and decodes once more to write them
// there (T. Zhang et al., arXiv:2504.11651, 2025).
//
// It looks up eight bits at a time: luts[t][byte] is an exponent, or, if that is 240 or more,
// stands for table 256 - luts[t][byte], which the next eight bits are looked up in. The last row
// holds the lengths of codewords by exponent. So
//
// - exponents of 240 and more (magnitudes from 2^113 on, infinities, NaN) cannot be told from
// tables;
// - there are at most 16 tables beside the first, fewer than codes of 32 bits may need: shorter
// limits
//   are tried then, and 8 bits need one table;
// - codewords have at most 32 bits: four tables one after another, and gaps of five bits;
// - a block's weights and sums must fit into 48 KiB of shared memory, which bounds how many there
// are
//   in 32768 bits: if they are more, codewords have at least 2 bits;
// - bytes are counted in signed 32 bits, weights in unsigned ones, where sums over threads behind
// the
//   end must not pass 2^32.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/serial/serial_code.hpp"
#include "memory/buffer.hpp"

namespace pyinfo::coding {

inline constexpr unsigned kDfloat11Pointers = 240;  // and all values above
inline constexpr std::size_t kDfloat11Tables = 17;  // at most, without the row of lengths
// A block's shared memory: a sum for each thread, one more, and two bytes for each weight.
inline constexpr std::size_t kDfloat11SharedMemory = std::size_t{48} << 10;
inline constexpr std::size_t kDfloat11MostInGroup =
    (kDfloat11SharedMemory - 4 * kSerialGroup - 4) / 2;
// The last thread that reads bytes computes the position of the eleventh behind its word.
inline constexpr std::uint64_t kDfloat11MostBytes = (std::uint64_t{1} << 31) - kSerialGroupBytes;
// Threads of the last block that have no data count zeros as codewords of one bit.
inline constexpr std::uint64_t kDfloat11MostWeights =
    (std::uint64_t{1} << 32) - 2 * 8 * kSerialGroupBytes;

// Bits of bfloat16 numbers.
struct Bfloat16Weights {
  const std::uint16_t* bits;
  std::size_t size;
};

class Dfloat11Encoder {
 public:
  // Reads the weights, once, as one sequence, and writes their signs and mantissas: a byte for
  // each. Throws std::invalid_argument if the kernel could not decode them, threads::Interrupted.
  Dfloat11Encoder(const Bfloat16Weights* weights, std::size_t count, unsigned char* sign_mantissa);

  std::size_t table_rows() const noexcept { return rows_; }  // of 256 bytes
  std::size_t encoded_size() const noexcept { return std::size_t(sizes_.bytes); }
  std::size_t position_count() const noexcept { return std::size_t(sizes_.groups) + 1; }
  std::size_t gaps_size() const noexcept { return std::size_t(sizes_.groups) * kGapBytes; }

  void write_tables(unsigned char* luts) const noexcept;
  // Throws threads::Interrupted.
  void encode(unsigned char* encoded, std::uint32_t* positions, unsigned char* gaps) const;

 private:
  static constexpr std::size_t kGapBytes = kSerialGroup / 8 * 5;

  memory::Buffer<std::uint8_t> exponents_;
  SerialCode code_;
  std::size_t rows_ = 0;
  SerialSizes sizes_{0};
};

// The best code of the exponents, and of an end that occurs once, for which so many tables and
// codewords of `least` bits suffice.
SerialCode dfloat11_code(const std::uint64_t counts[256]);

// How many tables decode it; `luts` gets them, with the row of lengths behind, unless it is null.
std::size_t dfloat11_tables(const SerialCode& code, unsigned char* luts) noexcept;

// Throws std::invalid_argument if there are more than the kernel can count.
void require_dfloat11_limits(std::uint64_t weights, std::uint64_t bytes);

}  // namespace pyinfo::coding
