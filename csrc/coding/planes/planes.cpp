#include "coding/planes/planes.hpp"

#include <cstring>

#include "memory/overlap.hpp"
#include "simd/assert.hpp"
#include "simd/changing_isa.hpp"

namespace pyinfo::coding {

PYINFO_KERNEL_TABLES(PlanesKernels, planes_kernels)

namespace {

const PlanesKernels& active() noexcept {
  PYINFO_CHOSEN_ONCE const PlanesKernels& kernels = planes_kernels(simd::coder_isa());
  return kernels;
}

// Whether the items are memory of their own, and can be taken apart like this.
[[maybe_unused]] bool can_be_split(const unsigned char* items, std::size_t n_items,
                                   std::size_t planes, bool rotated,
                                   const unsigned char* const* apart) noexcept {
  if (planes < 1 || (rotated && !can_be_rotated(planes))) return false;
  for (std::size_t k = 0; k < planes; ++k)
    if (memory::overlap(items, n_items * planes, apart[k], n_items)) return false;
  return true;
}

}  // namespace

void split_planes(const unsigned char* items, std::size_t n_items, std::size_t planes, bool rotated,
                  unsigned char* const* to) noexcept {
  PYINFO_ASSERT(can_be_split(items, n_items, planes, rotated, to));
  if (planes == 1) {
    if (n_items > 0) std::memcpy(to[0], items, n_items);
    return;
  }
  active().split(items, n_items, planes, rotated, to);
}

void join_planes(const unsigned char* const* from, std::size_t n_items, std::size_t planes,
                 bool rotated, unsigned char* items) noexcept {
  PYINFO_ASSERT(can_be_split(items, n_items, planes, rotated, from));
  if (planes == 1) {
    if (n_items > 0) std::memcpy(items, from[0], n_items);
    return;
  }
  active().join(from, n_items, planes, rotated, items);
}

std::uint32_t occurring_groups(const unsigned char* data, std::size_t size) noexcept {
  return active().occurring_groups(data, size);
}

namespace {

// A little-endian number of `size` bytes, at most 8.
std::uint64_t load_number(const unsigned char* bytes, std::size_t size) noexcept {
  PYINFO_ASSERT(size <= 8);
  std::uint64_t number = 0;
  for (std::size_t k = 0; k < size; ++k) number |= std::uint64_t{bytes[k]} << 8 * k;
  return number;
}

void store_number(unsigned char* bytes, std::size_t size, std::uint64_t number) noexcept {
  for (std::size_t k = 0; k < size; ++k) bytes[k] = static_cast<unsigned char>(number >> 8 * k);
}

}  // namespace

void split_planes_reference(const unsigned char* items, std::size_t n_items, std::size_t planes,
                            bool rotated, unsigned char* const* to) noexcept {
  for (std::size_t i = 0; i < n_items; ++i) {
    const unsigned char* const item = items + i * planes;
    if (!rotated) {
      for (std::size_t k = 0; k < planes; ++k) to[k][i] = item[k];
      continue;
    }
    const std::uint64_t number = load_number(item, planes);
    const std::uint64_t turned = number << 1 | number >> (8 * planes - 1);
    for (std::size_t k = 0; k < planes; ++k) to[k][i] = static_cast<unsigned char>(turned >> 8 * k);
  }
}

void join_planes_reference(const unsigned char* const* from, std::size_t n_items,
                           std::size_t planes, bool rotated, unsigned char* items) noexcept {
  for (std::size_t i = 0; i < n_items; ++i) {
    unsigned char* const item = items + i * planes;
    for (std::size_t k = 0; k < planes; ++k) item[k] = from[k][i];
    if (rotated) {
      const std::uint64_t number = load_number(item, planes);
      store_number(item, planes, number >> 1 | number << (8 * planes - 1));
    }
  }
}

std::uint32_t occurring_groups_reference(const unsigned char* data, std::size_t size) noexcept {
  std::uint32_t groups = 0;
  for (std::size_t i = 0; i < size; ++i) groups |= std::uint32_t{1} << data[i] / 8;
  return groups;
}

}  // namespace pyinfo::coding
