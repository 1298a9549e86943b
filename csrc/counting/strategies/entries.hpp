// Tables of counts: what counting makes, sorts and merges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "counting/strategies/keys.hpp"
#include "memory/buffer.hpp"
#include "simd/assert.hpp"

namespace pyinfo::counting {

// A key and how often it occurs (or the sum of its weights: a double).
template <class Count>
struct Entry {
  Key key;
  Count count;
};

template <class Count>
using Entries = std::vector<Entry<Count>>;

// The result: `size` keys in their order, each of them once, none with a count of zero. The buffers
// may be larger.
template <class Count>
struct ValueCounts {
  std::size_t size = 0;
  memory::Buffer<Key> keys;
  memory::Buffer<Count> counts;

  ValueCounts() = default;
  explicit ValueCounts(std::size_t most) : keys(most), counts(most) {}
  void append(Key key, Count count) noexcept {
    PYINFO_ASSERT(size < keys.size() && (size == 0 || key > keys[size - 1]) && count != 0);
    keys[size] = key;
    counts[size] = count;
    ++size;
  }
};

// Each sample counts once.
struct Ones {
  using Count = std::uint64_t;
  Count operator[](std::size_t) const noexcept { return 1; }
};

// Sample i counts weights[i] times.
template <class T>
struct Weights {
  using Count = T;
  const T* weights;
  Count operator[](std::size_t i) const noexcept { return weights[i]; }
};

}  // namespace pyinfo::counting
