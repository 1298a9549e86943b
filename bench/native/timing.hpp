// What the programs in this directory share: candidates in interleaved rounds, and the clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace pyinfo::bench {

[[noreturn]] inline void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(EXIT_FAILURE);
}

inline double now() {
  using Clock = std::chrono::steady_clock;
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

struct Candidate {
  std::string text;  // its fields in the document
  std::function<void()> run;
  std::size_t calls = 1;
  std::vector<double> seconds = {};
};

inline void measure(std::vector<Candidate>& candidates, int rounds, double sample_seconds) {
  for (Candidate& candidate : candidates) {
    candidate.run();
    for (;;) {
      const double begin = now();
      for (std::size_t i = 0; i < candidate.calls; ++i) candidate.run();
      if (now() - begin >= sample_seconds / 2) break;
      candidate.calls *= 2;
    }
  }
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      Candidate& candidate = candidates[(i + std::size_t(round)) % candidates.size()];
      const double begin = now();
      for (std::size_t call = 0; call < candidate.calls; ++call) candidate.run();
      candidate.seconds.push_back((now() - begin) / double(candidate.calls));
    }
  }
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 != 0 ? values[half] : (values[half - 1] + values[half]) / 2;
}

// Additions that wait for one another: one per cycle on every processor. The compiler must not know
// what is added, nor that nobody looks at the sums in between.
#ifndef __GNUC__
#error "the clock is measured with gcc's or clang's asm"
#endif
inline constexpr std::uint64_t kAdditions = std::uint64_t{1} << 16;

inline void add_four_times(std::uint64_t& x, std::uint64_t step) {
  __asm__ volatile("" : "+r"(x += step));
  __asm__ volatile("" : "+r"(x += step));
  __asm__ volatile("" : "+r"(x += step));
  __asm__ volatile("" : "+r"(x += step));
}

inline void additions() {
  std::uint64_t x = 0;
  std::uint64_t step = 1;
  __asm__ volatile("" : "+r"(step));
  for (std::uint64_t i = 0; i < kAdditions; i += 16) {
    add_four_times(x, step);
    add_four_times(x, step);
    add_four_times(x, step);
    add_four_times(x, step);
  }
  if (x != kAdditions) fail("additions are lost");
}

// The clock in GHz, from the median of `additions`.
inline double clock_ghz(const Candidate& clock) {
  return double(kAdditions) / median(clock.seconds) / 1e9;
}

}  // namespace pyinfo::bench
