#include "coding/frames/frame_index.hpp"

#include "coding/lanes/lanes.hpp"
#include "coding/planes/chunks.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kMinBlock = kBlockHeaderSize + 1;
constexpr char kForeign[] = "the index does not belong to the blocks";

void store_entry(const IndexEntry& entry, unsigned char* out) noexcept {
  store32(out, entry.size);
  store32(out + 4, entry.check);
}

IndexEntry load_entry(const unsigned char* entry) noexcept {
  return {load32(entry), load32(entry + 4)};
}

}  // namespace

void ExpectedIndex::add(const IndexEntry& entry) {
  if (indexed_) entries_.push_back(entry);
  last_check_ = entry.check;
  ++blocks_;
}

const char* ExpectedIndex::check_header(const BlockHeader& header) const noexcept {
  return header.mode == Mode::index && header.payload == payload_size() ? nullptr : kForeign;
}

const char* ExpectedIndex::check_index(const unsigned char* index,
                                       const BlockHeader& header) const noexcept {
  PYINFO_ASSERT(indexed_ && check_header(header) == nullptr);
  if (chain(last_check_, block_sum(index, header.payload)) != header.check) {
    return "the index's checksum does not match";
  }
  const unsigned char* at = index + kBlockHeaderSize;
  for (const IndexEntry& expected : entries_) {
    const IndexEntry entry = load_entry(at);
    if (entry.size != expected.size || entry.check != expected.check) return kForeign;
    at += kIndexEntrySize;
  }
  return nullptr;
}

const char* ExpectedIndex::check_footer(const unsigned char* footer, std::uint32_t index_check,
                                        std::uint64_t items) const noexcept {
  Footer found;
  if (const char* what = read_footer(footer, found)) return what;
  if (footer_check(footer, index_check) != found.check) {
    return "the footer's checksum does not match";
  }
  if (found.items != items || found.index_payload != payload_size()) {
    return "the footer does not belong to the blocks";
  }
  return nullptr;
}

void write_index(const std::vector<IndexEntry>& entries, std::uint32_t header_check,
                 std::uint64_t items, unsigned char* out) noexcept {
  PYINFO_ASSERT(index_fits(entries.size()));
  const std::size_t payload = entries.size() * kIndexEntrySize;
  write_block_header({Mode::index, 0, 0, 0, std::uint32_t(payload), 0}, out);
  unsigned char* at = out + kBlockHeaderSize;
  for (const IndexEntry& entry : entries) {
    store_entry(entry, at);
    at += kIndexEntrySize;
  }
  const std::uint32_t last_check = entries.empty() ? header_check : entries.back().check;
  const std::uint32_t check = chain(last_check, block_sum(out, payload));
  set_check(check, out);
  write_footer({items, std::uint32_t(payload), 0}, check, at);
}

bool find_index(const unsigned char* data, std::size_t size, const FrameHeader& header,
                std::uint32_t header_check, FoundIndex& found) {
  const std::size_t first_block = header_size(header);
  if (size - first_block < index_size(0)) return false;
  Footer footer;
  const unsigned char* const footer_at = data + size - kFooterSize;
  if (read_footer(footer_at, footer) != nullptr) return false;
  if (size - first_block - index_size(0) < footer.index_payload) return false;
  const unsigned char* const index = footer_at - footer.index_payload - kBlockHeaderSize;
  BlockHeader block;
  if (read_block_header(index, block) != nullptr || block.mode != Mode::index ||
      block.payload != footer.index_payload) {
    return false;
  }
  const std::uint64_t count = block.payload / kIndexEntrySize;
  const unsigned char* const entries = index + kBlockHeaderSize;
  const std::uint32_t last_check =
      count == 0 ? header_check : load_entry(entries + (count - 1) * kIndexEntrySize).check;
  if (chain(last_check, block_sum(index, block.payload)) != block.check ||
      footer_check(footer_at, block.check) != footer.check) {
    return false;
  }
  if (header.sized && footer.items != header.items) return false;
  if (footer.items / kMaxBlockSymbols > count ||
      chunk_count(footer.items, header.chunk_items) * header.planes != count) {
    return false;
  }
  found.entries.clear();
  found.entries.reserve(std::size_t(count));
  found.items = footer.items;
  std::uint64_t offset = first_block;
  for (std::uint64_t i = 0; i < count; ++i) {
    found.entries.push_back(load_entry(entries + i * kIndexEntrySize));
    if (found.entries.back().size < kMinBlock) return false;
    offset += found.entries.back().size;  // no overflow: at most 2^29 entries
  }
  return offset == std::uint64_t(index - data);
}

}  // namespace pyinfo::coding
