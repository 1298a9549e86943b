#include "coding/frames/patches.hpp"

#include "coding/frames/varint.hpp"
#include "simd/assert.hpp"

namespace pyinfo::coding {

void PatchWriter::add(std::size_t place, std::uint8_t symbol) noexcept {
  PYINFO_ASSERT(place >= next_ && place < std::size_t{1} << 21);
  end_ += write_varint(place - next_, end_);
  *end_++ = symbol;
  next_ = place + 1;
  ++count_;
}

std::size_t patches_size(const unsigned char* data, std::size_t size, std::uint32_t patches,
                         std::size_t n) noexcept {
  std::size_t at = 0;
  std::uint64_t next = 0;
  for (; patches > 0; --patches) {
    std::uint64_t gap;
    const std::size_t length = read_varint(data + at, size - at, gap);
    if (length == 0 || length == size - at || gap >= n - next) return size + 1;
    at += length + 1;
    next += gap + 1;
  }
  return at;
}

void apply_patches(const unsigned char* list, std::uint32_t patches,
                   std::uint8_t* symbols) noexcept {
  for (; patches > 0; --patches) {
    std::uint64_t gap;
    list += read_varint(list, kPatchBound, gap);
    symbols[gap] = *list++;
    symbols += gap + 1;
  }
}

AbsentSymbols::AbsentSymbols(const std::uint32_t frequencies[256]) noexcept {
  for (std::size_t s = 0; s < 256; ++s) absent_[s] = frequencies[s] == 0;
}

std::size_t AbsentSymbols::find(const std::uint8_t* symbols, std::size_t n) const noexcept {
  constexpr std::size_t block = 64;
  std::size_t i = 0;
  for (; n - i >= block; i += block) {
    std::uint8_t any = 0;
    for (std::size_t k = 0; k < block; ++k) any |= absent_[symbols[i + k]];
    if (any != 0) break;
  }
  while (i < n && absent_[symbols[i]] == 0) ++i;
  return i;
}

}  // namespace pyinfo::coding
