// The kernels of neighbours/, and the memory that they read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simd/dispatch.hpp"

namespace pyinfo::neighbours {

inline constexpr std::size_t kLeaf = 8;  // points of a leaf, which are searched for at once
inline constexpr std::size_t kFan = 16;  // values of a node of search levels
inline constexpr std::size_t kMostLevels = 9;
inline constexpr int kMostDimensions = 4;

// A k-d tree. Node 1 is the root, 2 i and 2 i + 1 are the children of i; those of leaves do not
// exist. Points are in leaves in slots: slot s is in leaf s / 8. The last leaf may have fewer
// points than slots: the coordinates of the others are infinite.
struct TreeView {
  int dimensions;
  std::size_t leaves;
  const double* points;          // [leaf][dimension][8]
  const double* boxes;           // [node][dimension][2]: the bounds of the node's points
  const std::uint32_t* sizes;    // [node]: how many points
  const std::int32_t* leaf_of;   // [node]: -1 for those that are none
  const std::uint32_t* node_of;  // [leaf]
};

// Sorted values as a static tree. Every level has a multiple of 16 values, of which the last is
// infinite; before those of the first are 8 negative infinities, and 8 infinities after them.
struct SearchLevels {
  std::size_t size;  // values without padding
  std::size_t count;
  const double* level[kMostLevels];
};

// Functions on a tree work on the points of leaves `first` .. `last` - 1, and on arrays with an
// element for each slot, those of the slots of all leaves. They return how many leaves they read.
struct SearchKernels {
  // The distance to the kth neighbour; `scratch` has room for 8 k doubles.
  using KthDistances = std::size_t (*)(const TreeView& tree, std::size_t first, std::size_t last,
                                       std::size_t k, double* scratch, double* distances) noexcept;
  // The largest difference in each coordinate, [leaf][dimension][8], to points within `radius`.
  using Extents = std::size_t (*)(const TreeView& tree, std::size_t first, std::size_t last,
                                  const double* radius, double* extents) noexcept;
  KthDistances kth_distances[kMostDimensions + 1][6];  // [dimensions][k]; 0 for any k
  Extents extents[kMostDimensions + 1];
  // The distance to the kth neighbour of `n` sorted values, with k infinities of either sign before
  // and after them, and 8 more after.
  void (*sorted_distances)(const double* values, std::size_t n, std::size_t k,
                           double* distances) noexcept;
};

struct CountKernels {
  // How many points are within `radius`, itself included; nothing within a negative one.
  using Counts = std::size_t (*)(const TreeView& tree, std::size_t first, std::size_t last,
                                 const double* radius, std::uint32_t* counts) noexcept;
  Counts counts[kMostDimensions + 1];
  // How many of the values are within radius[i] of value `first` + i, itself included; nothing
  // within a negative one.
  void (*sorted_counts)(const SearchLevels& levels, std::size_t first, std::size_t n,
                        const double* radius, std::uint32_t* counts) noexcept;
};

const SearchKernels& neighbour_search_kernels(simd::Isa isa) noexcept;
const CountKernels& neighbour_count_kernels(simd::Isa isa) noexcept;

}  // namespace pyinfo::neighbours
