// Which instruction sets this build has kernels for, which the machine can run, which one is used.
#pragma once

#include <cstddef>

namespace pyinfo::simd {

// In rising order of preference.
enum class Isa : unsigned char { portable, sse4, avx2, avx512 };
inline constexpr std::size_t kIsaCount = 4;

const char* name(Isa isa) noexcept;

// Compiled into this build and supported by this processor and operating system.
bool available(Isa isa) noexcept;

// The best available one, or the one that the environment variable PYINFO_ISA names.
// Chosen once. Throws std::invalid_argument when PYINFO_ISA names none that is available.
Isa active();

// For tests and benchmarks in C++: the choice PYINFO_ISA=`wanted` would make (nullptr: the best).
Isa choose(const char* wanted);

// AVX-512 with VBMI, VBMI2 and GFNI, as Ice Lake and Zen 4 have them. Detected apart from the level
// `avx512`, which says nothing about them.
bool has_vbmi2_gfni() noexcept;

// The instruction set whose coders are used: `isa`, but avx2 where avx512 lacks these extensions.
Isa coder_isa(Isa isa) noexcept;
Isa coder_isa();  // of active()

// One constant table of function pointers per instruction set; each kernel area has one of these.
template <class Table>
struct Tables {
  const Table* by_isa[kIsaCount];
  const Table& operator[](Isa isa) const noexcept { return *by_isa[static_cast<std::size_t>(isa)]; }
};

}  // namespace pyinfo::simd

// Fills a Tables<T> with the tables `prefix_portable`, `prefix_sse4`, ... that this build has.
#ifdef PYINFO_HAVE_AVX512
#define PYINFO_TABLES(prefix) {{&prefix##_portable, &prefix##_sse4, &prefix##_avx2, &prefix##_avx512}}
#else
#define PYINFO_TABLES(prefix) {{&prefix##_portable, nullptr, nullptr, nullptr}}
#endif
