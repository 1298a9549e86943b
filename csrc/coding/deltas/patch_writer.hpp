// From two arrays to a patch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coding/deltas/patch_format.hpp"

namespace pyinfo::coding {

// The patch that turns `before` into `after`, both of so many elements. Depends on the elements,
// the kind and the metadata alone, not on `threads` (0: one per core). Throws std::invalid_argument
// for what the format cannot hold, and threads::Interrupted. Somebody else may write to the arrays
// meanwhile: then it is the patch between two states that they were in, piece by piece.
std::vector<unsigned char> write_patch(ElementKind kind, const unsigned char* before,
                                       const unsigned char* after, std::uint64_t items,
                                       const std::string& metadata, int threads);

// The most bytes that it may have.
std::size_t patch_bound(ElementKind kind, std::uint64_t items, std::size_t metadata_size) noexcept;

}  // namespace pyinfo::coding
