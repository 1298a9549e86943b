#include "coding/frames/checksum.hpp"

namespace pyinfo::coding {

extern const ChecksumKernels checksum_kernels_portable;
#ifdef PYINFO_HAVE_AVX512
extern const ChecksumKernels checksum_kernels_sse4, checksum_kernels_avx2, checksum_kernels_avx512;
#endif

namespace {

constexpr simd::Tables<ChecksumKernels> kTables = PYINFO_TABLES(checksum_kernels);

const ChecksumKernels& active() noexcept {
  static const ChecksumKernels& kernels = kTables[simd::coder_isa()];
  return kernels;
}

}  // namespace

const ChecksumKernels& checksum_kernels(simd::Isa isa) noexcept { return kTables[isa]; }

std::uint32_t crc32c(std::uint32_t seed, const unsigned char* data, std::size_t size) noexcept {
  return active().crc32c(seed, data, size);
}

std::uint32_t crc32c_copy(std::uint32_t seed, const unsigned char* data, std::size_t size,
                          unsigned char* to) noexcept {
  return active().crc32c_copy(seed, data, size, to);
}

std::uint32_t crc32c_reference(std::uint32_t seed, const unsigned char* data,
                               std::size_t size) noexcept {
  std::uint32_t crc = ~seed;
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  return ~crc;
}

}  // namespace pyinfo::coding
