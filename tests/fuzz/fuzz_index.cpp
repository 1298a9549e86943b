// What stands around the blocks of a frame: header, metadata, index and footer. Headers and
// metadata there and back; then frames of small blocks whose index and footer are changed as the
// fuzzer says, with all checks made right: what does not belong to the blocks must be refused by
// every reader, and the blocks stay readable.
#include <stdexcept>

#include "coding/frames/frame_index.hpp"
#include "coding/lanes/lanes.hpp"
#include "frame_fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;

bool same(const FrameHeader& a, const FrameHeader& b) {
  return a.sized == b.sized && a.indexed == b.indexed && a.rotated == b.rotated &&
         a.planes == b.planes && a.chunk_items == b.chunk_items && a.metadata == b.metadata &&
         (!a.sized || a.items == b.items);
}

// Any fields: refused, or written and read again.
void check_fields(Input input) {
  const unsigned flags = input.byte();
  FrameHeader header;
  header.sized = flags % 2 != 0;
  header.indexed = flags / 2 % 2 != 0;
  header.rotated = flags / 4 % 2 != 0;
  header.planes = input.number() >> flags / 8 % 16;
  header.chunk_items = input.number() << input.byte() % 8;
  header.items = input.number() * (std::uint64_t{1} << input.byte() % 50);
  header.metadata.assign(reinterpret_cast<const char*>(input.rest()), input.left());
  Exact memory(header_size(header));
  try {
    write_header(header, memory.data());
  } catch (const std::invalid_argument&) {
    return;
  }
  std::uint32_t check = 0;
  REQUIRE(same(read_header(memory.data(), memory.size(), check), header));
  REQUIRE(check == load32(memory.data() + memory.size() - 4));
  for (std::size_t size = 0; size <= std::min<std::size_t>(memory.size(), 64); ++size) {
    const std::size_t told = peek_header(Exact(memory.data(), size).data(), size);
    REQUIRE(told == 0 || told == memory.size());
    if (size >= kHeaderFixedSize) REQUIRE(told == memory.size());
  }
  const FrameReader reader(memory.data(), memory.size());
  REQUIRE(same(reader.header(), header));
  StreamReader stream;
  stream.feed(memory.data(), memory.size());
  REQUIRE(stream.header_known() && same(stream.header(), header));
}

// Any bytes, with the right check: refused, or the header that would be written.
void check_bytes(Input input) {
  const std::size_t metadata =
      std::min<std::size_t>(input.left(), kHeaderFixedSize) == kHeaderFixedSize
          ? load16(input.rest() + 12)
          : 0;
  if (input.left() < kHeaderFixedSize + metadata) return;
  Exact memory(kHeaderFixedSize + metadata + 4);
  std::memcpy(memory.data(), input.rest(), memory.size() - 4);
  std::memcpy(memory.data(), kFrameMagic, 4);
  memory.data()[4] = kFormatVersion;
  store32(memory.data() + memory.size() - 4, crc32c(0, memory.data(), memory.size() - 4));
  std::uint32_t check = 0;
  FrameHeader header;
  try {
    header = read_header(memory.data(), memory.size(), check);
  } catch (const CorruptData&) {
    return;
  }
  Exact again(header_size(header));
  REQUIRE(again.size() == memory.size());
  REQUIRE(write_header(header, again.data()) == check);
  REQUIRE(std::memcmp(again.data(), memory.data(), memory.size()) == 0);
}

// A frame of small blocks, and what it holds.
struct Parts {
  FrameHeader header;
  std::uint32_t header_check;
  Bytes before_index;
  std::vector<IndexEntry> entries;
  std::uint64_t items;
};

Parts make_blocks(Input& input) {
  const unsigned form = input.byte();
  Parts parts;
  parts.header.sized = form % 2 != 0;
  parts.header.indexed = form % 8 < 7 || !parts.header.sized;
  constexpr std::uint32_t kPlanes[] = {1, 1, 2, 3};
  parts.header.planes = kPlanes[form / 8 % 4];
  parts.header.chunk_items = 1 + input.byte() % 9;
  parts.items = input.byte() % 40;
  parts.header.items = parts.header.sized ? parts.items : 0;
  parts.header.metadata.assign(form / 64, 'm');
  parts.before_index.resize(header_size(parts.header));
  parts.header_check = write_header(parts.header, parts.before_index.data());
  std::uint32_t check = parts.header_check;
  const bool equal = form / 32 % 2 != 0;  // blocks
  for (std::uint64_t start = 0; start < parts.items; start += parts.header.chunk_items) {
    const auto symbols = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(parts.items - start, parts.header.chunk_items));
    for (std::uint32_t plane = 0; plane < parts.header.planes; ++plane) {
      const unsigned byte = equal ? 0 : input.byte();
      const std::uint32_t payload = byte % 2 == 0 ? 1 : symbols;
      Bytes block(kBlockHeaderSize + payload, static_cast<unsigned char>(byte));
      const Mode mode = byte % 2 == 0 ? Mode::constant : Mode::raw;
      write_block_header({mode, 0, 0, symbols, payload, 0}, block.data());
      check = chain(check, block_sum(block.data(), payload));
      set_check(check, block.data());
      parts.entries.push_back({static_cast<std::uint32_t>(block.size()), check});
      parts.before_index.insert(parts.before_index.end(), block.begin(), block.end());
    }
  }
  return parts;
}

