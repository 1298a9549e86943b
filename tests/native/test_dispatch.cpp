#include <cstdlib>
#include <stdexcept>
#include <string>

#include "check.hpp"
#include "simd/dispatch.hpp"

using pyinfo::simd::active;
using pyinfo::simd::available;
using pyinfo::simd::choose;
using pyinfo::simd::Isa;
using pyinfo::simd::kIsas;
using pyinfo::simd::name;

namespace {

std::string refusal(const char* wanted) {
  try {
    choose(wanted);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

}  // namespace

int main() {
  CHECK(available(Isa::portable), "always");
  Isa best = Isa::portable;
  std::string names;
  for (const Isa isa : kIsas) {
    const std::string text = name(isa);
    CHECK(!text.empty(), "every instruction set has a name");
    if (available(isa)) {
      CHECK(choose(text.c_str()) == isa, text);
      best = isa;
      names += (names.empty() ? "" : ", ") + text;
    } else {
      CHECK(refusal(text.c_str()).find(text) != std::string::npos, text);
    }
    for (const Isa other : kIsas) CHECK(other == isa || text != name(other), text);
  }
  // The sets of a processor are nested, and no machine has those of two.
#if defined(PYINFO_KERNELS_avx512) && defined(PYINFO_KERNELS_avx2)
  CHECK(!available(Isa::avx512) || available(Isa::avx2), "avx512 has avx2");
#endif
#if defined(PYINFO_KERNELS_avx2) && defined(PYINFO_KERNELS_sse4)
  CHECK(!available(Isa::avx2) || available(Isa::sse4), "avx2 has sse4");
#endif
  CHECK(!available(Isa::neon) || best == Isa::neon, "neon is the best");
  CHECK(!available(Isa::neon) || !available(Isa::sse4), "one processor");
#ifdef PYINFO_KERNELS_neon
  CHECK(available(Isa::neon), "every 64-bit ARM processor has it");
#endif
  CHECK(choose(nullptr) == best, "the best is the default");
  CHECK(choose("") == best, "an empty variable counts as none");
  for (const char* wrong : {"nonsense", "AVX2", "avx", " avx2", "avx2 ", "NEON", "0"}) {
    const std::string message = refusal(wrong);
    CHECK(message.find(std::string("PYINFO_ISA=") + wrong) == 0, message);
    CHECK(message.size() > names.size() &&
              message.compare(message.size() - names.size(), names.size(), names) == 0,
          message + " does not end in " + names);
  }
  const char* const forced = std::getenv("PYINFO_ISA");
  CHECK(active() == choose(forced), "what the environment says");
  CHECK(active() == active(), "chosen once");
  const std::string why = pyinfo::simd::reason_of_active();
  const bool is_named = forced != nullptr && *forced != '\0';
  CHECK(why.find(is_named ? "PYINFO_ISA names it" : "the best that this ") == 0, why);
  for (const Isa isa : kIsas) {
    if (!available(isa)) continue;
    const Isa coders = pyinfo::simd::coder_isa(isa);
    CHECK(available(coders) && coders <= isa, name(isa) + std::string(" has coders here"));
    const std::string reason = pyinfo::simd::reason_of_coder_isa(isa);
    CHECK((reason.compare(0, 3, "as ") == 0) == (coders == isa), reason);
    const Isa below = pyinfo::simd::next_below(isa);
    CHECK(available(below) && (below < isa || isa == Isa::portable), name(isa));
    for (const Isa other : kIsas)
      CHECK(other <= below || other >= isa || !available(other), name(isa));
  }
  return pyinfo::check::finish();
}
