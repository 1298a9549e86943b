// Searches in the order that data structures have; they tell how much they read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "neighbours/tree.hpp"

namespace pyinfo::neighbours {

// Of n values in rising order.
void sorted_kth_distances(const double* values, std::size_t n, std::size_t k, int threads,
                          double* distances);

// With an element for each slot of the tree. Return how many leaves were read.
std::size_t slot_kth_distances(const Tree& tree, std::size_t k, int threads, double* distances);
std::size_t slot_counts(const Tree& tree, const double* radius, int threads, std::uint32_t* counts);

}  // namespace pyinfo::neighbours
