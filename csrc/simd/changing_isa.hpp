// In builds for fuzzing, the instruction set may change while the program runs: one input is tried
// on all of them.
#pragma once

#include "simd/dispatch.hpp"

// PYINFO_CHOSEN_ONCE stands before a variable that active() or coder_isa() decides about.
#ifdef PYINFO_CHANGING_ISA
#define PYINFO_CHOSEN_ONCE

namespace pyinfo::simd {

// What active() returns from now on; must be available. Not while other threads work. The kernels
// of measures stay those that they were first: these are looked up once in every build.
void use(Isa isa);

}  // namespace pyinfo::simd
#else
#define PYINFO_CHOSEN_ONCE static
#endif
