// Frames: the fuzzer's bytes as a frame, as they are and once more with all checks made right, so
// that damage gets past them. Strict, lenient and streamed reading must agree. Then the same bytes
// as data: coded, decoded, compared.
#include <algorithm>
#include <optional>
#include <set>

#include "buffers.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_reader.hpp"
#include "coding/frames/frame_writer.hpp"
#include "coding/frames/stream_reader.hpp"
#include "coding/planes/planes.hpp"
#include "lane_fuzzing.hpp"

namespace {

using namespace pyinfo::coding;
using namespace pyinfo::fuzz;
using pyinfo::check::Random;
using Bytes = std::vector<unsigned char>;

// A frame of a few bytes may be one of megabytes that are all the same.
constexpr std::uint64_t kMaxSize = 3 << 20;

// The whole of an intact frame, or nothing.
std::optional<Bytes> read_strictly(const Exact& frame) {
  try {
    const FrameReader reader(frame.data(), frame.size(), kMaxSize);
    reader.require_complete();
    REQUIRE(reader.end() == frame.size());
    REQUIRE(reader.size() <= kMaxSize);
    Exact out(reader.size());
    reader.decode(0, reader.items(), out.data(), 1);
    REQUIRE(reader.verify(1).empty());
    return Bytes(out.data(), out.data() + out.size());
  } catch (const CorruptData& error) {
    REQUIRE(error.offset() <= frame.size());
  } catch (const OutputTooLarge&) {
  }
  return std::nullopt;
}

// What is readable of any frame; `whole` is what it holds if it is intact.
void read_leniently(const Exact& frame, const std::optional<Bytes>& whole) {
  try {
    const FrameReader reader(frame.data(), frame.size(), kMaxSize);
    const std::size_t planes = reader.header().planes;
    std::set<std::uint64_t> damaged;
    const std::vector<Damage> damages = reader.verify(1);
    for (const Damage& damage : damages) {
      REQUIRE(damage.offset <= frame.size() && !damage.message.empty());
      if (damage.block != Damage::kNoBlock && damage.block < reader.block_count()) {
        damaged.insert(reader.block(damage.block).start);
      }
    }
    REQUIRE(!whole || damages.empty());
    const std::vector<BlockInfo> blocks = reader.blocks();
    for (std::size_t i = 0; i + planes <= blocks.size(); i += planes) {
      const BlockInfo& block = blocks[i];
      const std::uint64_t stop = block.start + block.symbols;
      if (stop > reader.items() || block.symbols * planes > kMaxSize) continue;
      Exact out(block.symbols * planes);
      try {
        reader.decode(block.start, stop, out.data(), 1);
        REQUIRE(!whole ||
                std::memcmp(out.data(), whole->data() + block.start * planes, out.size()) == 0);
      } catch (const CorruptData&) {
        REQUIRE(damaged.count(block.start) != 0);
      }
    }
  } catch (const CorruptData&) {
  } catch (const OutputTooLarge&) {
  }
}

// The frame in pieces of random sizes.
std::optional<Bytes> read_streamed(const Exact& frame) {
  Random random(crc32c(0, frame.data(), frame.size()));
  Bytes out;
  try {
    StreamReader reader(kMaxSize);
    std::size_t at = 0;
    while (at < frame.size() && !reader.ended()) {
      const std::size_t most = std::size_t{1} << random.bits() % 12;
      const std::size_t size = std::min(1 + random.bits() % most, frame.size() - at);
      const Exact piece(frame.data() + at, size);
      const std::size_t taken = reader.feed(piece.data(), size);
      REQUIRE(taken <= size);
      const std::size_t ready = reader.ready_size();
      REQUIRE(taken > 0 || ready > 0);
      const std::size_t wanted = random.bits() % 4 == 0 ? ready / 2 : ready;
      out.insert(out.end(), reader.ready(), reader.ready() + wanted);
      reader.take(wanted);
      at += taken;
      REQUIRE(out.size() + reader.ready_size() <= kMaxSize);
    }
    out.insert(out.end(), reader.ready(), reader.ready() + reader.ready_size());
    reader.require_end();
    if (at == frame.size()) return out;
  } catch (const CorruptData& error) {
    REQUIRE(error.offset() <= frame.size());
  } catch (const OutputTooLarge&) {
  }
  return std::nullopt;
}

void check_frame(const Exact& frame) {
  const std::optional<Bytes> whole = read_strictly(frame);
  read_leniently(frame, whole);
  const std::optional<Bytes> streamed = read_streamed(frame);
  REQUIRE(whole.has_value() == streamed.has_value());
  REQUIRE(!whole || *whole == *streamed);
}

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

  Exact memory(compress_bound(header));
  const std::size_t size = compress(data.data(), header, settings, memory.data());
  REQUIRE(size <= memory.size());
  const Exact frame(memory.data(), size);
  const std::optional<Bytes> whole = read_strictly(frame);
  REQUIRE(whole && whole->size() == data.size());
  REQUIRE(std::equal(whole->begin(), whole->end(), data.data()));
  check_frame(frame);

  // Unsized, and in two calls.
  header.sized = false;
  header.indexed = true;
  header.items = 0;
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
  const Exact second(streamed.data(), std::size_t(at - streamed.data()));
  const std::optional<Bytes> again = read_strictly(second);
  REQUIRE(again && *again == *whole);
  check_frame(second);
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
