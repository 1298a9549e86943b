// Frames: the fuzzer's bytes as a frame, as they are and once more with all checks made right, so
// that damage gets past them. Strict, lenient and streamed reading must agree, on all instruction
// sets. Then the same bytes as data: coded, decoded, compared.
#include <algorithm>

#include "coding/frames/frame_writer.hpp"
#include "coding/planes/planes.hpp"
#include "frame_fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;

// The same bytes with everything right that a damaged frame is told by: magic numbers, checks, the
// index. Lengths stay, unless they lead out of the frame.
void make_checks_right(Exact& frame) {
  unsigned char* const data = frame.data();
  const std::size_t size = frame.size();
  if (size < kHeaderFixedSize + 4) return;
  std::memcpy(data, kFrameMagic, 4);
  data[4] = kFormatVersion;
  data[5] &= 7;
  std::size_t at = kHeaderFixedSize + load16(data + 12);
  if (at + 4 > size) {
    store16(data + 12, 0);
    at = kHeaderFixedSize;
  }
  std::uint32_t check = crc32c(0, data, at);
  store32(data + at, check);
  at += 4;

  Bytes index;
  while (size - at >= kBlockHeaderSize) {
    unsigned char* const block = data + at;
    std::uint32_t payload = load32(block + 8);
    if (payload > size - at - kBlockHeaderSize) {
      payload = static_cast<std::uint32_t>(size - at - kBlockHeaderSize);
      store32(block + 8, payload);
    }
    const bool is_index = block[0] == static_cast<unsigned char>(Mode::index);
    if (is_index && payload == index.size()) {
      std::copy(index.begin(), index.end(), block + kBlockHeaderSize);
    }
    check = chain(check, block_sum(block, payload));
    store32(block + 12, check);
    at += kBlockHeaderSize + payload;
    if (is_index) break;
    index.resize(index.size() + kIndexEntrySize);
    store32(index.data() + index.size() - 8,
            static_cast<std::uint32_t>(kBlockHeaderSize + payload));
    store32(index.data() + index.size() - 4, check);
  }
  if (size - at >= kFooterSize) {
    store32(data + at + 12, footer_check(data + at, check));
    std::memcpy(data + at + 16, kEndMagic, 4);
  }
}

// An unsized frame.
Bytes write_in_two_calls(const Exact& data, const FrameHeader& header, const Settings& settings) {
  const std::size_t items = data.size() / header.planes;
  FrameWriter writer(header, settings);
  const std::size_t first = items / 2 / header.chunk_items * header.chunk_items;
  Exact streamed(writer.header_bound() + writer.items_bound(first) +
                 writer.items_bound(items - first) + 64 + kFooterSize + kBlockHeaderSize +
                 kIndexEntrySize * header.planes * (items / header.chunk_items + 2));
  unsigned char* at = streamed.data();
  writer.choose_rotation(data.data(), first);
  at += writer.write_header(at);
  at += writer.write_items(data.data(), first, at);
  at += writer.write_items(data.data() + first * header.planes, items - first, at);
  REQUIRE(writer.finish_bound() <= std::size_t(streamed.data() + streamed.size() - at));
  at += writer.finish(at);
  return Bytes(streamed.data(), at);
}

void check_round_trip(Input input) {
  FrameHeader header;
  constexpr std::uint32_t kPlanes[] = {1, 2, 3, 4, 5, 8};
  header.planes = kPlanes[input.byte() % 6];
  header.chunk_items = 1 + input.number() % 700;
  Settings settings;
  settings.coder = static_cast<Coder>(input.byte() % 4);
  const unsigned choices = input.byte();
  settings.effort = 1 + int(choices % 2);
  settings.floats = choices / 2 % 2 != 0;
  header.rotated = can_be_rotated(header.planes) && choices / 4 % 2 != 0;  // floats decide anew
  header.metadata.assign(input.byte() % 4, 'm');
  const std::size_t items = input.left() / header.planes;
  header.items = items;
  const Exact data(input.rest(), items * header.planes);

  const Bytes coded = on_every_isa([&] {
    Exact memory(compress_bound(header));
    const std::size_t size = compress(data.data(), header, settings, memory.data());
    REQUIRE(size <= memory.size());
    return Bytes(memory.data(), memory.data() + size);
  });
  const std::optional<Bytes> whole = check_frame(Exact(coded.data(), coded.size()));
  REQUIRE(whole && whole->size() == data.size());
  REQUIRE(std::equal(whole->begin(), whole->end(), data.data()));

  // Unsized, and in two calls.
  header.sized = false;
  header.indexed = true;
  header.items = 0;
  const Bytes second = on_every_isa([&] { return write_in_two_calls(data, header, settings); });
  const std::optional<Bytes> again = check_frame(Exact(second.data(), second.size()));
  REQUIRE(again && *again == *whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  Exact frame(data, size);
  check_frame(frame);
  make_checks_right(frame);
  check_frame(frame);
  check_round_trip(Input(data, size));
  return 0;
}
