// Numbers in groups of seven bits (LEB128), the lowest first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/assert.hpp"

namespace pyinfo::coding {

inline constexpr std::size_t kVarintBound = 9;  // bytes; numbers are below 2^63

// Returns how many bytes were written.
inline std::size_t write_varint(std::uint64_t number, unsigned char* out) noexcept {
  PYINFO_ASSERT(number >> 63 == 0);
  std::size_t size = 0;
  for (; number >= 0x80; number >>= 7) out[size++] = static_cast<unsigned char>(number | 0x80);
  out[size++] = static_cast<unsigned char>(number);
  return size;
}

// Returns how many bytes were read; 0 if there is no number, or not in its shortest form.
inline std::size_t read_varint(const unsigned char* data, std::size_t size,
                               std::uint64_t& number) noexcept {
  number = 0;
  for (std::size_t i = 0; i < size && i < kVarintBound; ++i) {
    number |= std::uint64_t{data[i] & 0x7fu} << 7 * i;
    if (data[i] < 0x80) return i > 0 && data[i] == 0 ? 0 : i + 1;
  }
  return 0;
}

}  // namespace pyinfo::coding
