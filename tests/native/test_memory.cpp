// The page cache, scratch that threads keep, buffers on the stack or the heap.
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include "check.hpp"
#include "memory/buffer.hpp"
#include "memory/page_cache.hpp"
#include "memory/small_buffer.hpp"
#include "memory/thread_scratch.hpp"

namespace {

using namespace pyinfo::memory;

bool aligned(const void* memory, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(memory) % alignment == 0;
}

// Cached memory is given to who needs as much again, and to one of them only.
void check_page_cache() {
  constexpr std::size_t kSize = 2 * kHugePage;
  void* const first = acquire_pages(kSize - 5);
  release_pages(first, kSize - 5);
  void* const again = acquire_pages(kSize - 9);  // as many whole pages
  CHECK(again == first, "memory is not cached");
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
  check_buffer();
  check_small_buffer();
  check_thread_scratch();
  return pyinfo::check::finish();
}
