// Tables of counts: what counting makes, sorts and merges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "counting/keys.hpp"

namespace pyinfo::counting {

// A key and how often it occurs (or the sum of its weights: a double).
template <class Count>
struct Entry {
  Key key;
  Count count;
};

// In the order of the keys, each of them once and none with a count of zero, once it is finished.
template <class Count>
using Entries = std::vector<Entry<Count>>;

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
