#include "neighbours/reference.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pyinfo::neighbours::reference {
namespace {

constexpr Coordinates kAll = ~Coordinates{0};

}  // namespace

double distance(const Points& points, Coordinates space, std::size_t i, std::size_t j) noexcept {
  double most = 0;
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    const double* const column = points.columns + d * points.count;
    if (space >> d & 1) most = std::max(most, std::abs(column[i] - column[j]));
  }
  return most;
}

double kth_distance(const Points& points, std::size_t i, std::size_t k) {
  std::vector<double> others;
  for (std::size_t j = 0; j < points.count; ++j)
    if (j != i) others.push_back(distance(points, kAll, i, j));
  std::sort(others.begin(), others.end());
  return others[k - 1];
}

std::uint32_t count_within(const Points& points, Coordinates space, std::size_t i,
                           double radius) noexcept {
  std::uint32_t count = 0;
  for (std::size_t j = 0; j < points.count; ++j) count += distance(points, space, i, j) <= radius;
  return count;
}

double extent(const Points& points, Coordinates space, std::size_t i, double radius) noexcept {
  double most = 0;
  for (std::size_t j = 0; j < points.count; ++j)
    if (distance(points, kAll, i, j) <= radius)
      most = std::max(most, distance(points, space, i, j));
  return most;
}

}  // namespace pyinfo::neighbours::reference
