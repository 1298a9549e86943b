#include "counting/ngrams.hpp"

#include <cstring>

#include "simd/assert.hpp"

namespace pyinfo::counting {
namespace {

std::uint64_t ngram(const unsigned char* data, std::size_t length) noexcept {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < length; ++i) key = key << 8 | data[i];
  return key;
}

// Compilers make one load and a byte swap of it.
std::uint64_t eight_bytes(const unsigned char* data) noexcept {
  return std::uint64_t(data[0]) << 56 | std::uint64_t(data[1]) << 48 |
         std::uint64_t(data[2]) << 40 | std::uint64_t(data[3]) << 32 |
         std::uint64_t(data[4]) << 24 | std::uint64_t(data[5]) << 16 | std::uint64_t(data[6]) << 8 |
         std::uint64_t(data[7]);
}

template <class Key>
void fill(const unsigned char* data, std::size_t size, std::size_t length, void* keys) noexcept {
  const std::size_t count = size - length + 1;
  const int unwanted = int(8 * (8 - length));
  char* const out = static_cast<char*>(keys);
  std::size_t i = 0;
  for (; i + 8 <= size && i < count; ++i) {
    const Key key = Key(eight_bytes(data + i) >> unwanted);
    std::memcpy(out + i * sizeof key, &key, sizeof key);
  }
  for (; i < count; ++i) {
    const Key key = Key(ngram(data + i, length));
    std::memcpy(out + i * sizeof key, &key, sizeof key);
  }
}

}  // namespace

void ngram_keys(const unsigned char* data, std::size_t size, std::size_t length,
                void* keys) noexcept {
  PYINFO_ASSERT(length >= 1 && length <= kMaxNgram && length <= size);
  switch (ngram_key_size(length)) {
    case 1:
      return fill<std::uint8_t>(data, size, length, keys);
    case 2:
      return fill<std::uint16_t>(data, size, length, keys);
    case 4:
      return fill<std::uint32_t>(data, size, length, keys);
    default:
      return fill<std::uint64_t>(data, size, length, keys);
  }
}

void ngram_keys_reference(const unsigned char* data, std::size_t size, std::size_t length,
                          std::uint64_t* keys) noexcept {
  for (std::size_t i = 0; i + length <= size; ++i) keys[i] = ngram(data + i, length);
}

}  // namespace pyinfo::counting
