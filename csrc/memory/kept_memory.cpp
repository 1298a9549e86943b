#include "memory/kept_memory.hpp"

#include <atomic>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pyinfo::counting {
namespace {

constexpr std::size_t kPlaces = 16;
constexpr std::size_t kLargestKept = std::size_t{8} << 20;
constexpr std::size_t kMostKept = std::size_t{32} << 20;

struct Kept {
  void* memory;
  std::size_t bytes;
};
Kept kept[kPlaces];
std::size_t next_place;
std::size_t kept_bytes;

// Who does not get in at once does without. So nobody waits, and a process that was forked while
// another thread was inside only loses what is kept.
std::atomic_flag busy = ATOMIC_FLAG_INIT;

class Entry {
 public:
  Entry() noexcept : inside_(!busy.test_and_set(std::memory_order_acquire)) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() {
    if (inside_) busy.clear(std::memory_order_release);
  }
  explicit operator bool() const noexcept { return inside_; }

 private:
  bool inside_;
};

// Whole huge pages, or a power of two.
std::size_t rounded(std::size_t bytes) noexcept {
  if (bytes > kHugePage / 2) return (bytes + kHugePage - 1) / kHugePage * kHugePage;
  std::size_t size = kLarge;
  while (size < bytes) size *= 2;
  return size;
}

std::align_val_t alignment(std::size_t size) noexcept {
  return std::align_val_t{size >= kHugePage ? kHugePage : 4096};
}

void release(Kept& place) noexcept {
  const Kept old = std::exchange(place, Kept{});
  kept_bytes -= old.bytes;
  if (old.memory != nullptr) ::operator delete(old.memory, alignment(old.bytes));
}

}  // namespace

void* take_large(std::size_t bytes) {
  const std::size_t size = rounded(bytes);
  if (const Entry entry; entry) {
    for (Kept& place : kept) {
      if (place.bytes != size) continue;
      kept_bytes -= size;
      return std::exchange(place, Kept{}).memory;
    }
  }
  void* const memory = ::operator new(size, alignment(size));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (size >= kHugePage) madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

void give_back_large(void* memory, std::size_t bytes) noexcept {
  const std::size_t size = rounded(bytes);
  if (size <= kLargestKept) {
    if (const Entry entry; entry) {
      // The oldest make room.
      Kept& place = kept[next_place];
      release(place);
      for (std::size_t i = 1; i < kPlaces && kept_bytes + size > kMostKept; ++i)
        release(kept[(next_place + i) % kPlaces]);
      place = {memory, size};
      kept_bytes += size;
      next_place = (next_place + 1) % kPlaces;
      return;
    }
  }
  ::operator delete(memory, alignment(size));
}

}  // namespace pyinfo::counting
