// Whether two stretches of memory have a byte in common.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::memory {

inline bool overlap(const void* a, std::size_t a_size, const void* b, std::size_t b_size) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(a);
  const auto second = reinterpret_cast<std::uintptr_t>(b);
  return a_size > 0 && b_size > 0 && first < second + b_size && second < first + a_size;
}

}  // namespace pyinfo::memory
