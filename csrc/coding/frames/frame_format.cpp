#include "coding/frames/frame_format.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/planes/planes.hpp"

namespace pyinfo::coding {
namespace {

constexpr unsigned kSizedFlag = 1;
constexpr unsigned kIndexedFlag = 2;
constexpr unsigned kRotatedFlag = 4;
constexpr std::size_t kMetadataSizeAt = 12;
constexpr std::size_t kFooterCheckAt = 12;
constexpr std::uint64_t kUnsized = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 63;  // of a decoded frame

void store64(unsigned char* p, std::uint64_t value) noexcept {
  store32(p, std::uint32_t(value));
  store32(p + 4, std::uint32_t(value >> 32));
}
std::uint64_t load64(const unsigned char* p) noexcept {
  return std::uint64_t{load32(p)} | std::uint64_t{load32(p + 4)} << 32;
}

// What is wrong with the fields, or null.
const char* fault(const FrameHeader& header) noexcept {
  if (header.planes < 1 || header.planes > kMaxPlanes) return "bytes per item must be 1 .. 65535";
  if (header.chunk_items < 1 || header.chunk_items > kMaxBlockSymbols) {
    return "items per chunk must be 1 .. 2^20";
  }
  if (std::uint64_t{header.planes} * header.chunk_items > kMaxChunkBytes) {
    return "a chunk must have at most 2^24 bytes";
  }
  if (header.metadata.size() > 0xffff) return "metadata must be shorter than 64 KiB";
  if (header.sized && header.items >= kMaxBytes / header.planes) return "there are too many items";
  if (header.rotated && !can_be_rotated(header.planes)) {
    return "only items of 2, 4 or 8 bytes are rotated";
  }
  if (!header.sized && !header.indexed) return "without a number of items there must be an index";
  return nullptr;
}

}  // namespace

std::size_t header_size(const FrameHeader& header) noexcept {
  return kHeaderFixedSize + header.metadata.size() + 4;
}

void check_header(const FrameHeader& header) {
  if (const char* what = fault(header)) throw std::invalid_argument(what);
}

std::uint32_t write_header(const FrameHeader& header, unsigned char* out) {
  check_header(header);
  std::memcpy(out, kFrameMagic, 4);
  out[4] = kFormatVersion;
  out[5] = static_cast<unsigned char>((header.sized ? kSizedFlag : 0) |
                                      (header.indexed ? kIndexedFlag : 0) |
                                      (header.rotated ? kRotatedFlag : 0));
  store16(out + 6, header.planes);
  store32(out + 8, header.chunk_items);
  store16(out + kMetadataSizeAt, std::uint32_t(header.metadata.size()));
  store64(out + 14, header.sized ? header.items : kUnsized);
  std::copy(header.metadata.begin(), header.metadata.end(), out + kHeaderFixedSize);
  const std::size_t checked = kHeaderFixedSize + header.metadata.size();
  const std::uint32_t check = crc32c(0, out, checked);
  store32(out + checked, check);
  return check;
}

std::size_t peek_header(const unsigned char* data, std::size_t size) {
  if (size > 0 && std::memcmp(data, kFrameMagic, std::min<std::size_t>(size, 4)) != 0) {
    throw CorruptData("this is no pyinfo frame: it does not begin with 89 50 49 4e", 0);
  }
  if (size > 4 && data[4] != kFormatVersion) {
    throw CorruptData("frame of version " + std::to_string(data[4]) + "; this library reads " +
                          std::to_string(kFormatVersion),
                      4);
  }
  if (size < kHeaderFixedSize) return 0;
  return kHeaderFixedSize + load16(data + kMetadataSizeAt) + 4;
}

FrameHeader read_header(const unsigned char* data, std::size_t size, std::uint32_t& check) {
  const std::size_t whole = peek_header(data, size);
  if (whole == 0 || whole > size) {
    throw CorruptData("the data ends at byte " + std::to_string(size) + ", within the frame header",
                      size);
  }
  check = load32(data + whole - 4);
  if (check != crc32c(0, data, whole - 4)) {
    throw CorruptData("frame header: checksum does not match", 0);
  }
  FrameHeader header;
  const unsigned flags = data[5];
  header.sized = (flags & kSizedFlag) != 0;
  header.indexed = (flags & kIndexedFlag) != 0;
  header.rotated = (flags & kRotatedFlag) != 0;
  header.planes = load16(data + 6);
  header.chunk_items = load32(data + 8);
  header.items = load64(data + 14);
  header.metadata.assign(data + kHeaderFixedSize, data + whole - 4);
  const char* what = fault(header);
  if ((flags & ~(kSizedFlag | kIndexedFlag | kRotatedFlag)) != 0) what = "unknown flags";
  if (!header.sized && header.items != kUnsized) what = "a number of items that is not to be there";
  if (what != nullptr) throw CorruptData(std::string("frame header: ") + what, 0);
  if (!header.sized) header.items = 0;
  return header;
}

const char* read_block_header(const unsigned char* data, BlockHeader& header) noexcept {
  if (data[0] > static_cast<unsigned char>(Mode::bitmap)) return "unknown mode";
  header.mode = static_cast<Mode>(data[0]);
  header.log2_lanes = data[1];
  header.patches = load16(data + 2);
  header.symbols = load32(data + 4);
  header.payload = load32(data + 8);
  header.check = load32(data + kBlockCheckAt);
  if (header.log2_lanes > (has_lanes(header.mode) ? kMaxLog2Lanes : 0))
    return "the number of lanes is out of range";
  if (header.patches != 0 && header.mode != Mode::rans) return "this mode has no patches";
  if (header.mode == Mode::index) {
    if (header.symbols != 0) return "an index holds no symbols";
    if (header.payload % kIndexEntrySize != 0) return "an index entry is cut off";
    return nullptr;
  }
  if (header.symbols < 1 || header.symbols > kMaxBlockSymbols) {
    return "the number of symbols is out of range";
  }
  const bool fits = header.mode == Mode::raw        ? header.payload == header.symbols
                    : header.mode == Mode::constant ? header.payload == 1
                                                    : header.payload <= header.symbols;
  if (!fits || header.payload == 0) return "the payload's length does not fit the mode";
  return nullptr;
}

void write_block_header(const BlockHeader& header, unsigned char* out) noexcept {
  out[0] = static_cast<unsigned char>(header.mode);
  out[1] = static_cast<unsigned char>(header.log2_lanes);
  store16(out + 2, header.patches);
  store32(out + 4, header.symbols);
  store32(out + 8, header.payload);
  set_check(header.check, out);
}

std::uint32_t chain(std::uint32_t previous, std::uint32_t sum) noexcept {
  unsigned char bytes[8];
  store32(bytes, previous);
  store32(bytes + 4, sum);
  return crc32c(0, bytes, sizeof bytes);
}

void set_check(std::uint32_t check, unsigned char* block) noexcept {
  store32(block + kBlockCheckAt, check);
}

std::uint32_t block_sum(const unsigned char* block, std::size_t payload) noexcept {
  return crc32c(crc32c(0, block, kBlockCheckAt), block + kBlockHeaderSize, payload);
}

std::uint32_t footer_check(const unsigned char* footer, std::uint32_t previous) noexcept {
  return chain(previous, crc32c(0, footer, kFooterCheckAt));
}

const char* read_footer(const unsigned char* data, Footer& footer) noexcept {
  if (std::memcmp(data + kFooterSize - 4, kEndMagic, 4) != 0) return "there is no end mark";
  footer.items = load64(data);
  footer.index_payload = load32(data + 8);
  footer.check = load32(data + kFooterCheckAt);
  return nullptr;
}

void write_footer(const Footer& footer, std::uint32_t previous, unsigned char* out) noexcept {
  store64(out, footer.items);
  store32(out + 8, footer.index_payload);
  store32(out + kFooterCheckAt, footer_check(out, previous));
  std::memcpy(out + kFooterSize - 4, kEndMagic, 4);
}

}  // namespace pyinfo::coding
