// What the programs in this directory share: candidates in interleaved rounds, the clock, and the
// document that they print, which bench/report/sections/native.py judges.
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

inline std::string field(const char* name, const std::string& text) {
  return std::string("\"") + name + "\": \"" + text + "\"";
}

// Measures everything next to the clock and prints one JSON document. A run of a candidate makes
// `calls` calls, or goes over `bytes`.
inline void print_measured(std::vector<Candidate> candidates, const std::string& head, bool quick,
                           double sample_seconds, double calls, std::size_t bytes) {
  candidates.insert(candidates.begin(), Candidate{"", additions});
  measure(candidates, quick ? 3 : 21, quick ? 0.0005 : sample_seconds);
  const double clock = double(kAdditions) / median(candidates[0].seconds) / 1e9;
  std::printf("{%s, \"clock_ghz\": %.4f, \"results\": [", head.c_str(), clock);
  for (std::size_t i = 1; i < candidates.size(); ++i) {
    const double seconds = median(candidates[i].seconds);
    std::printf("%s\n  {%s, \"seconds\": %.4g", i == 1 ? "" : ",", candidates[i].text.c_str(),
                seconds / calls);
    if (bytes != 0) std::printf(", \"gbps\": %.4f", double(bytes) / seconds / 1e9);
    std::printf("}");
  }
  std::printf("\n]}\n");
}

}  // namespace pyinfo::bench
