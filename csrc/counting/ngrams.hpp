// Byte n-grams as integers, so that they can be counted as symbols.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::counting {

inline constexpr std::size_t kMaxNgram = 8;

// Bytes of the key of an n-gram: 1, 2, 4 or 8.
constexpr std::size_t ngram_key_size(std::size_t length) noexcept {
  return length <= 2 ? length : length <= 4 ? 4 : 8;
}

// The `size - length + 1` overlapping n-grams of `length` <= size bytes (at most kMaxNgram),
// the first byte being the most significant: n-grams with the same prefix are neighbours in order.
void ngram_keys(const unsigned char* data, std::size_t size, std::size_t length,
                void* keys) noexcept;

// The same in its plainest form.
void ngram_keys_reference(const unsigned char* data, std::size_t size, std::size_t length,
                          std::uint64_t* keys) noexcept;

}  // namespace pyinfo::counting
