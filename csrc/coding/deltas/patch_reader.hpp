// A patch in memory: looked at, and applied to the array that it was made from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coding/deltas/patch_chunk.hpp"
#include "coding/deltas/patch_format.hpp"

namespace pyinfo::coding {

class PatchReader {
 public:
  // Throws CorruptData unless it is a patch, whole, and all its checks are right. The data must
  // stay; nothing outside is read whatever becomes of them.
  PatchReader(const unsigned char* data, std::size_t size);

  const PatchHeader& header() const noexcept { return header_; }
  std::uint64_t bytes() const noexcept { return header_.items * header_.classes.kind.size; }

  // Whether the array, of bytes() bytes, is the one that the patch was made from, or the one it
  // makes. 0 threads: one per core.
  bool is_base(const unsigned char* array, int threads) const;
  bool is_result(const unsigned char* array, int threads) const;

  // Writes what the patch makes of `base` to `out`, which is `base` itself or does not overlap it,
  // both of bytes() bytes. Throws WrongBase if it is made for another array, CorruptData, and
  // threads::Interrupted; `out` is unspecified after the latter two. Before WrongBase nothing is
  // written, unless `out` is memory that nobody has seen yet: to be sure costs a pass over `base`.
  void apply(const unsigned char* base, unsigned char* out, bool out_is_new, int threads) const;

 private:
  struct Chunk {
    ChunkHeader header;
    std::size_t offset;
  };
  [[noreturn]] void refuse(const unsigned char* base, int threads) const;
  bool has_sums(const unsigned char* array, int threads, bool result) const;

  const unsigned char* data_;
  PatchHeader header_;
  std::vector<Chunk> chunks_;
};

}  // namespace pyinfo::coding
