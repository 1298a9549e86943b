// The one way to release the GIL.
#pragma once

#include <Python.h>

#include <cstddef>
#include <type_traits>

#include "bindings/python_object.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

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

  // Takes it back for a moment, for the handlers of signals. Returns whether they raised nothing.
  bool no_signal() noexcept {
    if (state_ == nullptr) return true;
    PyEval_RestoreThread(state_);
    const bool none = PyErr_CheckSignals() == 0;
    state_ = PyEval_SaveThread();
    return none;
  }

 private:
  PyThreadState* state_;
};

// Calls work() without the GIL, as above, and hears Ctrl-C meanwhile: PythonError if a handler of
// signals raised something.
template <class Work>
decltype(auto) without_gil(std::size_t work_items, Work&& work) {
  if (work_items < WithoutGil::kThreshold) return work();  // no signal's handler could run
  WithoutGil released(work_items);
  const threads::Interruptible signals(
      [](void* context) { return static_cast<WithoutGil*>(context)->no_signal(); }, &released);
  try {
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      threads::require_uninterrupted();
    } else {
      auto result = work();
      threads::require_uninterrupted();
      return result;
    }
  } catch (const threads::Interrupted&) {
    throw PythonError();
  }
}

}  // namespace pyinfo::bindings
