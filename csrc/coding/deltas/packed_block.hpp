// Streams of bytes as nested blocks (frames/nested_block.hpp): a patch has many small ones, and a
// check of its own.
#pragma once

#include <cstddef>
#include <vector>

#include "coding/frames/block_plan.hpp"
#include "coding/frames/nested_block.hpp"
#include "memory/thread_scratch.hpp"

namespace pyinfo::coding {

// Appends the blocks of n symbols, each of up to kMaxBlockSymbols.
void write_stream(const unsigned char* symbols, std::size_t n, const Settings& settings,
                  memory::ScratchBuffer& scratch, std::vector<unsigned char>& out);

// Decodes the blocks of n symbols. Returns null, or what is wrong.
const char* read_stream(Cursor& cursor, unsigned char* out, std::size_t n) noexcept;

}  // namespace pyinfo::coding
