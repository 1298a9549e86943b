#include "coding/deltas/patch_format.hpp"

#include <cstring>
#include <stdexcept>

#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_format.hpp"
#include "coding/lanes/lanes.hpp"
#include "coding/planes/chunks.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kMostMetadata = 0xffff;
constexpr std::size_t kCheckSize = 4;

void store64(unsigned char* p, std::uint64_t value) noexcept {
  store32(p, std::uint32_t(value));
  store32(p + 4, std::uint32_t(value >> 32));
}
std::uint64_t load64(const unsigned char* p) noexcept {
  return load32(p) | std::uint64_t{load32(p + 4)} << 32;
}

const char* problem_of(const PatchHeader& header) noexcept {
  const Classes& classes = header.classes;
  if (!is_element_kind(classes.kind)) return "there are no such elements";
  if (classes.count < 1 || classes.count > kMostClasses)
    return "the number of classes is not valid";
  if (classes.count > 1 && classes.kind.mantissa == 0) return "whole numbers have one class";
  for (unsigned c = 1; c < classes.count; ++c) {
    if (classes.from[c] <= classes.from[c - 1] ||
        classes.from[c] >= 1u << exponent_bits(classes.kind)) {
      return "the classes' exponents do not rise";
    }
  }
  if (header.chunk_items < 1 || header.chunk_items > kMaxPatchChunkItems) {
    return "the number of elements in a chunk is not valid";
  }
  if (header.items >= std::uint64_t{1} << 63 >> 3) return "there are too many elements";
  if (header.changed > header.items) return "more elements have changed than there are";
  return nullptr;
}

}  // namespace

std::size_t header_size(const PatchHeader& header) noexcept {
  return kPatchFixedSize + 2 * (header.classes.count - 1) + header.metadata.size() + kCheckSize;
}

std::uint32_t write_header(const PatchHeader& header, std::vector<unsigned char>& out) {
  const char* const problem = problem_of(header);
  if (problem != nullptr) throw std::invalid_argument(problem);
  if (header.metadata.size() > kMostMetadata) {
    throw std::invalid_argument("metadata must have at most 65535 bytes");
  }
  const std::size_t begin = out.size();
  const Classes& classes = header.classes;
  out.resize(begin + header_size(header));
  unsigned char* const data = out.data() + begin;
  std::memcpy(data, kPatchMagic, sizeof kPatchMagic);
  data[4] = kPatchVersion;
  data[5] = static_cast<unsigned char>(classes.kind.size);
  data[6] = static_cast<unsigned char>(classes.kind.mantissa);
  data[7] = static_cast<unsigned char>(classes.count);
  store32(data + 8, header.chunk_items);
  store16(data + 12, std::uint32_t(header.metadata.size()));
  store64(data + 14, header.items);
  store64(data + 22, header.changed);
  store64(data + 30, header.size);
  unsigned char* at = data + kPatchFixedSize;
  for (unsigned c = 1; c < classes.count; ++c, at += 2) store16(at, classes.from[c]);
  std::memcpy(at, header.metadata.data(), header.metadata.size());
  at += header.metadata.size();
  const std::uint32_t check = crc32c(0, data, std::size_t(at - data));
  store32(at, check);
  return check;
}

PatchHeader read_patch_header(const unsigned char* data, std::size_t size, std::uint32_t& check) {
  if (size < sizeof kPatchMagic || std::memcmp(data, kPatchMagic, sizeof kPatchMagic) != 0) {
    throw CorruptData("it is no patch: its first bytes are others", 0);
  }
  if (size < kPatchFixedSize) throw CorruptData("the header of the patch is cut off", 0);
  if (data[4] != kPatchVersion) {
    throw CorruptData("the patch has version " + std::to_string(data[4]) +
                          ", which this version of pyinfo cannot read",
                      4);
  }
  PatchHeader header;
  Classes& classes = header.classes;
  classes.kind = {data[5], data[6]};
  classes.count = data[7];
  if (classes.count < 1 || classes.count > kMostClasses) {
    throw CorruptData("the header of the patch is damaged: the number of classes is not valid", 7);
  }
  const std::size_t metadata_size = load16(data + 12);
  const std::size_t checked = kPatchFixedSize + 2 * (classes.count - 1) + metadata_size;
  if (size < checked + kCheckSize) throw CorruptData("the header of the patch is cut off", 0);
  check = crc32c(0, data, checked);
  if (load32(data + checked) != check) {
    throw CorruptData("the header of the patch is damaged: its check does not match", 0);
  }
  header.chunk_items = load32(data + 8);
  header.items = load64(data + 14);
  header.changed = load64(data + 22);
  header.size = load64(data + 30);
  const unsigned char* at = data + kPatchFixedSize;
  for (unsigned c = 1; c < classes.count; ++c, at += 2) {
    classes.from[c] = static_cast<std::uint16_t>(load16(at));
  }
  header.metadata.assign(reinterpret_cast<const char*>(at), metadata_size);
  const char* const problem = problem_of(header);
  if (problem != nullptr) {
    throw CorruptData(std::string("the header of the patch is damaged: ") + problem, 0);
  }
  if (header.size != size) {
    throw CorruptData("the patch has " + std::to_string(size) + " bytes, its header says " +
                          std::to_string(header.size),
                      30);
  }
  // Each chunk takes a header at least: what follows may be asked for in memory.
  const std::uint64_t chunks = chunk_count(header.items, header.chunk_items);
  if (chunks > (size - checked - kCheckSize) / kChunkHeaderSize) {
    throw CorruptData("the patch is too short for its number of elements", 14);
  }
  return header;
}

std::uint32_t write_chunk_header(ChunkHeader header, std::uint32_t previous,
                                 unsigned char* chunk) noexcept {
  store32(chunk, header.old_sum);
  store32(chunk + 4, header.new_sum);
  store32(chunk + 8, header.changed);
  store32(chunk + 12, header.payload);
  chunk[16] = static_cast<unsigned char>(header.mode);
  const std::uint32_t sum =
      crc32c(crc32c(0, chunk, kChunkCheckAt), chunk + kChunkHeaderSize, header.payload);
  const std::uint32_t check = chain(previous, sum);
  store32(chunk + kChunkCheckAt, check);
  return check;
}

const char* read_chunk_header(const unsigned char* data, std::size_t size, std::uint32_t previous,
                              std::uint64_t n, ChunkHeader& header) noexcept {
  if (size < kChunkHeaderSize) return "it is cut off";
  header.old_sum = load32(data);
  header.new_sum = load32(data + 4);
  header.changed = load32(data + 8);
  header.payload = load32(data + 12);
  header.check = load32(data + kChunkCheckAt);
  if (header.payload > size - kChunkHeaderSize) return "it is cut off";
  const std::uint32_t sum =
      crc32c(crc32c(0, data, kChunkCheckAt), data + kChunkHeaderSize, header.payload);
  if (header.check != chain(previous, sum)) return "its check does not match";
  if (data[16] > static_cast<unsigned>(ChunkMode::replaced)) return "its mode is not known";
  header.mode = static_cast<ChunkMode>(data[16]);
  if (header.changed > n) return "more elements have changed than there are";
  const bool equal = header.mode == ChunkMode::equal;
  if (equal != (header.changed == 0)) return "its mode does not fit what has changed";
  if (equal && (header.payload != 0 || header.old_sum != header.new_sum)) {
    return "nothing has changed, and it says what";
  }
  return nullptr;
}

}  // namespace pyinfo::coding
