// Tasks on several threads that may throw.
#pragma once

#include <cstddef>
#include <exception>
#include <mutex>

#include "threads/interruption.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::threads {

// Runs task(i) for i in 0 .. count - 1, in rising order as far as threads (0: one per core) allow.
// One of the exceptions thrown, if any, is thrown again after the last task; Interrupted where the
// calling thread is, since tasks may have been left out.
template <class Task>
void parallel_or_throw(std::size_t count, int threads, Task task) {
  std::mutex mutex;
  std::exception_ptr failure;
  auto guarded = [&](std::size_t i) noexcept {
    try {
      task(i);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  threads::parallel(count, threads, guarded);
  if (failure) std::rethrow_exception(failure);
  require_uninterrupted();
}

}  // namespace pyinfo::threads
