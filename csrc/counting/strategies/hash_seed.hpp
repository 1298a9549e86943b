// What makes the hashes of a process its own.
#pragma once

#include <cstdint>

namespace pyinfo::counting {

// An odd number, drawn when the library is loaded. With a multiplier that everybody knows, keys
// whose hashes agree can be written down, and a table of them takes quadratic time. By which number
// keys are multiplied decides where they are in a table and nothing else: results do not depend on
// it.
extern const std::uint64_t kHashMultiplier;

}  // namespace pyinfo::counting
