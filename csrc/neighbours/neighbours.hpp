// The kth nearest neighbour of every point, and how many points are within a radius of it.
//
// The distance is the maximum norm of the rounded differences of coordinates, and points are not
// their own neighbours. Results are in the order of the points as they were given; they depend
// neither on it nor on the number of threads nor on the instruction set.
//
//   M. Bentley, "Multidimensional binary search trees used for associative searching", 1975.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "neighbours/sorted_column.hpp"
#include "neighbours/tree.hpp"

namespace pyinfo::neighbours {

// k must be from 1 to the number of points - 1.
void kth_distances(const SortedColumn& column, std::size_t k, int threads, double* distances);
void kth_distances(const Tree& tree, std::size_t k, int threads, double* distances);

// For each coordinate, in rows of tree.size(), the largest difference to a point whose distance is
// at most `radius`. That of a point with the radius 0 is 0.
void extents_within(const Tree& tree, const double* radius, int threads, double* extents);

// How many points are at most `radius`, finite and not negative, from each: itself included.
void counts_within(const SortedColumn& column, const double* radius, int threads,
                   std::uint32_t* counts);
void counts_within(const Tree& tree, const double* radius, int threads, std::uint32_t* counts);

// The largest number below; 0 for 0. Within it are the points that are nearer than `distance`, and
// those at the same place.
inline double just_below(double distance) noexcept {
  if (!(distance > 0)) return 0;
  std::uint64_t bits;
  std::memcpy(&bits, &distance, sizeof bits);
  --bits;
  std::memcpy(&distance, &bits, sizeof bits);
  return distance;
}

}  // namespace pyinfo::neighbours
