// Memory to work in that is kept from one use to the next.
#pragma once

#include <cstddef>
#include <new>

namespace pyinfo::coding {

class WorkMemory {
 public:
  WorkMemory() = default;
  WorkMemory(const WorkMemory&) = delete;
  WorkMemory& operator=(const WorkMemory&) = delete;
  ~WorkMemory() { release(); }

  // At least `size` bytes without values, aligned to a cache line. What an earlier call returned is
  // gone.
  unsigned char* take(std::size_t size) {
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

// The calling thread's own Workshop, trimmed after use. One lease at a time.
template <class Workshop>
class Lease {
 public:
  Lease() = default;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease() { own().trim(); }

  Workshop& operator*() const noexcept { return own(); }
  Workshop* operator->() const noexcept { return &own(); }

 private:
  static Workshop& own() noexcept {
    thread_local Workshop workshop;
    return workshop;
  }
};

}  // namespace pyinfo::coding
