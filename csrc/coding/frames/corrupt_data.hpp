// What decoders throw.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace pyinfo::coding {

// Data that no encoder wrote: damaged, cut off, or something else altogether.
class CorruptData : public std::runtime_error {
 public:
  CorruptData(const std::string& message, std::uint64_t offset)
      : std::runtime_error(message), offset_(offset) {}

  // Where in the data: the first byte of the damaged part.
  std::uint64_t offset() const noexcept { return offset_; }

 private:
  std::uint64_t offset_;
};

// Nothing is wrong with the data but that it decodes to more bytes than the caller allowed.
class OutputTooLarge : public std::length_error {
 public:
  using std::length_error::length_error;
};

}  // namespace pyinfo::coding
