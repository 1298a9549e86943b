#include "coding/deltas/patch_writer.hpp"

#include <cstring>
#include <stdexcept>

#include "coding/deltas/patch_chunk.hpp"
#include "coding/deltas/step_classes.hpp"
#include "coding/planes/chunks.hpp"
#include "memory/thread_scratch.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::coding {

std::size_t patch_bound(ElementKind kind, std::uint64_t items, std::size_t metadata_size) noexcept {
  // Stored as they are, elements take a byte more for each block of 2^20; a chunk of few elements
  // that were replaced may take some bytes more for what says so.
  const std::uint64_t chunks = chunk_count(items, default_chunk_items(kind));
  const std::uint64_t of_chunk = kChunkHeaderSize + 9 * kMostClasses + 4 * kind.size;
  return std::size_t(kPatchFixedSize + 2 * kMostClasses + 4 + metadata_size + items * kind.size +
                     items / 8 + (of_chunk + 2 * kMostClasses * (kind.size + 1)) * chunks);
}

std::vector<unsigned char> write_patch(ElementKind kind, const unsigned char* before,
                                       const unsigned char* after, std::uint64_t items,
                                       const std::string& metadata, int threads) {
  if (!is_element_kind(kind)) throw std::invalid_argument("there are no such elements");
  PatchHeader header;
  header.classes = choose_classes(kind, before, after, items);
  header.chunk_items = default_chunk_items(kind);
  header.items = items;
  header.metadata = metadata;
  const ClassTable table(header.classes);
  const std::size_t count = std::size_t(chunk_count(items, header.chunk_items));
  struct Chunk {
    ChunkHeader header;
    std::vector<unsigned char> bytes;
  };
  std::vector<Chunk> chunks(count);
  threads::parallel_or_throw(count, threads, [&](std::size_t i) {
    const memory::ThreadScratch<PatchScratch> scratch;
    const std::uint64_t first = std::uint64_t{i} * header.chunk_items * kind.size;
    const std::uint32_t n = chunk_symbols(items, header.chunk_items, i);
    chunks[i].header =
        write_chunk(table, before + first, after + first, n, Settings{}, *scratch, chunks[i].bytes);
    chunks[i].bytes.shrink_to_fit();
  });
  threads::require_uninterrupted();

  header.size = header_size(header);
  for (const Chunk& chunk : chunks) {
    header.changed += chunk.header.changed;
    header.size += chunk.bytes.size();
  }
  std::vector<unsigned char> patch;
  patch.reserve(std::size_t(header.size));
  std::uint32_t check = write_header(header, patch);
  for (Chunk& chunk : chunks) {
    check = write_chunk_header(chunk.header, check, chunk.bytes.data());
    patch.insert(patch.end(), chunk.bytes.begin(), chunk.bytes.end());
    std::vector<unsigned char>().swap(chunk.bytes);
  }
  PYINFO_ASSERT(patch.size() == header.size);
  return patch;
}

}  // namespace pyinfo::coding
