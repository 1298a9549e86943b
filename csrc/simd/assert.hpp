// PYINFO_ASSERT(condition): a precondition, checked where PYINFO_CHECKED is defined (presets dev,
// asan-ubsan, tsan, fuzz).
#pragma once

#ifdef PYINFO_CHECKED
// Kernel objects share no code: what fails is the compiler's own trap, and the sanitizer or
// debugger says where.
#ifdef _MSC_VER
#define PYINFO_ASSERT(condition) ((condition) ? static_cast<void>(0) : __debugbreak())
#else
#define PYINFO_ASSERT(condition) ((condition) ? static_cast<void>(0) : __builtin_trap())
#endif
#else
#define PYINFO_ASSERT(condition) static_cast<void>(0)
#endif
