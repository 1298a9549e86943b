#include <atomic>
#include <string>
#include <vector>

#include "check.hpp"
#include "threads/parallel.hpp"

int main() {
  using pyinfo::threads::parallel;
  CHECK(pyinfo::threads::resolve(0) >= 1, "all cores");
  CHECK(pyinfo::threads::resolve(3) == 3, "as many as asked for");
  for (const int threads : {1, 2, 3, 8, 0}) {
    for (const std::size_t count : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> calls(count);
      auto task = [&](std::size_t i) { ++calls[i]; };
      parallel(count, threads, task);
      for (const std::atomic<int>& each : calls)
        CHECK(each == 1, std::to_string(count) + " tasks on " + std::to_string(threads));
    }
  }
  return pyinfo::check::finish();
}
