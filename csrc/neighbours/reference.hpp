// The definitions, by loops over all pairs of points; for points as in information.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "neighbours/information.hpp"

namespace pyinfo::neighbours::reference {

// The largest difference of two points in some of the coordinates.
double distance(const Points& points, Coordinates space, std::size_t i, std::size_t j) noexcept;

double kth_distance(const Points& points, std::size_t i, std::size_t k);
// How many points, itself included, are at most `radius` from point i.
std::uint32_t count_within(const Points& points, Coordinates space, std::size_t i,
                           double radius) noexcept;
// The largest difference in the space to a point that is at most `radius` away in all coordinates.
double extent(const Points& points, Coordinates space, std::size_t i, double radius) noexcept;

}  // namespace pyinfo::neighbours::reference
