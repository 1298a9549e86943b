#include "coding/planes.hpp"

#include <cstring>

namespace pyinfo::coding {

extern const PlanesKernels planes_kernels_portable;
#ifdef PYINFO_HAVE_AVX512
extern const PlanesKernels planes_kernels_sse4, planes_kernels_avx2, planes_kernels_avx512;
#endif

namespace {

constexpr simd::Tables<PlanesKernels> kTables = PYINFO_TABLES(planes_kernels);

const PlanesKernels& active() noexcept {
  static const PlanesKernels& kernels = kTables[simd::coder_isa()];
  return kernels;
}

}  // namespace

const PlanesKernels& planes_kernels(simd::Isa isa) noexcept { return kTables[isa]; }

void split_planes(const unsigned char* items, std::size_t n_items, std::size_t planes,
                  unsigned char* const* to) noexcept {
  if (planes == 1) {
    if (n_items > 0) std::memcpy(to[0], items, n_items);
    return;
  }
  active().split(items, n_items, planes, to);
}

void join_planes(const unsigned char* const* from, std::size_t n_items, std::size_t planes,
                 unsigned char* items) noexcept {
  if (planes == 1) {
    if (n_items > 0) std::memcpy(items, from[0], n_items);
    return;
  }
  active().join(from, n_items, planes, items);
}

std::uint32_t occurring_groups(const unsigned char* data, std::size_t size) noexcept {
  return active().occurring_groups(data, size);
}

void split_planes_reference(const unsigned char* items, std::size_t n_items, std::size_t planes,
                            unsigned char* const* to) noexcept {
  for (std::size_t i = 0; i < n_items; ++i) {
    for (std::size_t k = 0; k < planes; ++k) to[k][i] = items[i * planes + k];
  }
}

void join_planes_reference(const unsigned char* const* from, std::size_t n_items,
                           std::size_t planes, unsigned char* items) noexcept {
  for (std::size_t i = 0; i < n_items; ++i) {
    for (std::size_t k = 0; k < planes; ++k) items[i * planes + k] = from[k][i];
  }
}

std::uint32_t occurring_groups_reference(const unsigned char* data, std::size_t size) noexcept {
  std::uint32_t groups = 0;
  for (std::size_t i = 0; i < size; ++i) groups |= std::uint32_t{1} << data[i] / 8;
  return groups;
}

}  // namespace pyinfo::coding
