// The blocks of a frame, of any mode: those of block.hpp, and those of few or of very uneven
// symbols, which nest blocks of these modes (docs/format.md).
//
// digits: up to 16 symbols, several of them as the digits of a byte. u8 the number of symbols, or
//   0x82 for two of them as edges; the symbols; the bytes as a nested block.
// bitmap: u8 1 if the bitmap has edges, else 0; u8 the usual symbol; varint how many others there
//   are; the bitmap as a nested block; the others as a nested block, digits perhaps.
#pragma once

#include <cstddef>

#include "coding/frames/block.hpp"

namespace pyinfo::coding {

// Codes n symbols, 1 .. kMaxBlockSymbols, like encode_block(), in any mode.
void encode_frame_block(const unsigned char* symbols, std::size_t n, const Settings& settings,
                        unsigned char* end, CodedBlock& block);

// Decodes like decode_block(), in any mode. Memory for at most two bytes per symbol is asked for,
// which may throw std::bad_alloc.
const char* decode_frame_block(Mode mode, unsigned log_lanes, unsigned patches,
                               const unsigned char* payload, std::size_t size, unsigned char* out,
                               std::size_t n);

}  // namespace pyinfo::coding
