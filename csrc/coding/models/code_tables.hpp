// Codes for bytes as block headers carry them (docs/format.md has the layout bit by bit).
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::coding {

inline constexpr std::size_t kTableBound = 640;  // no table is longer

// Lengths of a complete prefix code of 2..256 symbols, each 1..11 bits. Returns the bytes written.
std::size_t write_lengths(const std::uint8_t lengths[256], unsigned char* out) noexcept;

// Returns the bytes read, or 0 if they do not begin with such a table. Reads no byte but
// data[0..size), whatever they hold. `lengths` is only meaningful if there was a table.
std::size_t read_lengths(const unsigned char* data, std::size_t size,
                         std::uint8_t lengths[256]) noexcept;

// Frequencies of 2..256 symbols with sum 4096, likewise.
std::size_t write_frequencies(const std::uint32_t frequencies[256], unsigned char* out) noexcept;
std::size_t read_frequencies(const unsigned char* data, std::size_t size,
                             std::uint32_t frequencies[256]) noexcept;

}  // namespace pyinfo::coding
