// Which old exponents make a class: the cheapest division into ranges, from a sample.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coding/deltas/steps.hpp"

namespace pyinfo::coding {

// One class for whole numbers, and where more do not pay. Depends on the elements alone.
Classes choose_classes(ElementKind kind, const unsigned char* before, const unsigned char* after,
                       std::uint64_t items);

}  // namespace pyinfo::coding
