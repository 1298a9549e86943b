// An array without values; a large one is from the page cache.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "memory/page_cache.hpp"

namespace pyinfo::memory {

template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(std::size_t size) : data_(static_cast<T*>(allocate(size))), size_(size) {}
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() {
    if (is_cached(size_)) {
      release_pages(data_, size_ * sizeof(T));
    } else {
      ::operator delete(data_, kAlignment);
    }
  }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  static constexpr std::align_val_t kAlignment{64};

  static bool is_cached(std::size_t size) noexcept { return size >= kMinPages / sizeof(T); }
  static void* allocate(std::size_t size) {
    return is_cached(size) ? acquire_pages(size * sizeof(T))
                           : ::operator new(size * sizeof(T), kAlignment);
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pyinfo::memory
