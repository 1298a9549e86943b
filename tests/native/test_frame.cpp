// Frames: every mode and shape comes back, alone, in parts and as a stream; damage is found.
#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "coding/frames/block_plan.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_reader.hpp"
#include "coding/frames/frame_writer.hpp"
#include "coding/frames/stream_reader.hpp"

namespace {

using pyinfo::check::Buffer;
using pyinfo::check::chosen;
using pyinfo::check::Random;
using pyinfo::check::share;
using namespace pyinfo::coding;
using Bytes = std::vector<unsigned char>;

// Geometric bytes: about `bits` bits each; 8 are noise, 0 constant.
Bytes sample(std::size_t n, unsigned bits, std::uint64_t seed) {
  Random random(seed);
  Bytes data(n);
  for (unsigned char& byte : data) {
    const std::uint64_t word = random.bits();
    unsigned value = 0;
    for (unsigned shift = 0; shift < 56 && (word >> shift & 7) < bits; shift += 3) ++value;
    byte = static_cast<unsigned char>(bits == 8 ? word >> 56 : value);
  }
  return data;
}

// In memory of exactly its size.
Buffer<unsigned char> exact(const unsigned char* data, std::size_t size) {
  Buffer<unsigned char> copy(size);
  if (size > 0) std::memcpy(copy.data(), data, size);
  return copy;
}

Bytes frame_of(const Bytes& data, FrameHeader header, const Settings& settings) {
  header.items = data.size() / header.planes;
  Bytes out(compress_bound(header));
  out.resize(compress(data.data(), header, settings, out.data()));
  return out;
}

Bytes streamed(const Bytes& data, FrameHeader header, const Settings& settings) {
  header.sized = false;
  header.indexed = true;
  FrameWriter writer(header, settings);
  const std::size_t items = data.size() / header.planes;
  Bytes out(writer.header_bound() + writer.items_bound(items));
  std::size_t size = writer.write_header(out.data());
  const std::size_t half = items / 2 / header.chunk_items * header.chunk_items;
  size += writer.write_items(data.data(), half, out.data() + size);
  size += writer.write_items(data.data() + half * header.planes, items - half, out.data() + size);
  out.resize(size + writer.finish_bound());
  out.resize(size + writer.finish(out.data() + size));
  return out;
}

Bytes read_all(const Bytes& frame, int threads) {
  const Buffer<unsigned char> copy = exact(frame.data(), frame.size());
  const FrameReader reader(copy.data(), copy.size());
  reader.require_complete();
  Buffer<unsigned char> out(std::size_t(reader.size()));
  reader.decode(0, reader.items(), out.data(), threads);
  return Bytes(out.data(), out.data() + out.size());
}

Bytes read_stream(const Bytes& frame, std::size_t piece) {
  StreamReader reader;
  Bytes out;
  for (std::size_t at = 0; at < frame.size();) {
    const std::size_t size = std::min(piece, frame.size() - at);
    const Buffer<unsigned char> copy = exact(frame.data() + at, size);
    at += reader.feed(copy.data(), size);
    out.insert(out.end(), reader.ready(), reader.ready() + reader.ready_size());
    reader.take(reader.ready_size());
  }
  reader.require_end();
  return out;
}

void test_round_trips() {
  for (const std::uint32_t planes : {1u, 2u, 3u, 4u, 8u}) {
    for (const std::size_t items : {0, 1, 63, 64, 65, 1000, 5000}) {
      for (const unsigned bits : {0u, 1u, 4u, 8u}) {
        for (const Coder coder : {Coder::automatic, Coder::huffman, Coder::rans, Coder::raw}) {
          if (!chosen()) continue;
          const std::string what = std::to_string(planes) + " planes, " + std::to_string(items) +
                                   " items, kind " + std::to_string(bits);
          const Bytes data = sample(items * planes, bits, items + bits);
          FrameHeader header;
          header.planes = planes;
          header.chunk_items = 1024;
          header.metadata = "metadata";
          Settings settings;
          settings.coder = coder;
          const Bytes frame = frame_of(data, header, settings);
          settings.threads = 2;
          CHECK(frame_of(data, header, settings) == frame, what + ": threads change the frame");
          CHECK(read_all(frame, 1) == data, what);
          CHECK(read_all(frame, 2) == data, what + ", two threads");
          CHECK(read_stream(frame, 1 + items) == data, what + ", as a stream");
          const Bytes other = streamed(data, header, settings);
          CHECK(read_all(other, 1) == data, what + ", streamed");
          CHECK(read_stream(other, 7) == data, what + ", streamed, in pieces of 7");
        }
      }
    }
  }
}

// Items of so many bytes that are floats with most of their exponents alike.
Bytes floats(std::size_t items, std::size_t bytes) {
  Random random(items + bytes);
  Bytes data(items * bytes);
  for (std::size_t i = 0; i < items; ++i) {
    const std::uint64_t word = random.bits();
    std::uint64_t exponent = 0x7a;  // of eight bits, after the sign; it falls geometrically
    for (std::uint64_t bits = word; (bits & 1) != 0 && exponent > 1; bits >>= 1) --exponent;
    const std::uint64_t number = (word >> 63 << 63) | exponent << 55 | (random.bits() >> 9);
    for (std::size_t k = 0; k < bytes; ++k) {
      data[i * bytes + k] = static_cast<unsigned char>(number >> (64 - 8 * bytes + 8 * k));
    }
  }
  return data;
}

bool is_rotated(const Bytes& frame) {
  return FrameReader(frame.data(), frame.size()).header().rotated;
}

void test_rotation() {
  for (const std::uint32_t planes : {2u, 4u, 8u}) {
    for (std::size_t items = 0; items <= 5000; items += items < 300 ? 1 : 1175) {
      if (!chosen()) continue;
      const std::string what =
          std::to_string(items) + " rotated items of " + std::to_string(planes);
      const Bytes data = floats(items, planes);
      FrameHeader header;
      header.planes = planes;
      header.chunk_items = items % 2 == 0 ? 1024 : 100;
      header.rotated = true;
      Bytes frame = frame_of(data, header, Settings{});
      CHECK(read_all(frame, 1) == data, what);
      CHECK(read_stream(frame, 1 + items) == data, what + ", as a stream");
      frame = streamed(data, header, Settings{});
      CHECK(is_rotated(frame), what);
      CHECK(read_all(frame, 2) == data, what + ", streamed");
      CHECK(read_stream(frame, 7) == data, what + ", streamed, in pieces of 7");
      const FrameReader reader(frame.data(), frame.size());
      for (std::uint64_t first = 0; first < items; first += 1 + items / 5) {
        const std::uint64_t last = std::min<std::uint64_t>(items, first + 1 + items / 3);
        Buffer<unsigned char> part(std::size_t(last - first) * planes);
        reader.decode(first, last, part.data(), 1);
        CHECK(std::memcmp(part.data(), data.data() + first * planes, part.size()) == 0,
              what + ", a part");
      }
    }
    // Floats are rotated where that pays, by the same choice for any number of threads.
    FrameHeader header;
    header.planes = planes;
    header.chunk_items = 10'000;
    Settings settings;
    const Bytes data = floats(50'000, planes);
    const Bytes plain = frame_of(data, header, settings);
    settings.floats = true;
    const Bytes frame = frame_of(data, header, settings);
    CHECK(!is_rotated(plain) && is_rotated(frame), "floats are rotated");
    CHECK(frame.size() < plain.size(), "and become smaller");
    settings.threads = 2;
    CHECK(frame_of(data, header, settings) == frame, "threads change the frame");
    settings.coder = Coder::raw;
    CHECK(!is_rotated(frame_of(data, header, settings)), "nothing is gained without a code");
    settings.coder = Coder::automatic;
    CHECK(!is_rotated(frame_of(sample(50'000 * planes, 8, 1), header, settings)), "noise");
    CHECK(!is_rotated(frame_of(Bytes(50'000 * planes), header, settings)), "zeros");
  }
}

void test_headers_of_rotated_frames() {
  for (const unsigned planes : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 8u, 12u, 16u, 65535u}) {
    FrameHeader header;
    header.planes = planes;
    header.rotated = planes == 2 || planes == 4 || planes == 8;
    bool refused = false;
    if (header.rotated) {
      Bytes frame(header_size(header));
      std::uint32_t check = 0;
      write_header(header, frame.data());
      CHECK(frame[5] == 5 && read_header(frame.data(), frame.size(), check).rotated, "the flag");
      continue;
    }
    header.rotated = true;
    try {
      check_header(header);
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    CHECK(refused, std::to_string(planes) + " planes cannot be rotated");
  }
}

void test_large_blocks() {
  for (const int effort : {1, 2}) {
    for (const unsigned bits : {1u, 4u, 6u, 8u}) {
      Bytes data = sample(600'001, bits, bits);
      for (std::size_t i = 0; i < 100; ++i) {  // rare ones: patches
        data[6000 * i + i] = static_cast<unsigned char>(150 + i);
      }
      FrameHeader header;
      Settings settings;
      settings.effort = effort;
      const Bytes frame = frame_of(data, header, settings);
      CHECK(read_all(frame, 2) == data, "kind " + std::to_string(bits));
      CHECK(frame.size() < data.size() + data.size() / 1000 + 64, "kind " + std::to_string(bits));
    }
  }
}

void test_parts() {
  const Bytes data = sample(3 * 5000, 4, 1);
  FrameHeader header;
  header.planes = 3;
  header.chunk_items = 777;
  const Bytes frame = frame_of(data, header, {});
  const FrameReader reader(frame.data(), frame.size());
  Random random(2);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t first = random.bits() % 5001;
    const std::uint64_t last = first + random.bits() % (5001 - first);
    Buffer<unsigned char> out(std::size_t(last - first) * 3);
    reader.decode(first, last, out.data(), 1);
    CHECK(std::equal(out.data(), out.data() + out.size(), data.begin() + long(3 * first)),
          std::to_string(first) + " to " + std::to_string(last));
  }
}

// Few symbols, and one that prevails: digits and bitmaps in chunks of all sizes.
void test_few_symbols() {
  std::size_t digits = 0, bitmaps = 0;
  for (const std::uint64_t kinds : {2u, 3u, 4u, 6u, 13u, 16u, 200u}) {
    for (const std::uint64_t rarity : {1u, 9u, 60u}) {
      Random random(kinds * 100 + rarity);
      Bytes data(70'000);
      for (unsigned char& byte : data) {
        const bool other = random.bits() % rarity == 0;
        byte = static_cast<unsigned char>(other ? 3 * (random.bits() % kinds) : 9);
      }
      for (const std::uint32_t chunk : {63u, 64u, 301u, 4096u, 65536u}) {
        if (!chosen()) continue;
        FrameHeader header;
        header.chunk_items = chunk;
        const std::string what = std::to_string(kinds) + " symbols, one of " +
                                 std::to_string(rarity) + " in chunks of " + std::to_string(chunk);
        const Bytes frame = frame_of(data, header, {});
        CHECK(read_all(frame, 2) == data, what);
        CHECK(read_stream(frame, 1000) == data, what + ", as a stream");
        const FrameReader reader(frame.data(), frame.size());
        CHECK(reader.verify(1).empty(), what);
        for (const BlockInfo& block : reader.blocks()) {
          digits += block.mode == Mode::digits;
          bitmaps += block.mode == Mode::bitmap;
        }
        Buffer<unsigned char> part(5000);
        reader.decode(60'001, 65'001, part.data(), 1);
        CHECK(std::equal(part.data(), part.data() + part.size(), data.begin() + 60'001),
              what + ", a part");
      }
    }
  }
  CHECK(share() > 1 || (digits > 1000 && bitmaps > 100),
        "blocks of few symbols are written as such");
}

template <class Read>
bool refuses(Read read) {
  try {
    read();
  } catch (const CorruptData&) {
    return true;
  }
  return false;
}

// Every byte changed in turn, and every length: told by both readers, and by verify.
// Whoever writes to the symbols meanwhile may have made them all the same since they were counted.
void test_counts_of_one_value() {
  const Bytes symbols = sample(4096, 2, 1);
  for (const Coder coder : {Coder::automatic, Coder::huffman, Coder::rans}) {
    Settings settings;
    settings.coder = coder;
    for (const unsigned value : {0u, 7u, 255u}) {
      std::uint64_t counts[256] = {};
      BlockPlan plan;
      plan_counted_block(symbols.data(), symbols.size(), counts, settings, plan);
      CHECK(plan.sizes.mode == Mode::raw, "nothing is counted");
      counts[value] = symbols.size();
      plan_counted_block(symbols.data(), symbols.size(), counts, settings, plan);
      CHECK(plan.sizes.mode == Mode::raw && plan.sizes.predicted == symbols.size(),
            std::to_string(value));
    }
    BlockSizes sizes{Mode::raw, 0, 4096, BlockSizes::kNotPredicted, BlockSizes::kNotPredicted,
                     4096,      0};
    predict_all(Bytes(4096, 9).data(), sizes);
    CHECK(sizes.huffman == 1 && sizes.rans == 1, "as of a constant block");
  }
}

void test_damage() {
  const Bytes data = sample(2 * 300, 4, 5);
  FrameHeader header;
  header.planes = 2;
  header.chunk_items = 128;
  header.metadata = "m";
  for (const bool unsized : {false, true}) {
    const Bytes frame = unsized ? streamed(data, header, {}) : frame_of(data, header, {});
    for (std::size_t i = 0; i < frame.size(); ++i) {
      if (!chosen()) continue;
      Bytes damaged = frame;
      damaged[i] ^= static_cast<unsigned char>(1u << i % 8);
      const std::string where = "byte " + std::to_string(i);
      CHECK(refuses([&] { read_all(damaged, 1); }), where);
      CHECK(refuses([&] { read_stream(damaged, 64); }), where + " of a stream");
      CHECK(refuses([&] {
              const FrameReader reader(damaged.data(), damaged.size());
              if (!reader.verify(1).empty()) throw CorruptData("found", 0);
            }),
            where + " is not seen by verify");
      const Bytes cut(frame.begin(), frame.begin() + long(i));
      CHECK(refuses([&] { read_all(cut, 1); }), "cut at " + where);
      CHECK(refuses([&] { read_stream(cut, 64); }), "stream cut at " + where);
    }
  }
}

}  // namespace

int main() {
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  test_round_trips();
  test_rotation();
  test_headers_of_rotated_frames();
  test_large_blocks();
  test_parts();
  test_few_symbols();
  test_counts_of_one_value();
  test_damage();
  return pyinfo::check::finish();
}
