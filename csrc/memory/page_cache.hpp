// A cache of large memory: what is released is handed out again by later calls.
//
// The first write to fresh memory costs more than to count what is written: a page has to be found
// and cleared, on a virtual machine by its host, too. What malloc keeps of large memory depends on
// what else the process has freed.
#pragma once

#include <cstddef>

namespace pyinfo::memory {

inline constexpr std::size_t kHugePage = std::size_t{1} << 21;
// The least that is cached. Memory of that size malloc fetches from the system, to begin with.
inline constexpr std::size_t kMinPages = std::size_t{1} << 17;

// At least `bytes` >= kMinPages bytes without values, aligned to a page, and to a huge page if
// they fill one. Throws std::bad_alloc.
void* acquire_pages(std::size_t bytes);

// Asks for huge pages where these bytes, part of one allocation, fill some. Advice: it may not be
// followed.
void advise_huge_pages(void* memory, std::size_t bytes) noexcept;

// Releases what acquire_pages(bytes) returned. The cache holds up to 32 MiB.
void release_pages(void* memory, std::size_t bytes) noexcept;

}  // namespace pyinfo::memory
