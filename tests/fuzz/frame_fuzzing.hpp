// One frame and every reader of it, on every instruction set: one verdict, the same data. What the
// harnesses of frames have in common.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "buffers.hpp"
#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/frame_reader.hpp"
#include "coding/frames/stream_reader.hpp"
#include "fuzzing.hpp"
#include "pyinfo/pyinfo.h"

namespace pyinfo::fuzz {

using Bytes = std::vector<unsigned char>;

// A frame of a few bytes may be one of megabytes that are all the same.
inline constexpr std::uint64_t kMaxSize = 3 << 20;

// The whole of an intact frame, or nothing.
inline std::optional<Bytes> read_strictly(const Exact& frame) {
  try {
    const coding::FrameReader reader(frame.data(), frame.size(), kMaxSize);
    reader.require_complete();
    REQUIRE(reader.end() == frame.size());
    REQUIRE(reader.size() <= kMaxSize);
    Exact out(reader.size());
    reader.decode(0, reader.items(), out.data(), 1);
    REQUIRE(reader.verify(1).empty());
    return Bytes(out.data(), out.data() + out.size());
  } catch (const coding::CorruptData& error) {
    REQUIRE(error.offset() <= frame.size());
  } catch (const coding::OutputTooLarge&) {
  }
  return std::nullopt;
}

// What is readable of any frame, block by block; `whole` is what it holds if it is intact.
inline Bytes read_leniently(const Exact& frame, const std::optional<Bytes>& whole) {
  Bytes readable;
  try {
    const coding::FrameReader reader(frame.data(), frame.size(), kMaxSize);
    const std::size_t planes = reader.header().planes;
    std::set<std::uint64_t> damaged;
    const std::vector<coding::Damage> damages = reader.verify(1);
    for (const coding::Damage& damage : damages) {
      REQUIRE(damage.offset <= frame.size() && !damage.message.empty());
      if (damage.block != coding::Damage::kNoBlock && damage.block < reader.block_count()) {
        damaged.insert(reader.block(damage.block).start);
      }
    }
    REQUIRE(!whole || damages.empty());
    const std::vector<coding::BlockInfo> blocks = reader.blocks();
    for (std::size_t i = 0; i + planes <= blocks.size(); i += planes) {
      const coding::BlockInfo& block = blocks[i];
      const std::uint64_t stop = block.start + block.symbols;
      if (stop > reader.items() || block.symbols * planes > kMaxSize) continue;
      Exact out(block.symbols * planes);
      try {
        reader.decode(block.start, stop, out.data(), 1);
        REQUIRE(!whole ||
                std::memcmp(out.data(), whole->data() + block.start * planes, out.size()) == 0);
        readable.insert(readable.end(), out.data(), out.data() + out.size());
      } catch (const coding::CorruptData&) {
        REQUIRE(damaged.count(block.start) != 0);
      }
    }
  } catch (const coding::CorruptData&) {
  } catch (const coding::OutputTooLarge&) {
  }
  return readable;
}

// The frame in pieces of random sizes.
inline std::optional<Bytes> read_streamed(const Exact& frame) {
  check::Random random(coding::crc32c(0, frame.data(), frame.size()));
  Bytes out;
  try {
    coding::StreamReader reader(kMaxSize);
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
  } catch (const coding::CorruptData& error) {
    REQUIRE(error.offset() <= frame.size());
  } catch (const coding::OutputTooLarge&) {
  }
  return std::nullopt;
}

// By the C interface.
inline std::optional<Bytes> read_by_abi(const Exact& frame) {
  std::uint64_t size = 0;
  if (pyinfo_frame_decompressed_size(frame.data(), frame.size(), &size) != PYINFO_OK ||
      size > kMaxSize) {
    return std::nullopt;
  }
  Exact out(size);
  std::size_t written = 0;
  if (pyinfo_frame_decompress(frame.data(), frame.size(), out.data(), out.size(), 1, &written) !=
      PYINFO_OK) {
    return std::nullopt;
  }
  return Bytes(out.data(), out.data() + written);
}

inline std::optional<Bytes> check_frame(const Exact& frame) {
  const std::optional<Bytes> whole = on_every_isa([&] { return read_strictly(frame); });
  on_every_isa([&] { return read_leniently(frame, whole); });
  REQUIRE(on_every_isa([&] { return read_streamed(frame); }) == whole);
  REQUIRE(read_by_abi(frame) == whole);
  return whole;
}

}  // namespace pyinfo::fuzz
