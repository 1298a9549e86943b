// Streams of bytes as blocks (frames/block.hpp) whose headers take two to eight bytes: a patch has
// many small ones, and a check of its own.
#pragma once

#include <cstddef>
#include <vector>

#include "coding/frames/block_plan.hpp"
#include "memory/thread_scratch.hpp"

namespace pyinfo::coding {

// Appends the blocks of n symbols, each of up to kMaxBlockSymbols.
void write_stream(const unsigned char* symbols, std::size_t n, const Settings& settings,
                  memory::ScratchBuffer& scratch, std::vector<unsigned char>& out);

// Where a reader stands in memory that somebody else may write to: nothing outside is read.
struct Cursor {
  const unsigned char* at;
  const unsigned char* end;
  std::size_t left() const noexcept { return std::size_t(end - at); }
};

// Decodes the blocks of n symbols. Returns null, or what is wrong.
const char* read_stream(Cursor& cursor, unsigned char* out, std::size_t n) noexcept;

}  // namespace pyinfo::coding
