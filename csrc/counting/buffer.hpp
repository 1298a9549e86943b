// Memory without values, on huge pages where it is large: the first write to fresh memory of small
// pages takes longer than counting does.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pyinfo::counting {

template <class T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  explicit Buffer(std::size_t size)
      : data_(static_cast<T*>(::operator new(size * sizeof(T), alignment(size)))), size_(size) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    if (is_large(size)) madvise(data_, size * sizeof(T), MADV_HUGEPAGE);
#endif
  }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() { ::operator delete(data_, alignment(size_)); }

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{1} << 21;

  static bool is_large(std::size_t size) noexcept { return size >= kHugePage / sizeof(T); }
  static std::align_val_t alignment(std::size_t size) noexcept {
    return std::align_val_t{is_large(size) ? kHugePage : 64};
  }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pyinfo::counting
