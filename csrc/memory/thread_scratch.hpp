// Memory to work in that is kept from one use to the next.
#pragma once

#include <cstddef>
#include <new>

namespace pyinfo::memory {

class ScratchBuffer {
 public:
  ScratchBuffer() = default;
  ScratchBuffer(const ScratchBuffer&) = delete;
  ScratchBuffer& operator=(const ScratchBuffer&) = delete;
  ~ScratchBuffer() { release(); }

  // At least `size` bytes without values, aligned to a cache line. What an earlier call returned is
  // gone.
  unsigned char* acquire(std::size_t size) {
    if (size > size_) {
      release();
      memory_ = static_cast<unsigned char*>(::operator new(size, kAlignment));
      size_ = size;
    }
    return memory_;
  }

  // Gives back what is too large to be kept by a thread that may never need it again.
  void trim() noexcept {
    if (size_ > kKept) release();
  }

 private:
  static constexpr std::size_t kKept = std::size_t{4} << 20;
  static constexpr std::align_val_t kAlignment{64};

  void release() noexcept {
    ::operator delete(memory_, kAlignment);
    memory_ = nullptr;
    size_ = 0;
  }

  unsigned char* memory_ = nullptr;
  std::size_t size_ = 0;
};

// The calling thread's own Scratch, trimmed after use. One object at a time.
template <class Scratch>
class ThreadScratch {
 public:
  ThreadScratch() = default;
  ThreadScratch(const ThreadScratch&) = delete;
  ThreadScratch& operator=(const ThreadScratch&) = delete;
  ~ThreadScratch() { own().trim(); }

  Scratch& operator*() const noexcept { return own(); }
  Scratch* operator->() const noexcept { return &own(); }

 private:
  static Scratch& own() noexcept {
    thread_local Scratch scratch;
    return scratch;
  }
};

}  // namespace pyinfo::memory
