// What the tests in C++ need: CHECK counts failures and prints the first of them, finish() tells.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace pyinfo::check {

inline int& failures() {
  static int count = 0;
  return count;
}

inline void fail(const char* file, int line, const std::string& what) {
  if (++failures() <= 20) std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

// PYINFO_TEST_SHARE=n asks for one in n of a test's many similar cases: where an emulator, which
// takes a hundred times as long, runs what the machine itself has run whole.
inline std::size_t share() {
  static const char* const text = std::getenv("PYINFO_TEST_SHARE");
  static const std::size_t number = text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
  return number == 0 ? 1 : number;
}

// Whether this case, of those that ask, is to be run.
inline bool chosen() {
  static std::size_t asked = 0;
  return asked++ % share() == 0;
}

// The same of lengths: each that may be the tail of a register or a block of some is run.
inline bool chosen_length(std::size_t length) { return length <= 72 || chosen(); }

// How many of so many repetitions with other numbers to run.
inline int rounds(int all) { return (all + int(share()) - 1) / int(share()); }

inline int finish() {
  if (failures() == 0) return EXIT_SUCCESS;
  std::fprintf(stderr, "%d checks failed\n", failures());
  return EXIT_FAILURE;
}

}  // namespace pyinfo::check

// CHECK(condition, "what it says of which case"): the words are put together when it fails, for
// they would take longer than what is tested.
#define CHECK(condition, what) \
  ((condition) ? void()        \
               : ::pyinfo::check::fail(__FILE__, __LINE__, std::string(#condition ": ") + (what)))