// Changes entries: lost, doubled, exchanged, with a flipped bit.
std::vector<IndexEntry> change_entries(Input& input, std::vector<IndexEntry> entries) {
  for (unsigned changes = input.byte() % 4; changes > 0; --changes) {
    const unsigned kind = input.byte();
    const std::size_t at = input.byte();
    const std::size_t other = input.byte();
    if (entries.empty()) {
      entries.push_back({kind, std::uint32_t(at)});
      continue;
    }
    const auto one = entries.begin() + std::ptrdiff_t(at % entries.size());
    const auto two = entries.begin() + std::ptrdiff_t(other % entries.size());
    switch (kind % 5) {
      case 0:
        entries.erase(one);
        break;
      case 1:
        entries.insert(two, IndexEntry(*one));
        break;
      case 2:
        std::swap(*one, *two);
        break;
      case 3:
        one->size ^= 1u << other % 32;
        break;
      default:
        one->check ^= 1u << other % 32;
    }
  }
  return entries;
}

void check_index(Input input) {
  const Parts parts = make_blocks(input);
  const std::vector<IndexEntry> entries = change_entries(input, parts.entries);
  Bytes frame = parts.before_index;
  bool right = entries.size() == parts.entries.size() &&
               std::equal(entries.begin(), entries.end(), parts.entries.begin(),
                          [](const IndexEntry& a, const IndexEntry& b) {
                            return a.size == b.size && a.check == b.check;
                          });
  if (parts.header.indexed) {
    frame.resize(frame.size() + index_size(entries.size()));
    unsigned char* const index = frame.data() + parts.before_index.size();
    write_index(entries, parts.header_check, parts.items, index);
    // The check of the index follows that of the last block, not what the entries say about it.
    const std::size_t payload = entries.size() * kIndexEntrySize;
    const std::uint32_t last =
        parts.entries.empty() ? parts.header_check : parts.entries.back().check;
    const unsigned change = input.byte();
    const std::uint32_t check = chain(last, block_sum(index, payload));
    if (change % 4 != 0) set_check(check, index);
    Footer footer{parts.items, std::uint32_t(payload), 0};
    if (change / 4 % 4 == 1) footer.items += input.byte();
    if (change / 4 % 4 == 2) footer.index_payload += input.byte();
    write_footer(footer, load32(index + kBlockCheckAt), index + kBlockHeaderSize + payload);
    right = right && footer.items == parts.items && footer.index_payload == payload;
    REQUIRE(!right || load32(index + kBlockCheckAt) == check);
  } else {
    right = true;  // there are no entries to be wrong
  }
  const Bytes untouched = frame;
  if (const unsigned cut = input.byte() % 64; cut < 20 && cut > 0)
    frame.resize(frame.size() - std::min<std::size_t>(frame.size(), cut));
  if (const unsigned more = input.byte() % 32; more < 4 && more > 0)
    frame.insert(frame.end(), more, static_cast<unsigned char>(input.byte()));
  right = right && frame == untouched;  // what was cut off may have come back
  const Exact exact(frame.data(), frame.size());
  const std::optional<Bytes> whole = check_frame(exact);
  REQUIRE(whole.has_value() == right);
  if (!right) return;
  REQUIRE(whole->size() == parts.items * parts.header.planes);
  // The same frame, and another one behind it.
  frame.insert(frame.end(), exact.data(), exact.data() + exact.size());
  const Exact twice(frame.data(), frame.size());
  const FrameReader first(twice.data(), twice.size(), kNoLimit, true);
  REQUIRE(first.end() == exact.size());
  REQUIRE(!check_frame(twice));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Input input(data, size);
  const unsigned form = input.byte() % 8;
  if (form == 0) {
    check_fields(input);
  } else if (form == 1) {
    check_bytes(input);
  } else {
    check_index(input);
  }
  return 0;
}
