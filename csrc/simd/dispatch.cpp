#include "simd/dispatch.hpp"

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "simd/changing_isa.hpp"

#ifdef PYINFO_KERNELS_neon
#if defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif
#endif

#if defined(PYINFO_KERNELS_sse4) || defined(PYINFO_KERNELS_avx2) || defined(PYINFO_KERNELS_avx512)
#define PYINFO_X86
#ifdef _MSC_VER
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace pyinfo::simd {
namespace {

#ifdef PYINFO_X86

struct Registers {
  std::uint32_t eax, ebx, ecx, edx;
};

Registers cpuid(std::uint32_t leaf) noexcept {
  Registers r{0, 0, 0, 0};
#ifdef _MSC_VER
  int out[4];
  __cpuidex(out, static_cast<int>(leaf), 0);
  r = {std::uint32_t(out[0]), std::uint32_t(out[1]), std::uint32_t(out[2]), std::uint32_t(out[3])};
#else
  if (!__get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx)) r = {0, 0, 0, 0};
#endif
  return r;
}

// The register state the operating system saves: without it the wide registers are not usable.
std::uint64_t saved_state() noexcept {
#ifdef _MSC_VER
  return _xgetbv(0);
#else
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t(high) << 32 | low;
#endif
}

constexpr bool all(std::uint32_t value, std::uint32_t bits) { return (value & bits) == bits; }

// The x86-64 micro-architecture levels v2, v3 and v4, bit by bit as the compilers define them.
Isa detect() noexcept {
  const Registers one = cpuid(1);
  const std::uint32_t v2 = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23;
  if (!all(one.ecx, v2)) return Isa::portable;  // SSE3 SSSE3 CX16 SSE4.1 SSE4.2 POPCNT

  const std::uint32_t v3 = 1u << 12 | 1u << 22 | 1u << 27 | 1u << 28 | 1u << 29;
  if (!all(one.ecx, v3)) return Isa::sse4;  // FMA MOVBE OSXSAVE AVX F16C
  const Registers seven = cpuid(7);
  const std::uint32_t bmi_avx2 = 1u << 3 | 1u << 5 | 1u << 8;
  const std::uint32_t lzcnt = 1u << 5;
  const std::uint64_t state = saved_state();
  if ((state & 0x6) != 0x6 || !all(seven.ebx, bmi_avx2) || !all(cpuid(0x80000001u).ecx, lzcnt))
    return Isa::sse4;

  const std::uint32_t v4 = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31;
  if ((state & 0xe0) != 0xe0 || !all(seven.ebx, v4)) return Isa::avx2;  // F DQ CD BW VL
  return Isa::avx512;
}

bool detect_vbmi2_gfni() noexcept {
  const std::uint32_t wanted = 1u << 1 | 1u << 6 | 1u << 8 | 1u << 12;  // with BITALG
  return detect() == Isa::avx512 && all(cpuid(7).ecx, wanted);
}

#else

// NEON belongs to every 64-bit ARM processor.
Isa detect() noexcept { return PYINFO_IF_BUILT(neon, Isa::neon, Isa::portable); }
bool detect_vbmi2_gfni() noexcept { return false; }

#endif

bool detect_arm_crc() noexcept {
#if !defined(PYINFO_KERNELS_neon)
  return false;
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#elif defined(__APPLE__)
  int has = 0;
  std::size_t size = sizeof has;
  return sysctlbyname("hw.optional.armv8_crc32", &has, &size, nullptr, 0) == 0 && has != 0;
#else
  return false;
#endif
}

struct Entry {
  const char* name;
  bool built;
};
#define PYINFO_ENTRY(isa, processor, a, b) {#isa, PYINFO_IF_BUILT(isa, true, false)},
constexpr Entry kEntries[] = {PYINFO_ISA_LIST(PYINFO_ENTRY, , )};
#undef PYINFO_ENTRY

const Entry& entry(Isa isa) noexcept { return kEntries[static_cast<std::size_t>(isa)]; }

}  // namespace

const char* name(Isa isa) noexcept { return entry(isa).name; }

namespace {

Isa best_of_processor() noexcept {
  static const Isa best = detect();
  return best;
}

bool is_named(const char* wanted) noexcept { return wanted != nullptr && *wanted != '\0'; }

}  // namespace

bool available(Isa isa) noexcept {
  // The sets of one processor are nested: each contains the ones before it.
  return entry(isa).built && isa <= best_of_processor();
}

Isa choose(const char* wanted) {
  std::string names;
  for (std::size_t i = kIsaCount; i-- > 0;) {
    const Isa isa = static_cast<Isa>(i);
    if (!available(isa)) continue;
    if (!is_named(wanted) || std::string(wanted) == name(isa)) return isa;
    names = name(isa) + (names.empty() ? std::string() : ", " + names);
  }
  throw std::invalid_argument("PYINFO_ISA=" + std::string(wanted) +
                              " is not available here; this machine and build have: " + names);
}

namespace {

struct Choice {
  Isa isa;
  const char* reason;
};

Choice first_choice() {
  const char* const wanted = std::getenv("PYINFO_ISA");
  const Isa isa = choose(wanted);
  if (is_named(wanted)) return {isa, "PYINFO_ISA names it"};
  if (isa != best_of_processor())
    return {isa, "the best that this build has; the processor has a better one"};
  return {isa, "the best that this processor has"};
}

Choice& chosen() {
  static Choice choice = first_choice();
  return choice;
}

}  // namespace

Isa active() { return chosen().isa; }
const char* reason_of_active() { return chosen().reason; }

#ifdef PYINFO_CHANGING_ISA
void use(Isa isa) {
  PYINFO_ASSERT(available(isa));
  chosen() = {isa, "a test uses it"};
}
#endif

bool has_vbmi2_gfni() noexcept {
  static const bool has = detect_vbmi2_gfni();
  return has;
}

bool has_arm_crc() noexcept {
  static const bool has = detect_arm_crc();
  return has;
}

Isa next_below(Isa isa) noexcept {
  while (isa != Isa::portable) {
    isa = static_cast<Isa>(static_cast<unsigned char>(isa) - 1);
    if (available(isa)) break;
  }
  return isa;
}

Isa coder_isa(Isa isa) noexcept {
  return isa == Isa::avx512 && !has_vbmi2_gfni() ? next_below(isa) : isa;
}

Isa coder_isa() {
  PYINFO_CHOSEN_ONCE const Isa isa = coder_isa(active());
  return isa;
}

const char* reason_of_coder_isa(Isa isa) noexcept {
  return coder_isa(isa) == isa
             ? "as all kernels"
             : "they need VBMI, VBMI2, GFNI and BITALG, which this AVX-512 processor lacks";
}

}  // namespace pyinfo::simd
