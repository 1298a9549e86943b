// Means on a grid: as the functions of <cmath> round them, of every type; what is refused.
#include <cmath>
#include <limits>
#include <string>

#include "buffers.hpp"
#include "check.hpp"
#include "coding/messages/mean_grid.hpp"

namespace {

using namespace pyinfo::coding;
using pyinfo::check::Buffer;
using pyinfo::check::Random;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double some_mean(Random& random, unsigned steps) {
  const double number = double(std::int64_t(random.bits()) >> random.bits() % 64);
  switch (random.bits() % 4) {
    case 0:
      return std::fmod(number, kMostMean);
    case 1:  // half-way
      return std::fmod(number, 1e6) / steps + 0.5 / steps;
    case 2:
      return random.bits() % 2 != 0 ? kMostMean : -kMostMean;
    default:
      return std::fmod(number, 4096.0) * 0x1p-20;
  }
}

template <class Mean, class Index, class Table>
void check_types(Random& random, std::size_t n, unsigned steps, std::size_t scales) {
  Buffer<Mean> means(n);
  Buffer<Index> indexes(n);
  Buffer<Table> tables(n);
  Buffer<std::int32_t> shifts(n);
  for (std::size_t i = 0; i < n; ++i) {
    means[i] = Mean(some_mean(random, steps));
    indexes[i] = Index(random.bits() % scales);
  }
  split_means(means.data(), indexes.data(), n, steps, scales, tables.data(), shifts.data());
  for (std::size_t i = 0; i < n; ++i) {
    const double in_steps = std::nearbyint(double(means[i]) * steps);
    const double whole = std::floor(in_steps / steps);
    CHECK(shifts[i] == whole, std::to_string(means[i]));
    CHECK(tables[i] == indexes[i] * steps + (in_steps - whole * steps), std::to_string(means[i]));
  }
}

void test_rounding() {
  Random random(1);
  for (unsigned steps = 1; steps <= 64; steps *= 2) {
    for (const std::size_t n : {0, 1, 2, 7, 300, 40000}) {
      const std::size_t few = 256 / steps;
      check_types<float, std::uint8_t, std::uint8_t>(random, n, steps, few);
      check_types<double, std::uint8_t, std::uint8_t>(random, n, steps, few);
      check_types<float, std::uint16_t, std::uint8_t>(random, n, steps, few);
      check_types<double, std::uint16_t, std::uint8_t>(random, n, steps, few);
      check_types<float, std::uint8_t, std::uint16_t>(random, n, steps, 256);
      check_types<double, std::uint8_t, std::uint16_t>(random, n, steps, 256);
      check_types<float, std::uint16_t, std::uint16_t>(random, n, steps, 65536 / steps);
      check_types<double, std::uint16_t, std::uint16_t>(random, n, steps, 65536 / steps);
    }
  }
}

void test_refusals() {
  constexpr std::size_t n = 20000;
  Buffer<double> means(n);
  Buffer<std::uint16_t> indexes(n);
  Buffer<std::uint8_t> tables(n);
  Buffer<std::int32_t> shifts(n);
  for (std::size_t i = 0; i < n; ++i) {
    means[i] = 0;
    indexes[i] = 0;
  }
  const auto split = [&] {
    split_means(means.data(), indexes.data(), n, 4, 64, tables.data(), shifts.data());
  };
  for (const double wrong : {kInfinity, -kInfinity, std::nextafter(kMostMean, kInfinity), -1e300}) {
    means[n - 1] = wrong;
    double found = 0;
    try {
      split();
    } catch (const MeanOutOfRange& error) {
      found = error.mean();
    }
    CHECK(found == wrong, std::to_string(wrong));
  }
  means[n - 1] = std::numeric_limits<double>::quiet_NaN();
  bool is_nan = false;
  try {
    split();
  } catch (const MeanOutOfRange& error) {
    is_nan = std::isnan(error.mean());
  }
  CHECK(is_nan, "NaN");
  means[n - 1] = 0;
  indexes[n - 2] = 64;
  std::size_t place = 0;
  std::size_t index = 0;
  try {
    split();
  } catch (const IndexOutOfRange& error) {
    place = error.place();
    index = error.index();
  }
  CHECK(place == n - 2 && index == 64, "an index of no scale");
}

}  // namespace

int main() {
  test_rounding();
  test_refusals();
  return pyinfo::check::finish();
}
