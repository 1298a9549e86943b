// The page cache, scratch that threads keep, buffers on the stack or the heap.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#if defined(_WIN32)
#include <malloc.h>
#endif

#include "check.hpp"
#include "memory/buffer.hpp"
#include "memory/page_cache.hpp"
#include "memory/small_buffer.hpp"
#include "memory/thread_scratch.hpp"

namespace {

using namespace pyinfo::memory;

// What the operators below have given out: where and how much, and how often.
std::mutex mutex;
std::map<void*, std::size_t> live;
std::size_t allocations;

std::size_t live_bytes() {
  const std::lock_guard<std::mutex> lock(mutex);
  std::size_t sum = 0;
  for (const auto& [memory, size] : live) sum += size;
  return sum;
}

}  // namespace

void* operator new(std::size_t size, std::align_val_t alignment) {
  const std::size_t line = std::size_t(alignment);
  const std::size_t whole = (std::max<std::size_t>(size, 1) + line - 1) / line * line;
#if defined(_WIN32)
  void* const memory = _aligned_malloc(whole, line);
#else
  void* const memory = std::aligned_alloc(line, whole);
#endif
  if (memory == nullptr) throw std::bad_alloc();
  const std::lock_guard<std::mutex> lock(mutex);
  live[memory] = size;
  ++allocations;
  return memory;
}

void operator delete(void* memory, std::align_val_t) noexcept {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    live.erase(memory);
  }
#if defined(_WIN32)
  _aligned_free(memory);
#else
  std::free(memory);
#endif
}

