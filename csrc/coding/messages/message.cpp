#include "coding/messages/message.hpp"

#include <cstring>
#include <stdexcept>
#include <string>

#include "coding/frames/checksum.hpp"
#include "coding/frames/corrupt_data.hpp"
#include "coding/frames/varint.hpp"
#include "coding/lanes/lanes.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {
namespace {

constexpr std::size_t kChecksumSize = 4;
constexpr std::size_t kHeaderBound = 1 + kVarintBound + kChecksumSize;

std::uint32_t checksum_of(const SymbolCode& code, const unsigned char* header, std::size_t size,
                          const unsigned char* payload, std::size_t payload_size) noexcept {
  return crc32c(crc32c(code.identity(), header, size), payload, payload_size);
}

std::uint32_t value_at(const SymbolCode& code, const void* symbols, std::size_t i) noexcept {
  return code.symbol_size() == 1 ? static_cast<const std::uint8_t*>(symbols)[i]
                                 : static_cast<const std::uint16_t*>(symbols)[i];
}

}  // namespace

std::size_t message_capacity(const SymbolCode& code, std::size_t n) {
  return kHeaderBound + encode_capacity(n, code.max_lanes());
}

unsigned char* encode_message(const SymbolCode& code, const void* symbols, std::size_t n,
                              unsigned char* end) {
  if (n > code.max_message()) {
    throw std::invalid_argument("a message of this code has at most " +
                                std::to_string(code.max_message()) + " symbols, not " +
                                std::to_string(n));
  }
  const std::size_t absent = code.find_absent(symbols, n);
  if (absent < n) {
    throw std::invalid_argument("symbols[" + std::to_string(absent) + "] = " +
                                std::to_string(value_at(code, symbols, absent)) + " has no code");
  }
  unsigned char header[kHeaderBound] = {};
  unsigned char* payload = end;
  if (n > 0) {
    const unsigned lanes = code.lanes(symbols, n);
    payload = code.encode(lanes, symbols, n, end);
    header[0] = static_cast<unsigned char>(log2_lanes(lanes) | unsigned(code.kind()) << 4);
  }
  const std::size_t size = 1 + write_varint(n, header + 1);
  store32(header + size, checksum_of(code, header, size, payload, std::size_t(end - payload)));
  unsigned char* const begin = payload - (size + kChecksumSize);
  std::memcpy(begin, header, size + kChecksumSize);
  return begin;
}

Message read_message(const SymbolCode& code, const unsigned char* data, std::size_t size) {
  std::uint64_t symbols = 0;
  const std::size_t number_size = size == 0 ? 0 : read_varint(data + 1, size - 1, symbols);
  const std::size_t header_size = 1 + number_size;
  if (number_size == 0 || size - header_size < kChecksumSize) {
    throw CorruptData("the message of " + std::to_string(size) + " bytes has no complete header",
                      0);
  }
  const std::size_t payload_offset = header_size + kChecksumSize;
  const Message message{std::size_t(symbols), 1u << (data[0] & 15), data + payload_offset,
                        size - payload_offset, payload_offset};
  const std::uint32_t checksum =
      checksum_of(code, data, header_size, message.payload, message.payload_size);
  if (load32(data + header_size) != checksum) {
    throw CorruptData("the checksum does not match: the message is damaged, or of another code",
                      header_size);
  }
  const unsigned kind = symbols == 0 ? 0 : unsigned(code.kind());
  if (data[0] >> 4 != kind || (symbols == 0 && data[0] != 0) || message.lanes > code.max_lanes()) {
    throw CorruptData("the message is of another kind of code", 0);
  }
  if (symbols == 0 ? message.payload_size != 0
                   : symbols > code.max_symbols(message.payload_size, message.lanes)) {
    throw CorruptData("a payload of " + std::to_string(message.payload_size) +
                          " bytes cannot hold " + std::to_string(symbols) + " symbols",
                      1);
  }
  return message;
}

void decode_message(const SymbolCode& code, const Message& message, void* out) {
  PYINFO_ASSERT(message.lanes <= code.max_lanes());
  if (message.symbols == 0) return;
  const char* const problem =
      code.decode(message.lanes, message.payload, message.payload_size, out, message.symbols);
  if (problem != nullptr) {
    throw CorruptData(std::string("the payload is damaged: ") + problem, message.payload_offset);
  }
}

}  // namespace pyinfo::coding
