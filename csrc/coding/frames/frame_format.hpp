// The bytes of a frame (docs/format.md): reading and writing each of its parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

namespace pyinfo::coding {

inline constexpr unsigned char kFrameMagic[4] = {0x89, 'P', 'I', 'N'};
inline constexpr unsigned char kEndMagic[4] = {'N', 'I', 'P', 0x89};
inline constexpr unsigned kFormatVersion = 1;
inline constexpr std::size_t kHeaderFixedSize = 22;  // without the metadata and the check
inline constexpr std::size_t kBlockHeaderSize = 16;
inline constexpr std::size_t kBlockCheckAt = 12;  // in its header
inline constexpr std::size_t kFooterSize = 20;
inline constexpr std::size_t kIndexEntrySize = 8;
inline constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

inline constexpr std::uint32_t kMaxBlockSymbols = std::uint32_t{1} << 20;
inline constexpr std::uint32_t kMaxPlanes = 0xffff;
// Of a chunk, which readers decode as a whole: it bounds their memory.
inline constexpr std::uint64_t kMaxChunkBytes = std::uint64_t{1} << 24;
inline constexpr std::uint32_t kDefaultChunkItems = std::uint32_t{1} << 18;

// How a block's payload is to be read. The values are the format's, kModeNames the only list of
// their names.
enum class Mode : std::uint8_t {
  raw = 0,
  constant = 1,
  huffman = 2,
  rans = 3,
  index = 4,
  digits = 5,
  bitmap = 6
};
inline constexpr const char* kModeNames[] = {"raw",   "constant", "huffman", "rans",
                                             "index", "digits",   "bitmap"};
constexpr const char* name(Mode mode) noexcept { return kModeNames[static_cast<int>(mode)]; }
constexpr bool has_lanes(Mode mode) noexcept { return mode == Mode::huffman || mode == Mode::rans; }

struct FrameHeader {
  bool sized = true;         // the number of items is in the header; else in the footer
  bool indexed = false;      // index and footer follow the blocks
  bool rotated = false;      // items of 2, 4 or 8 bytes: by a bit (planes.hpp)
  std::uint32_t planes = 1;  // bytes per item, 1 .. 65535
  // 1 .. kMaxBlockSymbols, and planes * chunk_items at most kMaxChunkBytes.
  std::uint32_t chunk_items = kDefaultChunkItems;
  std::uint64_t items = 0;  // if sized
  std::string metadata;     // at most 65535 bytes, the caller's own
};

// Bytes of the header as written.
std::size_t header_size(const FrameHeader& header) noexcept;

// Throws std::invalid_argument for fields out of range.
void check_header(const FrameHeader& header);

// Writes the header; returns its check. Throws std::invalid_argument for fields out of range.
std::uint32_t write_header(const FrameHeader& header, unsigned char* out);

// The size of the header that begins with these bytes, or 0 if there are too few to tell.
// Throws CorruptData as soon as they cannot begin one.
std::size_t peek_header(const unsigned char* data, std::size_t size);

// Reads a header; throws CorruptData if there is none, or a damaged one.
FrameHeader read_header(const unsigned char* data, std::size_t size, std::uint32_t& check);

struct BlockHeader {
  Mode mode;
  unsigned log2_lanes;
  unsigned patches;
  std::uint32_t symbols;
  std::uint32_t payload;
  std::uint32_t check;
};

// Reads kBlockHeaderSize bytes. Returns null, or what is wrong.
const char* read_block_header(const unsigned char* data, BlockHeader& header) noexcept;
void write_block_header(const BlockHeader& header, unsigned char* out) noexcept;

// The check of a part whose CRC is `sum` and that follows a part with check `previous`: parts
// cannot be moved, dropped or taken from another frame unnoticed.
std::uint32_t chain(std::uint32_t previous, std::uint32_t sum) noexcept;

// Fills in the check of a block that stands at `block`.
void set_check(std::uint32_t check, unsigned char* block) noexcept;

// The CRC that a block's check is made of.
std::uint32_t block_sum(const unsigned char* block, std::size_t payload) noexcept;

struct Footer {
  std::uint64_t items;
  std::uint32_t index_payload;
  std::uint32_t check;
};

// Reads kFooterSize bytes. Returns null, or what is wrong. Does not look at the check.
const char* read_footer(const unsigned char* data, Footer& footer) noexcept;
// Its check follows that of the index block.
void write_footer(const Footer& footer, std::uint32_t previous, unsigned char* out) noexcept;
std::uint32_t footer_check(const unsigned char* footer, std::uint32_t previous) noexcept;

}  // namespace pyinfo::coding
