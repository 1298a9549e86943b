// The fast histogram against its definition, in buffers without a byte to spare.
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "counting/byte_counts.hpp"

namespace {

using pyinfo::check::Buffer;

// Bytes of `values` values from `first` on; every `outliers`th place has any byte.
void check_close(std::size_t n, unsigned first, unsigned values, std::size_t outliers,
                 pyinfo::check::Random& random) {
  Buffer<unsigned char> data(n, n % 9);
  for (std::size_t i = 0; i < n; ++i) {
    const auto bits = random.bits();
    const bool outlier = outliers != 0 && i % outliers == outliers - 1;
    data[i] = static_cast<unsigned char>(outlier ? bits : first + bits % values);
  }
  std::vector<std::uint64_t> fast(pyinfo::counting::kByteValues, 5);
  std::vector<std::uint64_t> plain(pyinfo::counting::kByteValues, 5);
  pyinfo::counting::byte_counts(data.data(), n, 1, fast.data());
  pyinfo::counting::byte_counts_reference(data.data(), n, 1, plain.data());
  CHECK(fast == plain, std::to_string(n) + " bytes of " + std::to_string(values) + " values from " +
                           std::to_string(first));
}

}  // namespace

int main() {
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
  // Values that lie close together, at the edges of the alphabet and beyond the window.
  for (const std::size_t n : {65535, 65536, 65537, 69631, 150001}) {
    for (const unsigned values : {1u, 2u, 63u, 64u, 65u}) {
      for (const unsigned first : {0u, 1u, 100u, 191u, 256u - values}) {
        for (const std::size_t outliers : {0, 3, 9000, 50000}) {
          check_close(n, first, values, outliers, random);
        }
      }
    }
  }
  return pyinfo::check::finish();
}
