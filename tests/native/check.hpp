// What the tests in C++ need: CHECK counts failures and prints the first of them, finish() tells.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace pyinfo::check {

inline int& failures() {
  static int count = 0;
  return count;
}

inline void check(bool passed, const char* file, int line, const std::string& what) {
  if (passed) return;
  if (++failures() <= 20) std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

inline int finish() {
  if (failures() == 0) return EXIT_SUCCESS;
  std::fprintf(stderr, "%d checks failed\n", failures());
  return EXIT_FAILURE;
}

}  // namespace pyinfo::check

// CHECK(condition, "what it says of which case")
#define CHECK(condition, what) \
  ::pyinfo::check::check((condition), __FILE__, __LINE__, std::string(#condition ": ") + (what))
