#include "coding/deltas/patch_reader.hpp"

#include <atomic>
#include <string>

#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/planes/chunks.hpp"
#include "memory/overlap.hpp"
#include "memory/thread_scratch.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::coding {
namespace {

[[noreturn]] void fail(std::size_t chunk, std::size_t offset, const char* what) {
  throw CorruptData("chunk " + std::to_string(chunk) + " of the patch, at byte " +
                        std::to_string(offset) + ": " + what,
                    offset);
}

}  // namespace

PatchReader::PatchReader(const unsigned char* data, std::size_t size) : data_(data) {
  std::uint32_t check = 0;
  header_ = read_patch_header(data, size, check);
  std::size_t at = header_size(header_);
  const std::size_t count = std::size_t(chunk_count(header_.items, header_.chunk_items));
  chunks_.reserve(count);
  std::uint64_t changed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t n = chunk_symbols(header_.items, header_.chunk_items, i);
    Chunk chunk{{}, at};
    const char* const what = read_chunk_header(data + at, size - at, check, n, chunk.header);
    if (what != nullptr) fail(i, at, what);
    check = chunk.header.check;
    changed += chunk.header.changed;
    at += kChunkHeaderSize + chunk.header.payload;
    chunks_.push_back(chunk);
  }
  if (at != size) throw CorruptData("bytes follow the last chunk of the patch", at);
  if (changed != header_.changed) {
    throw CorruptData("the chunks of the patch have another number of changes than its header", 22);
  }
}

bool PatchReader::has_sums(const unsigned char* array, int threads, bool result) const {
  const std::uint64_t item = header_.classes.kind.size;
  std::atomic<bool> same{true};
  threads::parallel_or_throw(chunks_.size(), threads, [&](std::size_t i) {
    const ChunkHeader& header = chunks_[i].header;
    const std::uint32_t n = chunk_symbols(header_.items, header_.chunk_items, i);
    const unsigned char* const from = array + std::uint64_t{i} * header_.chunk_items * item;
    const std::uint32_t sum = crc32c(0, from, n * item);
    if (sum != (result ? header.new_sum : header.old_sum)) same.store(false);
  });
  threads::require_uninterrupted();
  return same.load();
}

bool PatchReader::is_base(const unsigned char* array, int threads) const {
  return has_sums(array, threads, false);
}

bool PatchReader::is_result(const unsigned char* array, int threads) const {
  return has_sums(array, threads, true);
}

void PatchReader::apply(const unsigned char* base, unsigned char* out, bool out_is_new,
                        int threads) const {
  PYINFO_ASSERT(base == out || !memory::overlap(base, bytes(), out, bytes()));
  if (!out_is_new && !is_base(base, threads)) refuse(base, threads);
  const ClassTable table(header_.classes);
  const std::uint64_t item = header_.classes.kind.size;
  std::atomic<bool> refused{false};
  threads::parallel_or_throw(chunks_.size(), threads, [&](std::size_t i) {
    if (refused.load()) return;
    const memory::ThreadScratch<PatchScratch> scratch;
    const Chunk& chunk = chunks_[i];
    const std::uint32_t n = chunk_symbols(header_.items, header_.chunk_items, i);
    const std::uint64_t first = std::uint64_t{i} * header_.chunk_items * item;
    try {
      const char* const what =
          apply_chunk(table, chunk.header, data_ + chunk.offset + kChunkHeaderSize, base + first, n,
                      out + first, *scratch);
      if (what != nullptr) fail(i, chunk.offset, what);
    } catch (const WrongBase&) {
      refused.store(true);
    }
  });
  if (refused.load()) refuse(base, threads);
  threads::require_uninterrupted();
}

void PatchReader::refuse(const unsigned char* base, int threads) const {
  throw WrongBase(header_.changed > 0 && is_result(base, threads)
                      ? "base is not the array that the patch was made from, but the one that it "
                        "makes: the patch has been applied"
                      : "base is not the array that the patch was made from: its contents are "
                        "others");
}

}  // namespace pyinfo::coding
