// Memory that ends where the data ends, so that a sanitizer sees every access beyond it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace pyinfo::check {

// n elements at the end of an allocation, `offset` elements after its (aligned) start.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::size_t n, std::size_t offset = 0)
      : size_(n), memory_(new T[n + offset]()), data_(memory_.get() + offset) {}

  T* data() noexcept { return data_; }
  const T* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  T& operator[](std::size_t i) noexcept { return data_[i]; }
  const T& operator[](std::size_t i) const noexcept { return data_[i]; }

 private:
  std::size_t size_;
  std::unique_ptr<T[]> memory_;
  T* data_;
};

// The same numbers on every machine (splitmix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() noexcept {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // In (0, 1).
  double uniform() noexcept { return (double(bits() >> 12) + 0.5) * 0x1p-52; }

 private:
  std::uint64_t state_;
};

}  // namespace pyinfo::check
