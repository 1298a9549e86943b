// Work on all points, in pieces: each on a thread, each asking whether the work has been ended.
#include "neighbours/neighbours.hpp"

#include <algorithm>
#include <limits>

#include "memory/buffer.hpp"
#include "neighbours/search_work.hpp"
#include "simd/assert.hpp"
#include "threads/parallel_or_throw.hpp"

namespace pyinfo::neighbours {

PYINFO_KERNEL_TABLES(SearchKernels, neighbour_search_kernels)
PYINFO_KERNEL_TABLES(CountKernels, neighbour_count_kernels)

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kPieceOfLeaves = 512;
constexpr std::size_t kPieceOfValues = 16384;
constexpr std::size_t kTableOfK = 6;  // kernels for one k each
// From here on the best window is found by bisection.
constexpr std::size_t kManyWindows = 32;

const SearchKernels& search_kernels() {
  static const SearchKernels& active = neighbour_search_kernels(simd::active());
  return active;
}
const CountKernels& count_kernels() {
  static const CountKernels& active = neighbour_count_kernels(simd::active());
  return active;
}

// work(first, last) for pieces of 0 .. count - 1.
template <class Work>
void in_pieces(std::size_t count, std::size_t piece, int threads, const Work& work) {
  threads::parallel_or_throw((count + piece - 1) / piece, threads, [&](std::size_t i) {
    work(i * piece, std::min(count, (i + 1) * piece));
  });
}

// The radii of points in their slots; empty slots have a negative one.
memory::Buffer<double> in_slots(const Tree& tree, const double* radius) {
  memory::Buffer<double> made(tree.slots());
  for (std::size_t s = 0; s < tree.size(); ++s) made[s] = radius[tree.point_at()[s]];
  std::fill(made.data() + tree.size(), made.data() + tree.slots(), -1.0);
  return made;
}

// The kth distance of value i: the window with the least reach to either side.
double bisected_distance(const double* v, std::size_t n, std::size_t i, std::size_t k) noexcept {
  const auto low = [&](std::size_t j) { return j > i ? kInfinity : v[i] - v[i - j]; };
  const auto high = [&](std::size_t j) { return i + k - j >= n ? kInfinity : v[i + k - j] - v[i]; };
  std::size_t from = 0, to = k;  // the first window that reaches as far to the left as to the right
  while (from < to) {
    const std::size_t j = from + (to - from) / 2;
    if (low(j) < high(j))
      from = j + 1;
    else
      to = j;
  }
  double best = std::max(low(from), high(from));
  if (from > 0) best = std::min(best, std::max(low(from - 1), high(from - 1)));
  return best;
}

}  // namespace

void sorted_kth_distances(const double* v, std::size_t n, std::size_t k, int threads,
                          double* distances) {
  PYINFO_ASSERT(k >= 1 && k < n);
  if (k >= kManyWindows) {
    in_pieces(n, kPieceOfValues, threads, [&](std::size_t first, std::size_t last) {
      for (std::size_t i = first; i < last; ++i) distances[i] = bisected_distance(v, n, i, k);
    });
    return;
  }
  memory::Buffer<double> padded(n + 2 * k + kLeaf);
  std::fill(padded.data(), padded.data() + k, -kInfinity);
  std::copy(v, v + n, padded.data() + k);
  std::fill(padded.data() + k + n, padded.data() + padded.size(), kInfinity);
  in_pieces(n, kPieceOfValues, threads, [&](std::size_t first, std::size_t last) {
    search_kernels().sorted_distances(padded.data() + k + first, last - first, k,
                                      distances + first);
  });
}

