// Scratch memory that a thread keeps from one use to the next.
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "simd/assert.hpp"

namespace pyinfo::memory {

class ScratchBuffer {
 public:
  ScratchBuffer() = default;
  ScratchBuffer(const ScratchBuffer&) = delete;
  ScratchBuffer& operator=(const ScratchBuffer&) = delete;
  ~ScratchBuffer() { release(); }

  // At least `size` bytes without values, aligned to a cache line; replaces what an earlier call
  // returned.
  unsigned char* acquire(std::size_t size) {
    if (size > capacity_) {
      release();
      memory_ = static_cast<unsigned char*>(::operator new(size, kAlignment));
      capacity_ = size;
    }
    return memory_;
  }

  // Releases what is too large to be kept by a thread that may never need it again.
  void trim() noexcept {
    if (capacity_ > kLargestKept) release();
  }

 private:
  static constexpr std::size_t kLargestKept = std::size_t{4} << 20;
  static constexpr std::align_val_t kAlignment{64};

  void release() noexcept {
    ::operator delete(memory_, kAlignment);
    memory_ = nullptr;
    capacity_ = 0;
  }

  unsigned char* memory_ = nullptr;
  std::size_t capacity_ = 0;
};

// The calling thread's own Scratch, a struct with trim(), which is called after use. A thread may
// have one ThreadScratch of a type at a time.
template <class Scratch>
class ThreadScratch {
 public:
  ThreadScratch() { PYINFO_ASSERT(!std::exchange(slot().used, true)); }
  ThreadScratch(const ThreadScratch&) = delete;
  ThreadScratch& operator=(const ThreadScratch&) = delete;
  ~ThreadScratch() {
    slot().scratch.trim();
    PYINFO_ASSERT(std::exchange(slot().used, false));
  }

  Scratch& operator*() const noexcept { return slot().scratch; }
  Scratch* operator->() const noexcept { return &slot().scratch; }

 private:
  struct Slot {
    Scratch scratch;
    bool used = false;  // for the assertions
  };
  static Slot& slot() noexcept {
    thread_local Slot slot;
    return slot;
  }
};

}  // namespace pyinfo::memory
