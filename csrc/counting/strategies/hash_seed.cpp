#include "counting/strategies/hash_seed.hpp"

#include <chrono>
#include <exception>
#include <random>

namespace pyinfo::counting {
namespace {

int ones(std::uint64_t number) noexcept {
  int count = 0;
  for (; number != 0; number &= number - 1) ++count;
  return count;
}

std::uint64_t draw() noexcept {
  std::uint64_t seed = std::uint64_t(std::chrono::steady_clock::now().time_since_epoch().count());
  try {
    std::random_device device;
    seed ^= std::uint64_t{device()} << 32 | device();
  } catch (const std::exception&) {
    // Without a source of random numbers the clock has to do.
  }
  std::mt19937_64 random(seed);
  // Of few ones, or of few zeros, a multiplier mixes badly.
  for (;;) {
    const std::uint64_t multiplier = random() | 1;
    if (const int set = ones(multiplier); set >= 24 && set <= 40) return multiplier;
  }
}

}  // namespace

const std::uint64_t kHashMultiplier = draw();

}  // namespace pyinfo::counting
