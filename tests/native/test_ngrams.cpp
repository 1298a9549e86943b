// Byte n-grams as integers, against the definition, in buffers without a byte to spare.
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "counting/ngrams.hpp"

namespace {

template <class Key>
std::vector<std::uint64_t> keys(const pyinfo::check::Buffer<unsigned char>& data,
                                std::size_t length) {
  pyinfo::check::Buffer<Key> found(data.size() - length + 1);
  pyinfo::counting::ngram_keys(data.data(), data.size(), length, found.data());
  return std::vector<std::uint64_t>(found.data(), found.data() + found.size());
}

}  // namespace

int main() {
  pyinfo::check::Random random(1);
  for (std::size_t length = 1; length <= pyinfo::counting::kMaxNgram; ++length) {
    for (std::size_t size = length; size <= 60; ++size) {
      pyinfo::check::Buffer<unsigned char> data(size, size % 5);
      for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<unsigned char>(random.bits());
      std::vector<std::uint64_t> plain(size - length + 1);
      pyinfo::counting::ngram_keys_reference(data.data(), size, length, plain.data());
      const std::size_t width = pyinfo::counting::ngram_key_size(length);
      const auto fast = width == 1   ? keys<std::uint8_t>(data, length)
                        : width == 2 ? keys<std::uint16_t>(data, length)
                        : width == 4 ? keys<std::uint32_t>(data, length)
                                     : keys<std::uint64_t>(data, length);
      CHECK(fast == plain, std::to_string(length) + " of " + std::to_string(size));
    }
  }
  return pyinfo::check::finish();
}
