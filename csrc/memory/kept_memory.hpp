// Large memory that is kept from one call to the next.
//
// The first write to fresh memory costs more than to count what is written: a page has to be found
// and cleared, on a virtual machine by its host, too. What malloc keeps of large memory depends on
// what else the process has freed.
#pragma once

#include <cstddef>

namespace pyinfo::counting {

inline constexpr std::size_t kHugePage = std::size_t{1} << 21;
// Memory of that size malloc fetches from the system, to begin with.
inline constexpr std::size_t kLarge = std::size_t{1} << 17;

// At least `bytes` >= kLarge bytes without values, aligned to a page, and to a huge page if they
// fill one. Throws std::bad_alloc.
void* take_large(std::size_t bytes);

// Gives back what take_large(bytes) returned. Up to 32 MiB are kept for later calls.
void give_back_large(void* memory, std::size_t bytes) noexcept;

}  // namespace pyinfo::counting
