// Symbols that a block's model leaves out, and where they belong.
//
// An encoder codes another symbol in their places and says in a list which places these are; a
// decoder puts them there in the end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::coding {

inline constexpr std::size_t kPatchBound = 4;  // a patch takes no more bytes
inline constexpr std::size_t kPatchUsual = 3;  // and mostly these

// Appends patches to a list in memory, in rising order of their places (below 2^21).
class PatchWriter {
 public:
  explicit PatchWriter(unsigned char* list) noexcept : list_(list), end_(list) {}

  void add(std::size_t place, std::uint8_t symbol) noexcept;
  std::uint32_t count() const noexcept { return count_; }
  const unsigned char* list() const noexcept { return list_; }
  std::size_t size() const noexcept { return std::size_t(end_ - list_); }

 private:
  unsigned char* list_;
  unsigned char* end_;
  std::size_t next_ = 0;  // the first place that the next patch may have
  std::uint32_t count_ = 0;
};

// The bytes of a list of so many patches of n symbols that begins the data; more than `size` if
// there is no such list.
std::size_t patches_size(const unsigned char* data, std::size_t size, std::uint32_t patches,
                         std::size_t n) noexcept;

// Applies the patches of a list of `size` bytes to n symbols. patches_size() has found it right,
// but that was another look at the caller's memory, which somebody else may have written to since:
// false if it is no such list any more. Nothing outside the list is read, nothing but symbols
// written.
bool apply_patches(const unsigned char* list, std::size_t size, std::uint32_t patches,
                   std::uint8_t* symbols, std::size_t n) noexcept;

// The symbols that have no frequency.
class AbsentSymbols {
 public:
  explicit AbsentSymbols(const std::uint32_t frequencies[256]) noexcept;
  // The index of the first one of them, or n.
  std::size_t find(const std::uint8_t* symbols, std::size_t n) const noexcept;

 private:
  std::uint8_t absent_[256];
};

}  // namespace pyinfo::coding
