// How many points are within a radius, by a k-d tree and in sorted values. Compiled once per ISA.
#include "neighbours/kernels/lanes.hpp"

namespace pyinfo::neighbours {
namespace {

// Nodes that are wholly inside are counted as one; those that are partly, with the lanes of which
// they are (a negative radius is none), are looked into.
template <int D>
std::size_t counts(const TreeView& tree, std::size_t first, std::size_t last, const double* radius,
                   std::uint32_t* out) noexcept {
  PYINFO_ASSERT(tree.dimensions == D && first <= last && last <= tree.leaves);
  struct Waiting {
    Lanes reach;
    std::uint32_t node;
  };
  Waiting stack[kDeepest];
  std::size_t read = 0;
  const Lanes zero = every_lane(0), none = every_lane(-1), one = every_lane(1);
  for (std::size_t leaf = first; leaf < last; ++leaf) {
    const Queries<D> queries(tree, leaf);
    std::uint32_t* const found = out + leaf * kLeaf;
    for (std::size_t lane = 0; lane < kLeaf; ++lane) found[lane] = 0;
    Lanes single = zero;  // of points that were looked at one by one
    stack[0] = {load_lanes(radius + leaf * kLeaf), 1};
    for (std::size_t top = 1; top > 0;) {
      Lanes reach = stack[--top].reach;
      const std::uint32_t node = stack[top].node;
      const double* const box = tree.boxes + std::size_t(node) * 2 * D;
      const Lanes least = larger(queries.least_distance(box), zero);
      const Lanes most = larger(queries.most_distance(box), zero);
      const unsigned beyond = lanes_less(reach, least);
      if (beyond == 0xffu) continue;
      const unsigned inside = ~(beyond | lanes_less(reach, most)) & 0xffu;
      if (inside != 0) {
        for (std::size_t lane = 0; lane < kLeaf; ++lane)
          found[lane] += (inside >> lane & 1) * tree.sizes[node];
        reach = where_less(reach, most, reach, none);
        if ((beyond | inside) == 0xffu) continue;
      }
      if (tree.leaf_of[node] < 0) {
        PYINFO_ASSERT(top + 2 <= kDeepest);
        stack[top++] = {reach, 2 * node + 1};
        stack[top++] = {reach, 2 * node};
        continue;
      }
      const double* const points = tree.points + std::size_t(tree.leaf_of[node]) * D * kLeaf;
      for (std::size_t j = 0; j < kLeaf; ++j) {
        const Lanes r = queries.distance(points + j);
        const Lanes more = where_less(reach, r, zero, one);
        single = each_part([&](std::size_t i) { return single.part[i] + more.part[i]; });
      }
      ++read;
    }
    double whole[kLeaf];
    store_lanes(whole, single);
    for (std::size_t lane = 0; lane < kLeaf; ++lane) found[lane] += std::uint32_t(whole[lane]);
  }
  return read;
}

// ---- sorted values

// How many of 16 rising values are less than t, or at most t.
template <bool kOrEqual>
PYINFO_INLINE std::size_t rank_in_node(const double* node, double t) {
#if defined(__AVX512F__) && !defined(PYINFO_ARRAY_VECTORS)
  constexpr int op = kOrEqual ? _CMP_LE_OQ : _CMP_LT_OQ;
  const Register x = simd::splat<double>(t);
  const unsigned low = _mm512_cmp_pd_mask(simd::load<double>(node), x, op);
  const unsigned high = _mm512_cmp_pd_mask(simd::load<double>(node + 8), x, op);
  return std::size_t(__builtin_popcount(low | high << 8));
#elif defined(__AVX2__) && !defined(PYINFO_ARRAY_VECTORS)
  constexpr int op = kOrEqual ? _CMP_LE_OQ : _CMP_LT_OQ;
  const Register x = simd::splat<double>(t);
  unsigned bits = 0;
  for (int i = 0; i < 4; ++i)
    bits |= unsigned(_mm256_movemask_pd(_mm256_cmp_pd(simd::load<double>(node + 4 * i), x, op)))
            << (4 * i);
  return std::size_t(__builtin_popcount(bits));
#elif defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
  const float64x2_t x = vdupq_n_f64(t);
  int64x2_t found = vdupq_n_s64(0);
  for (std::size_t i = 0; i < kFan; i += 2) {  // a comparison that holds is -1
    const float64x2_t v = vld1q_f64(node + i);
    found = vsubq_s64(found, vreinterpretq_s64_u64(kOrEqual ? vcleq_f64(v, x) : vcltq_f64(v, x)));
  }
  return std::size_t(vaddvq_s64(found));
#else
  unsigned found = 0;
  for (std::size_t i = 0; i < kFan; ++i) found += kOrEqual ? node[i] <= t : node[i] < t;
  return found;
#endif
}

template <bool kOrEqual>
PYINFO_INLINE std::size_t rank(const SearchLevels& levels, double t) {
  std::size_t at = 0;
  for (std::size_t l = levels.count; l-- > 0;)
    at = kFan * at + rank_in_node<kOrEqual>(levels.level[l] + kFan * at, t);
  return at;
}

// The first of `size` rising values that is not before().
template <class Before>
std::size_t first_not(std::size_t size, const Before& before) {
  std::size_t low = 0;
  while (size > 0) {
    const std::size_t half = size / 2;
    if (before(low + half)) {
      low += half + 1;
      size -= half + 1;
    } else {
      size = half;
    }
  }
  return low;
}

constexpr double kLargest = std::numeric_limits<double>::max();

// What is compared are the rounded differences, of which x - radius and x + radius may say
// something else; since the kth neighbour lies on the boundary, they often do, by one value. One
// step puts that right without a branch; a search does where many values are equal.

// The first value that is within r of `at`.
PYINFO_INLINE std::size_t first_within(const SearchLevels& levels, double at, double r) {
  const double* const v = levels.level[0];
  const auto too_low = [&](std::ptrdiff_t j) { return at - v[j] > r; };
  auto low = std::ptrdiff_t(rank<false>(levels, at - r));
  low += std::ptrdiff_t(too_low(low)) - std::ptrdiff_t(!too_low(low - 1));
  if (too_low(low) || !too_low(low - 1))
    return first_not(levels.size, [&](std::size_t j) { return too_low(std::ptrdiff_t(j)); });
  return std::size_t(low);
}

// The first above `at` that is not.
PYINFO_INLINE std::size_t first_beyond(const SearchLevels& levels, double at, double r) {
  const double* const v = levels.level[0];
  const auto not_high = [&](std::ptrdiff_t j) { return v[j] - at <= r; };
  // Below the infinities at the end.
  const double above = at + r < kLargest ? at + r : kLargest;
  auto high = std::ptrdiff_t(rank<true>(levels, above));
  high += std::ptrdiff_t(not_high(high)) - std::ptrdiff_t(!not_high(high - 1));
  if (not_high(high) || !not_high(high - 1))
    return first_not(levels.size, [&](std::size_t j) { return not_high(std::ptrdiff_t(j)); });
  return std::size_t(high);
}

void sorted_counts(const SearchLevels& levels, std::size_t first, std::size_t n,
                   const double* radius, std::uint32_t* out) noexcept {
  PYINFO_ASSERT(first + n <= levels.size);
  for (std::size_t i = 0; i < n; ++i) {
    const double* const self = levels.level[0] + first + i;
    const double at = *self, r = radius[i];
    // Most intervals of few values end among the nearest ones.
    const Lanes center = every_lane(at), reach = every_lane(r);
    const unsigned too_low = lanes_less(reach, difference(center, load_lanes(self - kLeaf)));
    const unsigned too_high = lanes_less(reach, difference(load_lanes(self), center));
    const std::size_t low =
        too_low == 0 ? first_within(levels, at, r) : first + i - kLeaf + number_of(too_low);
    const std::size_t high =
        too_high == 0 ? first_beyond(levels, at, r) : first + i + kLeaf - number_of(too_high);
    out[i] = std::uint32_t(high - low);
  }
}

}  // namespace

extern const CountKernels PYINFO_TABLE(neighbour_count_kernels);
const CountKernels PYINFO_TABLE(neighbour_count_kernels) = {
    {nullptr, counts<1>, counts<2>, counts<3>, counts<4>}, sorted_counts};

}  // namespace pyinfo::neighbours
