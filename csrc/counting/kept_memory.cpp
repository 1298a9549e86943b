#include "counting/kept_memory.hpp"

#include <atomic>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pyinfo::counting {
namespace {

constexpr std::size_t kPlaces = 4;
constexpr std::size_t kLargestKept = std::size_t{8} << 20;
constexpr std::align_val_t kAlignment{kHugePage};

struct Kept {
  void* memory;
  std::size_t bytes;
};
Kept kept[kPlaces];
std::size_t next_place;

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

std::size_t whole_pages(std::size_t bytes) noexcept {
  return (bytes + kHugePage - 1) / kHugePage * kHugePage;
}

}  // namespace

void* take_large(std::size_t bytes) {
  const std::size_t size = whole_pages(bytes);
  if (const Entry entry; entry) {
    for (Kept& place : kept) {
      if (place.bytes == size) return std::exchange(place, Kept{}).memory;
    }
  }
  void* const memory = ::operator new(size, kAlignment);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

void give_back_large(void* memory, std::size_t bytes) noexcept {
  const std::size_t size = whole_pages(bytes);
  if (size <= kLargestKept) {
    if (const Entry entry; entry) {
      const Kept given{memory, size};
      memory = std::exchange(kept[next_place++ % kPlaces], given).memory;
    }
  }
  ::operator delete(memory, kAlignment);
}

}  // namespace pyinfo::counting
