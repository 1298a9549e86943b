// The one way to release the GIL.
#pragma once

#include <Python.h>

#include <cstddef>

#include "simd/assert.hpp"

namespace pyinfo::bindings {

// Releases the GIL, which must be held, while it lives, if `work` is worth it: the number of
// elements, or of bytes where bytes are the elements. Below the threshold handing over the GIL
// costs more than it gives.
class WithoutGil {
 public:
  static constexpr std::size_t kThreshold = 16384;

  explicit WithoutGil(std::size_t work) noexcept
      : state_(work >= kThreshold ? PyEval_SaveThread() : nullptr) {
    PYINFO_ASSERT(state_ != nullptr || PyGILState_Check());
  }
  explicit WithoutGil(bool) = delete;
  ~WithoutGil() {
    if (state_ != nullptr) PyEval_RestoreThread(state_);
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace pyinfo::bindings
