// Long calls that can be ended from outside: they work in pieces and ask between them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "threads/interruption.hpp"

namespace pyinfo::coding {

// Asked between the pieces of a call; false ends it with Interrupted. Empty: never asked.
using KeepGoing = std::function<bool()>;

using threads::Interrupted;

inline void require_going(const KeepGoing& keep_going) {
  if (keep_going && !keep_going()) throw Interrupted();
}

inline constexpr std::size_t kPieceBytes = std::size_t{1} << 26;  // a tenth of a second, or less

// Calls work(from, to) for the items first .. last - 1, in pieces that end where chunks do.
template <class Work>
void in_pieces(std::uint64_t first, std::uint64_t last, std::uint32_t chunk_items,
               std::uint32_t item_size, const KeepGoing& keep_going, Work&& work) {
  const std::uint64_t chunk_bytes = std::uint64_t{chunk_items} * item_size;
  const std::uint64_t chunks = std::max<std::uint64_t>(1, kPieceBytes / chunk_bytes);
  while (first < last) {
    const std::uint64_t end = (first / chunk_items + chunks) * chunk_items;
    const std::uint64_t next = keep_going ? std::min(last, end) : last;
    work(first, next);
    first = next;
    if (first < last) require_going(keep_going);
  }
}

}  // namespace pyinfo::coding
