#include "coding/frames/checksum.hpp"

#include "memory/overlap.hpp"
#include "simd/assert.hpp"
#include "simd/changing_isa.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(ChecksumKernels, checksum_kernels)

simd::Isa checksum_isa(simd::Isa isa) noexcept {
  return isa == simd::Isa::neon && !simd::has_arm_crc() ? simd::Isa::portable : isa;
}

const char* reason_of_checksum_isa(simd::Isa isa) noexcept {
  return checksum_isa(isa) == isa ? "as the coders"
                                  : "this processor lacks the instructions for CRCs";
}

namespace {

const ChecksumKernels& active() noexcept {
  PYINFO_CHOSEN_ONCE const ChecksumKernels& kernels =
      checksum_kernels(checksum_isa(simd::coder_isa()));
  return kernels;
}

}  // namespace

std::uint32_t crc32c(std::uint32_t seed, const unsigned char* data, std::size_t size) noexcept {
  return active().crc32c(seed, data, size);
}

std::uint32_t crc32c_copy(std::uint32_t seed, const unsigned char* data, std::size_t size,
                          unsigned char* to) noexcept {
  PYINFO_ASSERT(!memory::overlap(data, size, to, size));
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
