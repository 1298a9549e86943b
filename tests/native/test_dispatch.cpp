#include <cstdlib>
#include <stdexcept>
#include <string>

#include "check.hpp"
#include "simd/dispatch.hpp"

using pyinfo::simd::active;
using pyinfo::simd::available;
using pyinfo::simd::choose;
using pyinfo::simd::Isa;
using pyinfo::simd::kIsaCount;
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
  for (std::size_t i = 0; i < kIsaCount; ++i) {
    const Isa isa = static_cast<Isa>(i);
    const std::string text = name(isa);
    CHECK(!text.empty(), "every instruction set has a name");
    if (available(isa)) {
      // The sets are nested: one that is there has all before it.
      CHECK(i == 0 || available(static_cast<Isa>(i - 1)), text);
      CHECK(choose(text.c_str()) == isa, text);
      best = isa;
      names += (names.empty() ? "" : ", ") + text;
    } else {
      CHECK(refusal(text.c_str()).find(text) != std::string::npos, text);
    }
    for (std::size_t j = 0; j < i; ++j) CHECK(text != name(static_cast<Isa>(j)), text);
  }
  CHECK(choose(nullptr) == best, "the best is the default");
  CHECK(choose("") == best, "an empty variable counts as none");
  for (const char* wrong : {"nonsense", "AVX2", "avx", " avx2", "avx2 ", "0"}) {
    const std::string message = refusal(wrong);
    CHECK(message.find(std::string("PYINFO_ISA=") + wrong) == 0, message);
    CHECK(message.size() > names.size() &&
              message.compare(message.size() - names.size(), names.size(), names) == 0,
          message + " does not end in " + names);
  }
  const char* const forced = std::getenv("PYINFO_ISA");
  CHECK(active() == choose(forced), "what the environment says");
  CHECK(active() == active(), "chosen once");
  return pyinfo::check::finish();
}
