#include "memory/page_cache.hpp"

#include <atomic>
#include <cstdint>
#include <new>
#include <utility>

#include "simd/assert.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace pyinfo::memory {
namespace {

constexpr std::size_t kSlots = 16;
constexpr std::size_t kLargestCached = std::size_t{8} << 20;
constexpr std::size_t kCapacity = std::size_t{32} << 20;

struct Slot {
  void* memory;
  std::size_t bytes;
};
Slot slots[kSlots];
std::size_t next_slot;
std::size_t cached_bytes;

// A lock that is tried once: who does not get it does without the cache. So nobody waits, and a
// process that was forked while another thread held it only loses what is cached.
std::atomic_flag locked = ATOMIC_FLAG_INIT;

class TryLock {
 public:
  TryLock() noexcept : owns_(!locked.test_and_set(std::memory_order_acquire)) {}
  TryLock(const TryLock&) = delete;
  TryLock& operator=(const TryLock&) = delete;
  ~TryLock() {
    if (owns_) locked.clear(std::memory_order_release);
  }
  explicit operator bool() const noexcept { return owns_; }

 private:
  bool owns_;
};

// Whole huge pages, or a power of two.
std::size_t rounded(std::size_t bytes) noexcept {
  if (bytes > kHugePage / 2) return (bytes + kHugePage - 1) / kHugePage * kHugePage;
  std::size_t size = kMinPages;
  while (size < bytes) size *= 2;
  return size;
}

std::align_val_t alignment(std::size_t size) noexcept {
  return std::align_val_t{size >= kHugePage ? kHugePage : 4096};
}

void evict(Slot& slot) noexcept {
  const Slot old = std::exchange(slot, Slot{});
  cached_bytes -= old.bytes;
  if (old.memory != nullptr) ::operator delete(old.memory, alignment(old.bytes));
}

}  // namespace

void* acquire_pages(std::size_t bytes) {
  PYINFO_ASSERT(bytes >= kMinPages);
  const std::size_t size = rounded(bytes);
  if (const TryLock lock; lock) {
    for (Slot& slot : slots) {
      if (slot.bytes != size) continue;
      cached_bytes -= size;
      return std::exchange(slot, Slot{}).memory;
    }
  }
  void* const memory = ::operator new(size, alignment(size));
  if (size >= kHugePage) advise_huge_pages(memory, size);
  return memory;
}

void advise_huge_pages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Whole pages, also those that the bytes share: a huge page has to lie within the advice.
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(memory);
  const std::size_t before = begin % page;
  madvise(static_cast<unsigned char*>(memory) - before, before + bytes, MADV_HUGEPAGE);
#endif
}

void release_pages(void* memory, std::size_t bytes) noexcept {
  PYINFO_ASSERT(memory != nullptr && bytes >= kMinPages);
  const std::size_t size = rounded(bytes);
  PYINFO_ASSERT(reinterpret_cast<std::uintptr_t>(memory) % std::size_t(alignment(size)) == 0);
  if (size <= kLargestCached) {
    if (const TryLock lock; lock) {
      // The oldest are evicted.
      Slot& slot = slots[next_slot];
      evict(slot);
      for (std::size_t i = 1; i < kSlots && cached_bytes + size > kCapacity; ++i)
        evict(slots[(next_slot + i) % kSlots]);
      slot = {memory, size};
      cached_bytes += size;
      next_slot = (next_slot + 1) % kSlots;
      return;
    }
  }
  ::operator delete(memory, alignment(size));
}

}  // namespace pyinfo::memory
