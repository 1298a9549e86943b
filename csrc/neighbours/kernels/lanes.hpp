// Eight points at once: as many registers as that takes.
//
// Included by kernel files only.
#pragma once

#include <limits>

#include "neighbours/kernels/kernels.hpp"
#include "simd/vec.hpp"

namespace pyinfo::neighbours {
namespace {

using Register = simd::Vec<double>;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr std::size_t kWidth = std::size_t(simd::kLanes<double>);
constexpr std::size_t kRegisters = kLeaf / kWidth;

struct Lanes {
  Register part[kRegisters];
};

// of(part) in each register.
template <class Of>
PYINFO_INLINE Lanes each_part(const Of& of) {
  Lanes made;
  for (std::size_t i = 0; i < kRegisters; ++i) made.part[i] = of(i);
  return made;
}

PYINFO_INLINE Lanes every_lane(double x) {
  return each_part([&](std::size_t) { return simd::splat<double>(x); });
}
PYINFO_INLINE Lanes load_lanes(const double* p) {
  return each_part([&](std::size_t i) { return simd::load<double>(p + i * kWidth); });
}
PYINFO_INLINE void store_lanes(double* p, const Lanes& a) {
  for (std::size_t i = 0; i < kRegisters; ++i) simd::store<double>(p + i * kWidth, a.part[i]);
}
PYINFO_INLINE Lanes difference(const Lanes& a, const Lanes& b) {
  return each_part([&](std::size_t i) { return a.part[i] - b.part[i]; });
}
PYINFO_INLINE Lanes smaller(const Lanes& a, const Lanes& b) {
  return each_part([&](std::size_t i) { return simd::minimum<double>(a.part[i], b.part[i]); });
}
PYINFO_INLINE Lanes larger(const Lanes& a, const Lanes& b) {
  return each_part([&](std::size_t i) { return simd::maximum<double>(a.part[i], b.part[i]); });
}
PYINFO_INLINE Lanes magnitude(const Lanes& a) {
  return each_part([&](std::size_t i) { return simd::absolute<double>(a.part[i]); });
}
// a < b ? x : y
PYINFO_INLINE Lanes where_less(const Lanes& a, const Lanes& b, const Lanes& x, const Lanes& y) {
  return each_part([&](std::size_t i) {
    return simd::where_less<double>(a.part[i], b.part[i], x.part[i], y.part[i]);
  });
}

// A bit for each lane of a < b.
PYINFO_INLINE unsigned lanes_less(const Lanes& a, const Lanes& b) {
#if defined(PYINFO_NEON) && !defined(PYINFO_ARRAY_VECTORS)
  const auto less = [&](std::size_t i) { return (uint32x4_t)(a.part[i] < b.part[i]); };
  const uint32x4_t low = vuzp1q_u32(less(0), less(1)), high = vuzp1q_u32(less(2), less(3));
  const uint16x8_t all = vuzp1q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high));
  static constexpr std::uint16_t bit[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  return vaddvq_u16(vandq_u16(all, vld1q_u16(bit)));
#else
  unsigned found = 0;
  for (std::size_t i = 0; i < kRegisters; ++i) {
    const Register x = a.part[i], y = b.part[i];
    unsigned bits = 0;
#if defined(PYINFO_ARRAY_VECTORS)
    for (std::size_t j = 0; j < kWidth; ++j) bits |= unsigned(x[int(j)] < y[int(j)]) << j;
#elif defined(__AVX512F__)
    bits = _mm512_cmp_pd_mask(x, y, _CMP_LT_OQ);
#elif defined(__AVX2__)
    bits = unsigned(_mm256_movemask_pd(_mm256_cmp_pd(x, y, _CMP_LT_OQ)));
#elif defined(__SSE2__)
    bits = unsigned(_mm_movemask_pd(_mm_cmplt_pd(x, y)));
#else
    for (std::size_t j = 0; j < kWidth; ++j) bits |= unsigned(x[j] < y[j]) << j;
#endif
    found |= bits << (i * kWidth);
  }
  return found;
#endif
}

// How many bits of eight are set.
PYINFO_INLINE std::size_t number_of(unsigned lanes) {
#if defined(__POPCNT__) && defined(__GNUC__)
  return std::size_t(__builtin_popcount(lanes));
#else
  lanes -= lanes >> 1 & 0x55;
  lanes = (lanes & 0x33) + (lanes >> 2 & 0x33);
  return (lanes + (lanes >> 4)) & 15;
#endif
}

// The eight points of a leaf.
template <int D>
struct Queries {
  Lanes at[D];

  PYINFO_INLINE Queries(const TreeView& tree, std::size_t leaf) {
    for (int d = 0; d < D; ++d)
      at[d] = load_lanes(tree.points + (leaf * D + std::size_t(d)) * kLeaf);
  }

  // To one of the points of a leaf, whose coordinates are 8 apart.
  PYINFO_INLINE Lanes distance(const double* point) const {
    Lanes most = magnitude(difference(at[0], every_lane(point[0])));
    for (int d = 1; d < D; ++d)
      most = larger(magnitude(difference(at[d], every_lane(point[std::size_t(d) * kLeaf]))), most);
    return most;
  }
  // No point of the box is nearer; less than 0 inside it. Rounding is monotone: so it is for the
  // distances as they are computed.
  PYINFO_INLINE Lanes least_distance(const double* box) const {
    Lanes most = outside(box, 0);
    for (int d = 1; d < D; ++d) most = larger(outside(box, d), most);
    return most;
  }
  // No point of the box is farther.
  PYINFO_INLINE Lanes most_distance(const double* box) const {
    Lanes most = across(box, 0);
    for (int d = 1; d < D; ++d) most = larger(across(box, d), most);
    return most;
  }

 private:
  PYINFO_INLINE Lanes outside(const double* box, int d) const {
    return larger(difference(every_lane(box[2 * d]), at[d]),
                  difference(at[d], every_lane(box[2 * d + 1])));
  }
  PYINFO_INLINE Lanes across(const double* box, int d) const {
    return larger(difference(at[d], every_lane(box[2 * d])),
                  difference(every_lane(box[2 * d + 1]), at[d]));
  }
};

constexpr std::size_t kDeepest = 64;

// Calls scan(leaf) for the other leaves of which near(node) holds on the whole way down, nearby
// leaves first: from the leaf upwards, what hangs beside the way.
template <class Near, class Scan>
PYINFO_INLINE void visit_others(const TreeView& tree, std::size_t leaf, const Near& near,
                                const Scan& scan) {
  std::uint32_t stack[kDeepest];
  for (std::uint32_t node = tree.node_of[leaf]; node > 1; node >>= 1) {
    stack[0] = node ^ 1;
    for (std::size_t top = 1; top > 0;) {
      const std::uint32_t at = stack[--top];
      if (!near(at)) continue;
      if (tree.leaf_of[at] >= 0) {
        scan(std::size_t(tree.leaf_of[at]));
        continue;
      }
      PYINFO_ASSERT(top + 2 <= kDeepest);
      stack[top++] = 2 * at + 1;
      stack[top++] = 2 * at;
    }
  }
}

}  // namespace
}  // namespace pyinfo::neighbours
