// CRC-32C: published values, and every instruction set against the definition.
#include <cstring>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/frames/checksum.hpp"

namespace {

using pyinfo::check::Buffer;
namespace coding = pyinfo::coding;
namespace simd = pyinfo::simd;

void published_values() {
  const auto of = [](const std::vector<unsigned char>& bytes) {
    return coding::crc32c(0, bytes.data(), bytes.size());
  };
  const char digits[] = "123456789";
  CHECK(of(std::vector<unsigned char>(digits, digits + 9)) == 0xe3069283u, "the check value");
  CHECK(of({}) == 0, "no bytes");
  // RFC 3720, B.4
  CHECK(of(std::vector<unsigned char>(32, 0)) == 0x8a9136aau, "zeros");
  CHECK(of(std::vector<unsigned char>(32, 0xff)) == 0x62a8ab43u, "ones");
  std::vector<unsigned char> rising(32);
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<unsigned char>(i);
  CHECK(of(rising) == 0x46dd794eu, "rising bytes");
}

void against_the_definition(simd::Isa isa) {
  const coding::ChecksumKernels& kernels = coding::checksum_kernels(isa);
  pyinfo::check::Random random(7);
  for (std::size_t size = 0; size <= 20000; size += size < 900 ? 1 : 1733) {
    Buffer<unsigned char> data(size, size % 11);
    for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<unsigned char>(random.bits());
    const std::uint32_t seed = size % 3 == 0 ? 0 : std::uint32_t(random.bits());
    const std::uint32_t expected = coding::crc32c_reference(seed, data.data(), size);
    const std::string what = std::string(simd::name(isa)) + ", " + std::to_string(size) + " bytes";
    CHECK(kernels.crc32c(seed, data.data(), size) == expected, what);
    Buffer<unsigned char> copy(size, size % 5);
    CHECK(kernels.crc32c_copy(seed, data.data(), size, copy.data()) == expected, what);
    CHECK(size == 0 || std::memcmp(copy.data(), data.data(), size) == 0, what);
    const std::size_t cut = size == 0 ? 0 : random.bits() % size;
    const std::uint32_t first = kernels.crc32c(seed, data.data(), cut);
    CHECK(kernels.crc32c(first, data.data() + cut, size - cut) == expected, what + ", in two");
  }
}

}  // namespace

int main() {
  published_values();
  for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
    const simd::Isa isa = static_cast<simd::Isa>(i);
    if (simd::available(isa) && coding::checksum_isa(simd::coder_isa(isa)) == isa)
      against_the_definition(isa);
  }
  return pyinfo::check::finish();
}
