// Sorting of partitioned keys on every instruction set against its definition, in buffers without a
// key to spare.
#include <algorithm>
#include <limits>
#include <string>

#include "buffers.hpp"
#include "check.hpp"
#include "counting/strategies/partition.hpp"

namespace {

using namespace pyinfo::counting;
using pyinfo::check::Buffer;
using pyinfo::check::Random;
namespace simd = pyinfo::simd;

// Parts of 1 to `largest` keys, whose ranges touch.
void check_sort(simd::Isa isa, std::size_t n, std::size_t largest, Key top, Random& random) {
  Buffer<Key> keys(n, n % 7), expected(n);
  const Key range = top / (n + 1);
  for (std::size_t i = 0, part = 0; i < n; ++part) {
    const std::size_t size = std::min<std::size_t>(n - i, 1 + random.bits() % largest);
    for (std::size_t k = 0; k < size; ++k, ++i)
      keys[i] = top - range * (n - part) + random.bits() % (range + 1);
  }
  std::copy(keys.data(), keys.data() + n, expected.data());
  sort_partitioned_reference(expected.data(), n, largest);
  partition_kernels(isa).sort(keys.data(), n, largest);
  CHECK(std::equal(keys.data(), keys.data() + n, expected.data()),
        std::string(simd::name(isa)) + ": " + std::to_string(n) + " keys in parts of " +
            std::to_string(largest));
}

}  // namespace

int main() {
  Random random(1);
  constexpr Key kTop = std::numeric_limits<Key>::max();
  for (const simd::Isa isa : simd::kIsas) {
    if (!simd::available(isa)) continue;
    for (std::size_t n = 0; n <= 300; ++n) {
      for (const std::size_t largest : {1, 2, 3, 5, 8, 9, 24}) {
        for (const Key top : {Key{1000}, kTop}) check_sort(isa, n, largest, top, random);
      }
    }
    for (const std::size_t n : {1024, 8192}) check_sort(isa, n, 7, kTop, random);
  }
  return pyinfo::check::finish();
}
