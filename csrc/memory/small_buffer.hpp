// Memory for a computation whose size is known when it starts: on the stack if that suffices.
#pragma once

#include <cstddef>
#include <memory>

namespace pyinfo::memory {

// n elements without values.
template <class T, std::size_t kFixed>
class SmallBuffer {
 public:
  explicit SmallBuffer(std::size_t n) : large_(n > kFixed ? new T[n] : nullptr) {}

  T* data() noexcept { return large_ ? large_.get() : fixed_; }

 private:
  T fixed_[kFixed];
  std::unique_ptr<T[]> large_;
};

}  // namespace pyinfo::memory
