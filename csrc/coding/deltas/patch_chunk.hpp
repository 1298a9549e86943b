// One chunk of a patch: coded in whichever way is smallest, and applied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "coding/deltas/patch_format.hpp"
#include "coding/deltas/steps.hpp"
#include "coding/frames/block_plan.hpp"
#include "memory/buffer.hpp"
#include "memory/thread_scratch.hpp"

namespace pyinfo::coding {

// The array is not the one that a patch was made from.
class WrongBase : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

// Memory that grows and keeps what is in it.
class Room {
 public:
  unsigned char* data() noexcept { return memory_.data(); }
  // Room for `size` bytes, of which the first `used` are kept.
  void reserve(std::size_t size, std::size_t used);
  // Lets go of much memory: to the page cache, where the next chunk finds it.
  void trim() noexcept;

 private:
  memory::Buffer<unsigned char> memory_;
};

// What a thread works in.
struct PatchScratch {
  memory::ScratchBuffer before, after;  // pieces of the arrays
  memory::ScratchBuffer coded;
  Room planes, items;
  Room bits[kMostClasses], steps[kMostClasses];

  void trim() noexcept;
};

// Appends the chunk of n elements, its check still open. Reads the caller's memory once, so that
// what it says of them is true of some state of each, whatever somebody else writes meanwhile.
ChunkHeader write_chunk(const ClassTable& table, const unsigned char* before,
                        const unsigned char* after, std::size_t n, const Settings& settings,
                        PatchScratch& scratch, std::vector<unsigned char>& out);

// Applies a chunk whose check has been found right to n elements; `out` may be `before`. Throws
// WrongBase if these are other ones than the patch was made from. Returns null, or what is wrong
// with the payload; in neither case is anything written that could not be read.
const char* apply_chunk(const ClassTable& table, const ChunkHeader& header,
                        const unsigned char* payload, const unsigned char* before, std::size_t n,
                        unsigned char* out, PatchScratch& scratch);

}  // namespace pyinfo::coding
