#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"
#include "threads/parallel.hpp"
#include "threads/parallel_or_throw.hpp"

namespace {

using pyinfo::threads::parallel;
using pyinfo::threads::parallel_or_throw;

void check_every_task_runs_once(std::size_t count, int threads) {
  const std::string what = std::to_string(count) + " tasks on " + std::to_string(threads);
  std::vector<std::atomic<int>> calls(count);
  auto task = [&](std::size_t i) noexcept { ++calls[i]; };
  parallel(count, threads, task);
  for (const std::atomic<int>& each : calls) CHECK(each == 1, what);
  parallel_or_throw(count, threads, task);
  for (const std::atomic<int>& each : calls) CHECK(each == 2, what);
}

// Those after a failure run, too, and one of the exceptions is thrown.
void check_failures(std::size_t count, int threads) {
  const std::string what = std::to_string(count) + " tasks on " + std::to_string(threads);
  std::atomic<std::size_t> calls{0};
  std::string message;
  try {
    parallel_or_throw(count, threads, [&](std::size_t i) {
      ++calls;
      if (i % 3 == 0) throw std::runtime_error(std::to_string(i));
    });
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  CHECK(calls == count, what);
  CHECK(message.empty() == (count == 0), what);
  CHECK(count == 0 || std::stoul(message) % 3 == 0, what);
}

}  // namespace

int main() {
  CHECK(pyinfo::threads::resolve(0) >= 1, "all cores");
  CHECK(pyinfo::threads::resolve(3) == 3, "as many as asked for");
  for (const int threads : {1, 2, 3, 8, 0}) {
    for (const std::size_t count : {0, 1, 2, 7, 1000}) {
      check_every_task_runs_once(count, threads);
      check_failures(count, threads);
    }
  }
  return pyinfo::check::finish();
}
