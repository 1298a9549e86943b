// A k-d tree of points in 1 to 4 dimensions, with 8 points to a leaf.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/buffer.hpp"
#include "neighbours/kernels/kernels.hpp"
#include "neighbours/sorted_column.hpp"

namespace pyinfo::neighbours {

// Every node has half of its parent's leaves, and is cut where its box is longest. Points are cut
// by their ranks, of which no two are equal: ties cannot unbalance the tree. Each node has its
// points in the order of every coordinate: cut and box are read off, the other orders are
// partitioned.
class Tree {
 public:
  // Columns of one size, one for each coordinate, which are not used later.
  Tree(const SortedColumn* const* columns, int dimensions);

  std::size_t size() const noexcept { return size_; }
  int dimensions() const noexcept { return dimensions_; }
  std::size_t leaves() const noexcept { return leaves_; }
  std::size_t slots() const noexcept { return leaves_ * kLeaf; }
  // Which point is in a slot, of the first size() slots; the others are empty.
  const std::uint32_t* point_at() const noexcept { return point_at_.data(); }
  TreeView view() const noexcept;

 private:
  template <int D>
  class Builder;

  std::size_t size_;
  std::size_t leaves_;
  int dimensions_;
  memory::Buffer<double> points_;
  memory::Buffer<double> boxes_;
  memory::Buffer<std::uint32_t> sizes_;
  memory::Buffer<std::int32_t> leaf_of_;
  memory::Buffer<std::uint32_t> node_of_;
  memory::Buffer<std::uint32_t> point_at_;
};

}  // namespace pyinfo::neighbours
