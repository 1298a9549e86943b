// CRC-32C, the CRC of RFC 3720 (G. Castagnoli et al., 1993): what guards every block, header and
// message.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::coding {

// The CRC of `size` bytes that follow those whose CRC is `seed` (0: none):
// crc32c(crc32c(0, a), b) is the CRC of a and b together.
std::uint32_t crc32c(std::uint32_t seed, const unsigned char* data, std::size_t size) noexcept;

// The same, copying the bytes to `to` on the way. The two must not overlap.
std::uint32_t crc32c_copy(std::uint32_t seed, const unsigned char* data, std::size_t size,
                          unsigned char* to) noexcept;

// The definition, bit by bit: the oracle of the ones above.
std::uint32_t crc32c_reference(std::uint32_t seed, const unsigned char* data,
                               std::size_t size) noexcept;

struct ChecksumKernels {
  std::uint32_t (*crc32c)(std::uint32_t seed, const unsigned char* data, std::size_t size) noexcept;
  std::uint32_t (*crc32c_copy)(std::uint32_t seed, const unsigned char* data, std::size_t size,
                               unsigned char* to) noexcept;
};
const ChecksumKernels& checksum_kernels(simd::Isa isa) noexcept;

// The instruction set whose checksums are used: `isa`, but the tables of the portable one where
// NEON comes without instructions for CRCs.
simd::Isa checksum_isa(simd::Isa isa) noexcept;
// Why, for people.
const char* reason_of_checksum_isa(simd::Isa isa) noexcept;

}  // namespace pyinfo::coding
