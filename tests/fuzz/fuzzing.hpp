// What all harnesses have in common: findings, memory without a byte to spare, the fuzzer's bytes
// as numbers, and every instruction set of this machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "simd/changing_isa.hpp"

// A finding: libFuzzer keeps the input.
#define REQUIRE(condition)                                                                 \
  do {                                                                                     \
    if (!(condition)) {                                                                    \
      std::fprintf(stderr, "%s:%d: required: %s\n", __FILE__, __LINE__, #condition);       \
      std::abort();                                                                        \
    }                                                                                      \
  } while (false)

namespace pyinfo::fuzz {

inline constexpr std::size_t kMaxSymbols = 1 << 12;

// Memory of its own for exactly these bytes.
class Exact {
 public:
  explicit Exact(std::size_t size) : size_(size), memory_(new unsigned char[size]()) {}
  Exact(const unsigned char* data, std::size_t size) : Exact(size) {
    if (size > 0) std::memcpy(memory_.get(), data, size);
  }

  unsigned char* data() noexcept { return memory_.get(); }
  const unsigned char* data() const noexcept { return memory_.get(); }
  std::size_t size() const noexcept { return size_; }

 private:
  std::size_t size_;
  std::unique_ptr<unsigned char[]> memory_;
};

// The fuzzer's bytes, taken from the front; zeros when there are none left.
class Input {
 public:
  Input(const unsigned char* data, std::size_t size) : at_(data), left_(size) {}

  unsigned byte() noexcept {
    if (left_ == 0) return 0;
    --left_;
    return *at_++;
  }
  unsigned number() noexcept {
    const unsigned low = byte();
    return low | byte() << 8;
  }
  void skip(std::size_t size) noexcept {
    at_ += size;
    left_ -= size;
  }
  const unsigned char* rest() const noexcept { return at_; }
  std::size_t left() const noexcept { return left_; }

 private:
  const unsigned char* at_;
  std::size_t left_;
};

inline std::vector<simd::Isa> coder_isas() {
  std::vector<simd::Isa> found;
  for (std::size_t i = 0; i < simd::kIsaCount; ++i) {
    const auto isa = static_cast<simd::Isa>(i);
    if (simd::available(isa) && simd::coder_isa(isa) == isa) found.push_back(isa);
  }
  return found;
}

// What run() returns, which must be the same on every one of them.
template <class Run>
auto on_every_isa(Run run) {
  std::optional<decltype(run())> expected;
  for (const simd::Isa isa : coder_isas()) {
    simd::use(isa);
    auto found = run();
    REQUIRE(!expected || *expected == found);
    expected = std::move(found);
  }
  return *std::move(expected);
}

// Counts of 2 to 256 symbols, between 1 and 2^47: any shape that a table is made from.
inline void take_counts(Input& input, std::uint64_t counts[256]) {
  std::memset(counts, 0, 256 * sizeof *counts);
  const unsigned present = 2 + input.byte() % 255;
  const unsigned stride = 2 * input.byte() + 1;
  const unsigned spread = 1 + input.byte() % 48;
  for (unsigned i = 0; i < present; ++i) {
    counts[i * stride % 256] = std::uint64_t{1 + input.byte() % 16} << input.byte() % spread;
  }
}

}  // namespace pyinfo::fuzz
