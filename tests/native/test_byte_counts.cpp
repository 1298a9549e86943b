// The fast histogram against its definition, in buffers without a byte to spare.
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "counting/byte_counts.hpp"

int main() {
  using pyinfo::check::Buffer;
  using pyinfo::counting::kByteValues;
  pyinfo::check::Random random(1);
  for (const std::size_t itemsize : {1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 40}) {
    for (std::size_t items = 0; items <= 5000; items += items < 300 ? 1 : 997) {
      Buffer<unsigned char> data(items * itemsize, items % 9);
      for (std::size_t i = 0; i < data.size(); ++i)
        data[i] = static_cast<unsigned char>(random.bits());
      std::vector<std::uint64_t> fast(itemsize * kByteValues, 5);
      std::vector<std::uint64_t> plain(itemsize * kByteValues, 5);
      pyinfo::counting::byte_counts(data.data(), items, itemsize, fast.data());
      pyinfo::counting::byte_counts_reference(data.data(), items, itemsize, plain.data());
      CHECK(fast == plain, std::to_string(items) + " items of " + std::to_string(itemsize));
    }
  }
  return pyinfo::check::finish();
}