std::size_t slot_kth_distances(const Tree& tree, std::size_t k, int threads, double* distances) {
  PYINFO_ASSERT(k >= 1 && k < tree.size());
  const auto search = search_kernels().kth_distances[tree.dimensions()][k < kTableOfK ? k : 0];
  const std::size_t piece = std::max<std::size_t>(1, kPieceOfLeaves / k);
  const std::size_t pieces = (tree.leaves() + piece - 1) / piece;
  memory::Buffer<std::size_t> read(pieces);
  in_pieces(tree.leaves(), piece, threads, [&](std::size_t first, std::size_t last) {
    memory::Buffer<double> scratch(k < kTableOfK ? 0 : k * kLeaf);
    read[first / piece] = search(tree.view(), first, last, k, scratch.data(), distances);
  });
  std::size_t sum = 0;
  for (std::size_t i = 0; i < pieces; ++i) sum += read[i];
  return sum;
}

std::size_t slot_counts(const Tree& tree, const double* radius, int threads,
                        std::uint32_t* counts) {
  const auto count = count_kernels().counts[tree.dimensions()];
  const std::size_t piece = kPieceOfLeaves / 4;
  const std::size_t pieces = (tree.leaves() + piece - 1) / piece;
  memory::Buffer<std::size_t> read(pieces);
  in_pieces(tree.leaves(), piece, threads, [&](std::size_t first, std::size_t last) {
    read[first / piece] = count(tree.view(), first, last, radius, counts);
  });
  std::size_t sum = 0;
  for (std::size_t i = 0; i < pieces; ++i) sum += read[i];
  return sum;
}

void kth_distances(const SortedColumn& column, std::size_t k, int threads, double* distances) {
  const std::size_t n = column.size();
  memory::Buffer<double> sorted(n);
  sorted_kth_distances(column.values(), n, k, threads, sorted.data());
  for (std::size_t i = 0; i < n; ++i) distances[column.order()[i]] = sorted[i];
}

void kth_distances(const Tree& tree, std::size_t k, int threads, double* distances) {
  memory::Buffer<double> found(tree.slots());
  slot_kth_distances(tree, k, threads, found.data());
  for (std::size_t s = 0; s < tree.size(); ++s) distances[tree.point_at()[s]] = found[s];
}

void extents_within(const Tree& tree, const double* radius, int threads, double* extents) {
  const auto search = search_kernels().extents[tree.dimensions()];
  const std::size_t dimensions = std::size_t(tree.dimensions());
  const memory::Buffer<double> reach = in_slots(tree, radius);
  memory::Buffer<double> found(tree.slots() * dimensions);
  in_pieces(tree.leaves(), kPieceOfLeaves, threads, [&](std::size_t first, std::size_t last) {
    search(tree.view(), first, last, reach.data(), found.data());
  });
  for (std::size_t d = 0; d < dimensions; ++d)
    for (std::size_t s = 0; s < tree.size(); ++s)
      extents[d * tree.size() + tree.point_at()[s]] =
          found[(s / kLeaf * dimensions + d) * kLeaf + s % kLeaf];
}

void counts_within(const SortedColumn& column, const double* radius, int threads,
                   std::uint32_t* counts) {
  const std::size_t n = column.size();
  const std::uint32_t* const order = column.order();
  const SearchLevels levels = column.levels();
  // In rising order, so that one query finds what the one before has read.
  in_pieces(n, kPieceOfValues, threads, [&](std::size_t first, std::size_t last) {
    constexpr std::size_t few = 256;
    double reach[few];
    std::uint32_t found[few];
    for (std::size_t at = first; at < last; at += few) {
      const std::size_t m = std::min(few, last - at);
      for (std::size_t i = 0; i < m; ++i) reach[i] = radius[order[at + i]];
      count_kernels().sorted_counts(levels, at, m, reach, found);
      for (std::size_t i = 0; i < m; ++i) counts[order[at + i]] = found[i];
    }
  });
}

void counts_within(const Tree& tree, const double* radius, int threads, std::uint32_t* counts) {
  const memory::Buffer<double> reach = in_slots(tree, radius);
  memory::Buffer<std::uint32_t> found(tree.slots());
  slot_counts(tree, reach.data(), threads, found.data());
  for (std::size_t s = 0; s < tree.size(); ++s) counts[tree.point_at()[s]] = found[s];
}

}  // namespace pyinfo::neighbours
