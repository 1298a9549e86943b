#include "threads/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::threads {

int resolve(int threads) noexcept {
  PYINFO_ASSERT(threads >= 0 && threads <= kMostThreads);
  if (threads > 0) return threads;
  return std::clamp(int(std::thread::hardware_concurrency()), 1, kMostThreads);
}

std::size_t useful_threads(std::size_t count, int threads) noexcept {
  PYINFO_ASSERT(threads >= 0 && threads <= kMostThreads);
  // How many cores there are is asked of the system, which takes longer than many a call here.
  if (count <= 1) return count;
  const std::size_t wanted = std::min(count, std::size_t(resolve(threads)));
  if (wanted <= kThreadsPerCore) return wanted;
  return std::min(wanted, std::size_t{kThreadsPerCore} * std::size_t(resolve(0)));
}

void parallel(std::size_t count, int threads, void (*task)(void* context, std::size_t i) noexcept,
              void* context) {
  const std::size_t workers = useful_threads(count, threads);
  if (workers <= 1) {
    for (std::size_t i = 0; i < count && !interrupted(); ++i) task(context, i);
    return;
  }
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    // Asked before a task is taken: others may wait for what has been.
    while (!interrupted()) {
      const std::size_t i = next++;
      if (i >= count) return;
      task(context, i);
    }
    next = count;  // nor do the others begin another
  };
  std::vector<std::thread> others;
  others.reserve(workers - 1);
  try {
    while (others.size() < workers - 1) others.emplace_back(work);
  } catch (const std::system_error&) {
    // The threads there are do all the work.
  }
  work();
  for (std::thread& thread : others) thread.join();
}

}  // namespace pyinfo::threads
