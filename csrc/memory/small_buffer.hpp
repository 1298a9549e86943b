// A buffer whose size is known when a computation starts: on the stack if it is small.
#pragma once

#include <cstddef>
#include <memory>

namespace pyinfo::memory {

// n elements without values; up to kInline of them are part of the object.
template <class T, std::size_t kInline>
class SmallBuffer {
 public:
  explicit SmallBuffer(std::size_t n) : heap_(n > kInline ? new T[n] : nullptr) {}

  T* data() noexcept { return heap_ ? heap_.get() : inline_; }

 private:
  T inline_[kInline];
  std::unique_ptr<T[]> heap_;
};

}  // namespace pyinfo::memory
