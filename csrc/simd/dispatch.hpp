// Which instruction sets this build has kernels for, which the machine can run, which one is used.
#pragma once

#include <cstddef>

#include "simd/assert.hpp"
#include "simd/isa_list.hpp"

namespace pyinfo::simd {

// In rising order of preference.
#define PYINFO_ENUMERATOR(isa, processor, scope, unused) scope isa,
enum class Isa : unsigned char { PYINFO_ISA_LIST(PYINFO_ENUMERATOR, , ) };
inline constexpr Isa kIsas[] = {PYINFO_ISA_LIST(PYINFO_ENUMERATOR, Isa::, )};
#undef PYINFO_ENUMERATOR
inline constexpr std::size_t kIsaCount = sizeof kIsas / sizeof *kIsas;

const char* name(Isa isa) noexcept;

// Compiled into this build and supported by this processor and operating system.
bool available(Isa isa) noexcept;

// The best available one, or the one that the environment variable PYINFO_ISA names.
// Chosen once. Throws std::invalid_argument when PYINFO_ISA names none that is available.
Isa active();
// The reason, for people.
const char* reason_of_active();

// For tests and benchmarks in C++: the choice PYINFO_ISA=`wanted` would make (nullptr: the best).
Isa choose(const char* wanted);

// AVX-512 with VBMI, VBMI2, GFNI and BITALG, as Ice Lake and Zen 4 have them. Detected apart from
// the level `avx512`, which says nothing about them.
bool has_vbmi2_gfni() noexcept;

// The CRC instructions, which some of the first 64-bit ARM processors lack.
bool has_arm_crc() noexcept;

// The best available one below `isa`: not every build has all of them.
Isa next_below(Isa isa) noexcept;

// The instruction set whose coders are used: `isa`, but the next one below where avx512 lacks these
// extensions.
Isa coder_isa(Isa isa) noexcept;
Isa coder_isa();  // of active()
// Why coder_isa(isa) is that one, for people.
const char* reason_of_coder_isa(Isa isa) noexcept;

}  // namespace pyinfo::simd

// PYINFO_KERNEL_TABLES(Table, name) defines `const Table& name(simd::Isa isa) noexcept`: the table
// of function pointers that a kernel file exports, compiled for `isa`, which must be in this build.
#define PYINFO_KERNEL_TABLES(Table, name)                                             \
  PYINFO_ISA_LIST(PYINFO_EXTERN_TABLE, Table, name)                                   \
  const Table& name(::pyinfo::simd::Isa isa) noexcept {                               \
    static constexpr const Table* tables[] = {                                        \
        PYINFO_ISA_LIST(PYINFO_TABLE_ADDRESS, Table, name)};                          \
    PYINFO_ASSERT(tables[static_cast<std::size_t>(isa)] != nullptr);                  \
    return *tables[static_cast<std::size_t>(isa)];                                    \
  }
#define PYINFO_EXTERN_TABLE(isa, processor, Table, name) \
  PYINFO_IF_BUILT(isa, extern const Table name##_##isa;, )
#define PYINFO_TABLE_ADDRESS(isa, processor, Table, name) \
  PYINFO_IF_BUILT(isa, &name##_##isa, nullptr),
