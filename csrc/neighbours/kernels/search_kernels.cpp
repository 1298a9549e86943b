// The distance to the kth neighbour, by a k-d tree and in sorted values. Compiled once per ISA.
#include "neighbours/kernels/lanes.hpp"

namespace pyinfo::neighbours {
namespace {

// Row j is what the distances to point j of the own leaf are raised to: its own is infinite.
constexpr double kApart[kLeaf][kLeaf] = {{kInfinite},
                                         {0, kInfinite},
                                         {0, 0, kInfinite},
                                         {0, 0, 0, kInfinite},
                                         {0, 0, 0, 0, kInfinite},
                                         {0, 0, 0, 0, 0, kInfinite},
                                         {0, 0, 0, 0, 0, 0, kInfinite},
                                         {0, 0, 0, 0, 0, 0, 0, kInfinite}};

// The k smallest distances of each lane in rising order: K of them, or `k` in memory if that is 0.
template <std::size_t K>
struct Best {
  Lanes sorted[K];
  PYINFO_INLINE Best(std::size_t, double*) {
    for (Lanes& each : sorted) each = every_lane(kInfinite);
  }
  PYINFO_INLINE const Lanes& last() const { return sorted[K - 1]; }
  PYINFO_INLINE void insert(const Lanes& r) {
    for (std::size_t i = K - 1; i > 0; --i)
      sorted[i] = smaller(larger(r, sorted[i - 1]), sorted[i]);
    sorted[0] = smaller(r, sorted[0]);
  }
};
template <>
struct Best<0> {
  std::size_t k;
  double* sorted;
  Lanes most = every_lane(kInfinite);
  PYINFO_INLINE Best(std::size_t count, double* scratch) : k(count), sorted(scratch) {
    for (std::size_t i = 0; i < k; ++i) store_lanes(sorted + i * kLeaf, every_lane(kInfinite));
  }
  PYINFO_INLINE const Lanes& last() const { return most; }
  PYINFO_INLINE void insert(const Lanes& r) {
    Lanes above = load_lanes(sorted + (k - 1) * kLeaf);
    for (std::size_t i = k - 1; i > 0; --i) {
      const Lanes below = load_lanes(sorted + (i - 1) * kLeaf);
      const Lanes put = smaller(larger(r, below), above);
      if (i == k - 1) most = put;
      store_lanes(sorted + i * kLeaf, put);
      above = below;
      if (lanes_less(r, below) == 0) return;  // what is smaller stays
    }
    const Lanes put = smaller(r, above);
    if (k == 1) most = put;
    store_lanes(sorted, put);
  }
};

template <int D, std::size_t K>
std::size_t kth_distances(const TreeView& tree, std::size_t first, std::size_t last, std::size_t k,
                          double* scratch, double* distances) noexcept {
  PYINFO_ASSERT(tree.dimensions == D && first <= last && last <= tree.leaves);
  PYINFO_ASSERT(k >= 1 && (K == 0 || k == K));
  std::size_t read = 0;
  for (std::size_t leaf = first; leaf < last; ++leaf) {
    const Queries<D> queries(tree, leaf);
    Best<K> best(k, scratch);
    const auto scan = [&](std::size_t other, bool own) {
      const double* const points = tree.points + other * D * kLeaf;
      for (std::size_t j = 0; j < kLeaf; ++j) {
        Lanes r = queries.distance(points + j);
        if (own) r = larger(r, load_lanes(kApart[j]));
        if (lanes_less(r, best.last()) != 0) best.insert(r);
      }
      ++read;
    };
    scan(leaf, true);
    visit_others(
        tree, leaf,
        [&](std::size_t node) {
          return lanes_less(queries.least_distance(tree.boxes + node * 2 * D), best.last()) != 0;
        },
        [&](std::size_t other) { scan(other, false); });
    store_lanes(distances + leaf * kLeaf, best.last());
  }
  return read;
}

template <int D>
std::size_t extents(const TreeView& tree, std::size_t first, std::size_t last, const double* radius,
                    double* out) noexcept {
  PYINFO_ASSERT(tree.dimensions == D && first <= last && last <= tree.leaves);
  std::size_t read = 0;
  const Lanes zero = every_lane(0);
  for (std::size_t leaf = first; leaf < last; ++leaf) {
    const Queries<D> queries(tree, leaf);
    // Nobody is within a negative radius. (What is 0 away changes no extent.)
    const Lanes given = load_lanes(radius + leaf * kLeaf);
    const Lanes reach = where_less(zero, given, given, every_lane(-1));
    Lanes most[D];
    for (Lanes& each : most) each = zero;
    const auto scan = [&](std::size_t other) {
      const double* const points = tree.points + other * D * kLeaf;
      for (std::size_t j = 0; j < kLeaf; ++j) {
        const Lanes r = queries.distance(points + j);
        for (int d = 0; d < D; ++d) {
          const Lanes apart =
              magnitude(difference(queries.at[d], every_lane(points[std::size_t(d) * kLeaf + j])));
          most[d] = where_less(reach, r, most[d], larger(apart, most[d]));
        }
      }
      ++read;
    };
    scan(leaf);
    visit_others(
        tree, leaf,
        [&](std::size_t node) {
          const Lanes least = larger(queries.least_distance(tree.boxes + node * 2 * D), zero);
          return lanes_less(reach, least) != 0xffu;
        },
        scan);
    for (int d = 0; d < D; ++d) store_lanes(out + (leaf * D + std::size_t(d)) * kLeaf, most[d]);
  }
  return read;
}

// The best of the k + 1 windows of k + 1 values that hold the value.
void sorted_distances(const double* values, std::size_t n, std::size_t k,
                      double* distances) noexcept {
  for (std::size_t at = 0; at < n; at += kWidth) {
    const double* const p = values + at;
    const Register x = simd::load<double>(p);
    Register best = simd::splat<double>(kInfinite);
    for (std::size_t j = 0; j <= k; ++j) {
      const Register low = x - simd::load<double>(p - j);
      const Register high = simd::load<double>(p + k - j) - x;
      best = simd::minimum<double>(simd::maximum<double>(low, high), best);
    }
    if (n - at >= kWidth)
      simd::store<double>(distances + at, best);
    else
      simd::store_first<double>(distances + at, best, int(n - at));
  }
}

}  // namespace

#define PYINFO_EACH_K(D)                                                                      \
  {                                                                                           \
    kth_distances<D, 0>, kth_distances<D, 1>, kth_distances<D, 2>, kth_distances<D, 3>,       \
        kth_distances<D, 4>, kth_distances<D, 5>                                              \
  }

extern const SearchKernels PYINFO_TABLE(neighbour_search_kernels);
const SearchKernels PYINFO_TABLE(neighbour_search_kernels) = {
    {{}, PYINFO_EACH_K(1), PYINFO_EACH_K(2), PYINFO_EACH_K(3), PYINFO_EACH_K(4)},
    {nullptr, extents<1>, extents<2>, extents<3>, extents<4>},
    sorted_distances};

}  // namespace pyinfo::neighbours
