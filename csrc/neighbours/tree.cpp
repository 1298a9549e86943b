#include "neighbours/tree.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::neighbours {
namespace {

// Nodes from 1 on, below the next power of two of twice the leaves.
std::size_t node_count(std::size_t leaves) noexcept {
  std::size_t count = 2;
  while (count < 2 * leaves) count *= 2;
  return count;
}

// From so many leaves on, a node asks whether the work has been ended.
constexpr std::size_t kAsks = 256;

}  // namespace

template <int D>
class Tree::Builder {
 public:
  Builder(const SortedColumn* const* columns, Tree& tree)
      : columns_(columns), tree_(tree), items_(2 * D * tree.size_) {}

  void build() {
    const std::size_t n = tree_.size_;
    memory::Buffer<Item> of_point(n);
    for (int d = 0; d < D; ++d) {
      const std::uint32_t* const order = columns_[d]->order();
      for (std::size_t i = 0; i < n; ++i) of_point[order[i]].rank[d] = std::uint32_t(i);
    }
    Orders orders;
    for (int d = 0; d < D; ++d) {
      const std::uint32_t* const order = columns_[d]->order();
      orders.now[d] = items_.data() + std::size_t(2 * d) * n;
      orders.next[d] = orders.now[d] + n;
      for (std::size_t i = 0; i < n; ++i) orders.now[d][i] = of_point[order[i]];
    }
    build(1, 0, tree_.leaves_, orders);
  }

 private:
  struct Item {  // a point
    std::uint32_t rank[D];
  };
  // The points in the order of each coordinate; those of a node lie in one place in all of them.
  struct Orders {
    Item* now[D];
    Item* next[D];  // room for as many
  };

  double value(int d, const Item& item) const noexcept {
    return columns_[d]->values()[item.rank[d]];
  }

  void build(std::size_t node, std::size_t first, std::size_t last, Orders orders) {
    if (last - first >= kAsks) threads::require_uninterrupted();
    const std::size_t begin = first * kLeaf, end = std::min(tree_.size_, last * kLeaf);
    double* const box = tree_.boxes_.data() + node * 2 * D;
    int widest = 0;
    for (int d = 0; d < D; ++d) {
      box[2 * d] = value(d, orders.now[d][begin]);
      box[2 * d + 1] = value(d, orders.now[d][end - 1]);
      if (box[2 * d + 1] - box[2 * d] > box[2 * widest + 1] - box[2 * widest]) widest = d;
    }
    tree_.sizes_[node] = std::uint32_t(end - begin);
    if (last - first == 1) {
      fill_leaf(node, first, orders.now[0] + begin, end - begin);
      return;
    }
    tree_.leaf_of_[node] = -1;
    const std::size_t middle = (first + last) / 2, cut = middle * kLeaf;
    const std::uint32_t bound = orders.now[widest][cut].rank[widest];
    for (int d = 0; d < D; ++d) {
      if (d == widest) continue;
      partition(orders.now[d] + begin, end - begin, widest, bound, cut - begin,
                orders.next[d] + begin);
      std::swap(orders.now[d], orders.next[d]);
    }
    build(2 * node, first, middle, orders);
    build(2 * node + 1, middle, last, orders);
  }

  // In their order: those whose rank is below the bound, of which there are `low`, and the others.
  // Without a branch, which would be a coin's.
  static void partition(const Item* items, std::size_t n, int d, std::uint32_t bound,
                        std::size_t low, Item* out) noexcept {
    std::size_t lower = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t is_low = items[i].rank[d] < bound;
      const std::size_t place = low + i - lower;  // of one that is not
      out[place ^ ((place ^ lower) & (0 - is_low))] = items[i];
      lower += is_low;
    }
    PYINFO_ASSERT(lower == low);
  }

  void fill_leaf(std::size_t node, std::size_t leaf, const Item* items, std::size_t n) noexcept {
    tree_.leaf_of_[node] = std::int32_t(leaf);
    tree_.node_of_[leaf] = std::uint32_t(node);
    double* const points = tree_.points_.data() + leaf * D * kLeaf;
    for (std::size_t i = 0; i < kLeaf; ++i)
      for (int d = 0; d < D; ++d)
        points[std::size_t(d) * kLeaf + i] =
            i < n ? value(d, items[i]) : std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < n; ++i)
      tree_.point_at_[leaf * kLeaf + i] = columns_[0]->order()[items[i].rank[0]];
  }

  const SortedColumn* const* columns_;
  Tree& tree_;
  memory::Buffer<Item> items_;
};

Tree::Tree(const SortedColumn* const* columns, int dimensions)
    : size_(columns[0]->size()),
      leaves_((size_ + kLeaf - 1) / kLeaf),
      dimensions_(dimensions),
      points_(slots() * std::size_t(dimensions)),
      boxes_(node_count(leaves_) * 2 * std::size_t(dimensions)),
      sizes_(node_count(leaves_)),
      leaf_of_(node_count(leaves_)),
      node_of_(leaves_),
      point_at_(size_) {
  PYINFO_ASSERT(dimensions >= 1 && dimensions <= kMostDimensions);
  for (int d = 0; d < dimensions; ++d) PYINFO_ASSERT(columns[d]->size() == size_);
  if (dimensions == 1) Builder<1>(columns, *this).build();
  if (dimensions == 2) Builder<2>(columns, *this).build();
  if (dimensions == 3) Builder<3>(columns, *this).build();
  if (dimensions == 4) Builder<4>(columns, *this).build();
}

TreeView Tree::view() const noexcept {
  return {dimensions_,   leaves_,         points_.data(), boxes_.data(),
          sizes_.data(), leaf_of_.data(), node_of_.data()};
}

}  // namespace pyinfo::neighbours
