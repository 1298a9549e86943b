// The four fields of 16 bits that entries of tables have, looked up by scalar loads for a register
// of lanes. In the terms of words_avx2.hpp and its like, one of which is included before.
#pragma once

#include <cstdint>

#include "simd/kernel_file.hpp"

namespace pyinfo::coding {
namespace {

// Each lane's in its place.
struct Fields {
  Words of[4];
};
template <class Index>
PYINFO_INLINE Fields look_up(const std::uint64_t* table, const Index* at) {
  const Words e0 = pair(table, at);
  const Words e2 = pair(table, at + 2);
  const Words e4 = pair(table, at + 4);
  const Words e6 = pair(table, at + 6);
  const Words even0 = interleave_low(e0, e2);
  const Words odd0 = interleave_high(e0, e2);
  const Words even4 = interleave_low(e4, e6);
  const Words odd4 = interleave_high(e4, e6);
  const Words low0 = interleave_low(even0, odd0);
  const Words high0 = interleave_high(even0, odd0);
  const Words low4 = interleave_low(even4, odd4);
  const Words high4 = interleave_high(even4, odd4);
  return {{join_low(low0, low4), join_high(low0, low4), join_low(high0, high4),
           join_high(high0, high4)}};
}

}  // namespace
}  // namespace pyinfo::coding
