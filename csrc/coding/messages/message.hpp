// Messages: what HuffmanCode.encode and RansModel.encode return.
//
//   u8       log2(lanes) | kind of code << 4  (1 Huffman, 2 rANS); 0 for an empty message
//   1-9 x u8 number of symbols n, LEB128: 7 bits a byte, lowest first, no byte more than needed
//   u32      CRC-32C of what precedes and what follows, continuing from the code's identity
//   payload  of the lanes (lanes.hpp), to the end; none for an empty message
//
// The code itself is known to both sides; its identity in the checksum tells messages of another.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/messages/symbol_code.hpp"

namespace pyinfo::coding {

// The memory that encode_message needs for n symbols.
std::size_t message_capacity(const SymbolCode& code, std::size_t n);

// Encodes n symbols to a message that ends at `end`, with message_capacity(code, n) bytes of memory
// before that; returns where it begins. Throws std::invalid_argument naming the first symbol that
// has no code, or if there are too many.
unsigned char* encode_message(const SymbolCode& code, const void* symbols, std::size_t n,
                              unsigned char* end);

// A message of `code`, its checksum verified.
struct Message {
  std::size_t symbols;
  unsigned lanes;
  const unsigned char* payload;
  std::size_t payload_size;
  std::size_t payload_offset;
};

// Throws CorruptData unless `data` is a message of `code`, and one that may have so many symbols.
Message read_message(const SymbolCode& code, const unsigned char* data, std::size_t size);

// Decodes to `out`, memory for message.symbols. Throws CorruptData.
void decode_message(const SymbolCode& code, const Message& message, void* out);

}  // namespace pyinfo::coding
