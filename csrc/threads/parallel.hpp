// Independent tasks over a few threads.
#pragma once

#include <cstddef>

namespace pyinfo::threads {

// Callers may ask for no more.
inline constexpr int kMostThreads = 4096;
// More threads than this only take each other's time.
inline constexpr int kThreadsPerCore = 4;

// Calls task(context, i) for i in 0 .. count - 1 on at most `threads` threads (0: one per core),
// and at most kThreadsPerCore per core; the calling thread is one of them. Tasks must not throw:
// they are noexcept. If the system gives no thread, fewer run. Where the calling thread is
// interrupted(), what has not begun is left out.
void parallel(std::size_t count, int threads, void (*task)(void* context, std::size_t i) noexcept,
              void* context);

template <class Task>
void parallel(std::size_t count, int threads, Task& task) {
  static_assert(noexcept(task(count)));
  parallel(
      count, threads,
      [](void* context, std::size_t i) noexcept { (*static_cast<Task*>(context))(i); }, &task);
}

// How many threads parallel() starts for so many tasks, the calling one included, if it can.
std::size_t useful_threads(std::size_t count, int threads) noexcept;

// `threads`, 0 .. kMostThreads, with 0 replaced by the number of cores.
int resolve(int threads) noexcept;

}  // namespace pyinfo::threads