namespace {

bool aligned(const void* memory, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(memory) % alignment == 0;
}

// Cached memory is given to who needs as much again, and to one of them only.
void check_page_cache() {
  constexpr std::size_t kSize = 2 * kHugePage;
  void* const first = acquire_pages(kSize - 5);
  release_pages(first, kSize - 5);
  const std::size_t before = allocations;
  void* const again = acquire_pages(kSize - 9);  // as many whole pages
  CHECK(again == first && allocations == before, "memory is not cached");
  void* const other = acquire_pages(kSize);
  CHECK(other != again, "memory is given out twice");
  CHECK(aligned(other, kHugePage), "to a huge page");
  release_pages(other, kSize);
  release_pages(again, kSize - 9);
  for (std::size_t size = kMinPages; size <= 8 * kHugePage; size += size / 3) {
    void* const memory = acquire_pages(size);
    CHECK(aligned(memory, 4096), "to a page");
    static_cast<unsigned char*>(memory)[0] = 1;
    static_cast<unsigned char*>(memory)[size - 1] = 1;
    release_pages(memory, size);  // some of them evict others
  }
  void* const small = acquire_pages(kMinPages + 1);
  release_pages(small, kMinPages + 1);
  void* const alike = acquire_pages(2 * kMinPages);
  CHECK(alike == small, "memory of one power of two is not cached");
  release_pages(alike, 2 * kMinPages);
}

// The header's.
constexpr std::size_t kCapacity = std::size_t{32} << 20;

// Of more than it holds, the cache keeps what was released last.
void check_page_cache_capacity() {
  constexpr std::size_t kHeld = kCapacity / kHugePage;
  const std::size_t outside = live_bytes();  // and up to kCapacity of it in the cache
  std::vector<void*> memory(4 * kHeld);
  for (void*& each : memory) each = acquire_pages(kHugePage);
  CHECK(live_bytes() >= memory.size() * kHugePage, "memory is given out twice");
  for (void* each : memory) release_pages(each, kHugePage);
  CHECK(live_bytes() <= outside + kCapacity, "the cache holds more than it may");

  const std::size_t before = allocations;
  std::vector<void*> again(kHeld);
  for (void*& each : again) each = acquire_pages(kHugePage);
  CHECK(allocations == before, "the cache holds less than it may");
  std::sort(again.begin(), again.end());
  std::sort(memory.end() - kHeld, memory.end());
  CHECK(std::equal(again.begin(), again.end(), memory.end() - kHeld), "the oldest are evicted");
  void* const more = acquire_pages(kHugePage);
  CHECK(allocations == before + 1, "and only these are cached");
  release_pages(more, kHugePage);
  for (void* each : again) release_pages(each, kHugePage);

  // Large ones take the place of many; what is too large is never kept.
  for (const std::size_t size : {4 * kHugePage, 5 * kHugePage}) {
    std::vector<void*> large(8);
    for (void*& each : large) each = acquire_pages(size);
    for (void* each : large) release_pages(each, size);
    CHECK(live_bytes() <= outside + kCapacity, std::to_string(size));
    const std::size_t then = allocations;
    for (void*& each : large) each = acquire_pages(size);
    CHECK(allocations - then == (size == 4 * kHugePage ? 4 : 8), std::to_string(size));
    for (void* each : large) release_pages(each, size);
  }
}

// Memory belongs to one thread at a time, and none is lost when they end.
void check_page_cache_threads() {
  const std::size_t outside = live_bytes();
  std::vector<std::thread> threads;
  for (unsigned char name = 1; name <= 8; ++name) {
    threads.emplace_back([name] {
      for (std::size_t i = 0; i < 300; ++i) {
        const std::size_t size = i % 3 == 0 ? kHugePage : kMinPages << i % 2;
        auto* const memory = static_cast<unsigned char*>(acquire_pages(size));
        std::memset(memory, name, kMinPages);
        std::this_thread::yield();
        CHECK(std::count(memory, memory + kMinPages, name) == std::ptrdiff_t(kMinPages),
              "two threads have the same memory");
        release_pages(memory, size);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(live_bytes() <= outside + kCapacity, "memory of threads is lost");
  check_page_cache_capacity();  // and the account of what is cached is right
}

void check_buffer() {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000},
                                 kMinPages / 8 - 1, kMinPages / 8, std::size_t{100000}}) {
    Buffer<std::uint64_t> buffer(size);
    CHECK(buffer.size() == size && aligned(buffer.data(), 64), std::to_string(size));
    for (std::size_t i = 0; i < size; ++i) buffer[i] = i;
    Buffer<std::uint64_t> moved(std::move(buffer));
    Buffer<std::uint64_t> assigned;
    assigned = std::move(moved);
    CHECK(assigned.size() == size && (size == 0 || assigned[size - 1] == size - 1),
          std::to_string(size));
  }
}

void check_small_buffer() {
  for (const std::size_t size : {1, 8, 9, 100}) {
    SmallBuffer<int, 8> buffer(size);
    const auto* const begin = reinterpret_cast<const char*>(&buffer);
    const auto* const data = reinterpret_cast<const char*>(buffer.data());
    CHECK((data >= begin && data < begin + sizeof buffer) == (size <= 8), std::to_string(size));
    for (std::size_t i = 0; i < size; ++i) buffer.data()[i] = int(i);
  }
}

struct Scratch {
  ScratchBuffer buffer;
  int trims = 0;
  void trim() {
    buffer.trim();
    ++trims;
  }
};

void check_thread_scratch() {
  const unsigned char* first;
  {
    const ThreadScratch<Scratch> scratch;
    first = scratch->buffer.acquire(1000);
    CHECK(aligned(first, 64), "to a cache line");
    CHECK(scratch->buffer.acquire(900) == first, "what suffices is kept");
  }
  {
    const ThreadScratch<Scratch> scratch;
    CHECK(scratch->trims == 1, "trimmed after use");
    CHECK(scratch->buffer.acquire(1000) == first, "kept from one use to the next");
    scratch->buffer.acquire(std::size_t{8} << 20)[(std::size_t{8} << 20) - 1] = 1;
    std::thread other([&] {
      const ThreadScratch<Scratch> own;
      CHECK(own->trims == 0, "every thread has its own");
    });
    other.join();
  }
  CHECK((*ThreadScratch<Scratch>()).trims == 2, "twice");
}

}  // namespace

int main() {
  check_page_cache();
  check_page_cache_capacity();
  check_page_cache_threads();
  check_buffer();
  check_small_buffer();
  check_thread_scratch();
  return pyinfo::check::finish();
}
