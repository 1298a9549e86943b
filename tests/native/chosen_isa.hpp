// For tests that run once for each instruction set, chosen by PYINFO_ISA.
#pragma once

#include <cstdio>
#include <stdexcept>

#include "simd/dispatch.hpp"

namespace pyinfo::check {

constexpr int kSkipped = 77;  // what main() returns then: SKIP_RETURN_CODE of CMakeLists.txt

// Whether this machine lacks the one that was chosen.
inline bool chosen_isa_is_missing() {
  try {
    simd::active();
    return false;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "skipped: %s\n", error.what());
    return true;
  }
}

}  // namespace pyinfo::check
