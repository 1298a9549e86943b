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

namespace {

// Calls patch(place, symbol) for each patch and returns the bytes of the list; size + 1 as soon as
// the list is wrong.
template <class Patch>
std::size_t each_patch(const unsigned char* list, std::size_t size, std::uint32_t patches,
                       std::size_t n, Patch patch) noexcept {
  std::size_t at = 0;
  std::uint64_t next = 0;
  for (; patches > 0; --patches) {
    std::uint64_t gap;
    const std::size_t length = read_varint(list + at, size - at, gap);
    if (length == 0 || length == size - at || gap >= n - next) return size + 1;
    patch(std::size_t(next + gap), list[at + length]);
    at += length + 1;
    next += gap + 1;
  }
  return at;
}

}  // namespace

std::size_t patches_size(const unsigned char* data, std::size_t size, std::uint32_t patches,
                         std::size_t n) noexcept {
  return each_patch(data, size, patches, n, [](std::size_t, std::uint8_t) {});
}

bool apply_patches(const unsigned char* list, std::size_t size, std::uint32_t patches,
                   std::uint8_t* symbols, std::size_t n) noexcept {
  const auto patch = [symbols](std::size_t place, std::uint8_t symbol) { symbols[place] = symbol; };
  return each_patch(list, size, patches, n, patch) == size;
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
