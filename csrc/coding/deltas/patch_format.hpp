// The bytes of a patch (docs/patch-format.md): headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coding/deltas/steps.hpp"

namespace pyinfo::coding {

inline constexpr unsigned char kPatchMagic[4] = {0x89, 'P', 'I', 'D'};
inline constexpr unsigned kPatchVersion = 1;
inline constexpr std::size_t kPatchFixedSize = 38;   // of the header, without what varies
inline constexpr std::size_t kChunkHeaderSize = 21;  // of a chunk
inline constexpr std::size_t kChunkCheckAt = 17;
inline constexpr std::uint32_t kMaxPatchChunkItems = std::uint32_t{1} << 22;

// How a chunk's elements are written.
enum class ChunkMode : std::uint8_t { equal = 0, steps = 1, replaced = 2 };

struct PatchHeader {
  Classes classes;
  std::uint32_t chunk_items = 1;  // 1 .. kMaxPatchChunkItems
  std::uint64_t items = 0;
  std::uint64_t changed = 0;  // elements whose bytes differ
  std::uint64_t size = 0;     // of the whole patch
  std::string metadata;       // at most 65535 bytes, the caller's own
};

constexpr std::uint32_t default_chunk_items(ElementKind kind) noexcept {
  return (std::uint32_t{1} << 22) / (kind.size < 2 ? 2 : kind.size);
}

std::size_t header_size(const PatchHeader& header) noexcept;
// Appends it; returns its check. Throws std::invalid_argument for fields out of range.
std::uint32_t write_header(const PatchHeader& header, std::vector<unsigned char>& out);
// Throws CorruptData if there is none, or a damaged one, or `size` is not that of the patch.
PatchHeader read_patch_header(const unsigned char* data, std::size_t size, std::uint32_t& check);

struct ChunkHeader {
  std::uint32_t old_sum;  // CRC-32C of the chunk's elements, before
  std::uint32_t new_sum;  // and after
  std::uint32_t changed;  // elements whose bytes differ
  std::uint32_t payload;  // bytes
  ChunkMode mode;
  std::uint32_t check;
};

// Fills in the header that the chunk at `chunk`, which has its payload, begins with; returns its
// check.
std::uint32_t write_chunk_header(ChunkHeader header, std::uint32_t previous,
                                 unsigned char* chunk) noexcept;
// Of a chunk of n elements that begins `size` bytes. Returns null, or what is wrong; the check is
// compared.
const char* read_chunk_header(const unsigned char* data, std::size_t size, std::uint32_t previous,
                              std::uint64_t n, ChunkHeader& header) noexcept;

}  // namespace pyinfo::coding
