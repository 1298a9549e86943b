// Whether the planes of rotated floats (planes.hpp) are worth more than those of the floats as they
// are.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::coding {

// An estimate from samples of up to eight of the chunks, spread over all items: what the blocks of
// both kinds of planes would come to, by their order-0 entropies. Integers decide, so the answer is
// the same on every machine. False unless rotation gains a 64th of a bit per item, and for items
// that cannot be rotated.
bool rotation_pays(const unsigned char* items, std::uint64_t n_items, std::size_t planes,
                   std::uint32_t chunk_items) noexcept;

}  // namespace pyinfo::coding
