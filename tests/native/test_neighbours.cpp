// Nearest neighbours and counts by the kernels that PYINFO_ISA names, against loops over all pairs:
// every size of leaf and tail, ties, constants, heavy tails, clusters; and how much is read.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "chosen_isa.hpp"
#include "neighbours/digamma.hpp"
#include "neighbours/information.hpp"
#include "neighbours/neighbours.hpp"
#include "neighbours/reference.hpp"
#include "neighbours/search_work.hpp"

namespace {

using namespace pyinfo::neighbours;
using pyinfo::check::chosen;
using pyinfo::check::Random;

constexpr double kPi = 3.14159265358979323846;

double normal(Random& random) {
  return std::sqrt(-2 * std::log(random.uniform())) * std::cos(2 * kPi * random.uniform());
}

struct Kind {
  const char* name;
  std::function<double(Random&, std::size_t, std::size_t)> value;  // of (random, i, column)
};

const Kind kKinds[] = {
    {"normal", [](Random& r, std::size_t, std::size_t) { return normal(r); }},
    {"constant", [](Random&, std::size_t, std::size_t) { return 0.1; }},
    {"two values",
     [](Random& r, std::size_t, std::size_t) { return r.uniform() < 0.5 ? 0. : -0.3; }},
    {"tenths", [](Random& r, std::size_t, std::size_t) { return std::round(10 * normal(r)) / 10; }},
    {"heavy tails",
     [](Random& r, std::size_t, std::size_t) { return std::tan(kPi * r.uniform()); }},
    {"enormous",
     [](Random& r, std::size_t, std::size_t) {
       return (r.uniform() < 0.5 ? -1 : 1) * std::exp(1400 * (r.uniform() - 0.5));
     }},
    {"clusters",
     [](Random& r, std::size_t i, std::size_t) { return double(i % 5) + 1e-6 * normal(r); }},
    {"a mass at 0", [](Random& r, std::size_t i, std::size_t) { return i % 3 ? 0 : normal(r); }},
    {"in order", [](Random&, std::size_t i, std::size_t) { return double(i) * 0.1; }},
    {"geometric",
     [](Random&, std::size_t i, std::size_t) { return std::ldexp(1., -int(i % 900)); }},
    {"one coordinate", [](Random& r, std::size_t, std::size_t d) { return d ? 0.5 : normal(r); }},
};

std::vector<double> points_of(const Kind& kind, std::size_t n, std::size_t dimensions,
                              std::uint64_t seed = 1) {
  Random random(seed + n);
  std::vector<double> made(n * dimensions);
  for (std::size_t d = 0; d < dimensions; ++d)
    for (std::size_t i = 0; i < n; ++i) made[d * n + i] = kind.value(random, i, d);
  return made;
}

std::vector<SortedColumn> sorted(const Points& points) {
  std::vector<SortedColumn> made;
  for (std::size_t d = 0; d < points.dimensions; ++d)
    made.emplace_back(points.columns + d * points.count, points.count);
  return made;
}

Tree tree_of(const std::vector<SortedColumn>& columns) {
  std::vector<const SortedColumn*> all;
  for (const SortedColumn& column : columns) all.push_back(&column);
  return Tree(all.data(), int(all.size()));
}

// From each point its distances to all, its own among them, in order; and how far in each
// coordinate those are that are not further. What a search finds for any k is looked up here.
class AllPairs {
 public:
  explicit AllPairs(const Points& points) : n_(points.count), distances_(n_ * n_) {
    std::vector<std::uint32_t> order(n_);
    std::vector<double> from(n_);
    for (std::size_t d = 0; d < points.dimensions; ++d) extents_[d].resize(n_ * n_);
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = 0; j < n_; ++j) {
        order[j] = std::uint32_t(j);
        from[j] = reference::distance(points, kAllCoordinates, i, j);
      }
      std::sort(order.begin(), order.end(),
                [&](std::uint32_t a, std::uint32_t b) { return from[a] < from[b]; });
      for (std::size_t place = 0; place < n_; ++place)
        distances_[i * n_ + place] = from[order[place]];
      for (std::size_t d = 0; d < points.dimensions; ++d) {
        const double* const column = points.columns + d * n_;
        double most = 0;
        for (std::size_t place = 0; place < n_; ++place) {
          most = std::max(most, std::abs(column[i] - column[order[place]]));
          extents_[d][i * n_ + place] = most;
        }
      }
    }
  }

  double kth_distance(std::size_t i, std::size_t k) const { return distances_[i * n_ + k]; }
  std::uint32_t count_within(std::size_t i, double radius) const {
    const double* const first = distances_.data() + i * n_;
    return std::uint32_t(std::upper_bound(first, first + n_, radius) - first);
  }
  double extent(std::size_t d, std::size_t i, double radius) const {
    return extents_[d][i * n_ + count_within(i, radius) - 1];
  }

 private:
  static constexpr Coordinates kAllCoordinates = 15;

  std::size_t n_;
  std::vector<double> distances_;
  std::vector<double> extents_[4];
};

// The reference that is looked up, against the one that the definitions are.
void test_all_pairs() {
  const std::size_t n = 40;
  for (const Kind& kind : kKinds) {
    const std::vector<double> values = points_of(kind, n, 3);
    const Points points{values.data(), n, 3};
    const AllPairs pairs(points);
    for (std::size_t i = 0; i < n; ++i) {
      const double r = pairs.kth_distance(i, 5);
      CHECK(r == reference::kth_distance(points, i, 5), kind.name);
      CHECK(pairs.count_within(i, r) == reference::count_within(points, 7, i, r), kind.name);
      CHECK(pairs.extent(1, i, r) == reference::extent(points, 2, i, r), kind.name);
    }
  }
}

// Column and Tree have one interface.
template <class Space>
void test_space(const Space& space, const AllPairs& pairs, std::size_t n, std::size_t k,
                const std::string& what) {
  std::vector<double> distances(n), radii(n);
  std::vector<std::uint32_t> closed(n), open(n), wide(n);
  kth_distances(space, k, 2, distances.data());
  counts_within(space, distances.data(), 2, closed.data());
  for (std::size_t i = 0; i < n; ++i) radii[i] = just_below(distances[i]);
  counts_within(space, radii.data(), 1, open.data());
  for (std::size_t i = 0; i < n; ++i) radii[i] = std::min(1e300, 3 * distances[i] + 1);
  counts_within(space, radii.data(), 1, wide.data());
  bool equal = true, counted = true;
  for (std::size_t i = 0; i < n; ++i) {
    const double wanted = pairs.kth_distance(i, k);
    equal = equal && distances[i] == wanted;
    counted = counted && closed[i] == pairs.count_within(i, wanted) &&
              open[i] == pairs.count_within(i, just_below(wanted)) &&
              wide[i] == pairs.count_within(i, radii[i]);
  }
  CHECK(equal, "distances of " + what);
  CHECK(counted, "counts of " + what);
}

void test_extents(const Tree& tree, const AllPairs& pairs, const Points& points, std::size_t k,
                  const std::string& what) {
  const std::size_t n = points.count;
  std::vector<double> distances(n), extents(n * points.dimensions);
  kth_distances(tree, k, 1, distances.data());
  extents_within(tree, distances.data(), 2, extents.data());
  bool equal = true;
  for (std::size_t d = 0; d < points.dimensions; ++d)
    for (std::size_t i = 0; i < n; ++i)
      equal = equal && extents[d * n + i] == pairs.extent(d, i, distances[i]);
  CHECK(equal, "extents of " + what);
}

void test_against_all_pairs() {
  for (const Kind& kind : kKinds) {
    for (std::size_t dimensions = 1; dimensions <= 4; ++dimensions) {
      for (const std::size_t n : {2, 3, 7, 8, 9, 15, 16, 17, 33, 64, 65, 250, 257, 700}) {
        const std::vector<double> values = points_of(kind, n, dimensions);
        const Points points{values.data(), n, dimensions};
        const std::vector<SortedColumn> columns = sorted(points);
        const Tree tree = tree_of(columns);
        const AllPairs pairs(points);
        for (const std::size_t k : {1, 2, 3, 4, 5, 6, 11, 40}) {
          if (k >= n || (n > 300 && k != 3) || !chosen()) continue;
          const std::string what = std::string(kind.name) + ", " + std::to_string(n) + " points, " +
                                   std::to_string(dimensions) + " dimensions, k " +
                                   std::to_string(k);
          test_space(tree, pairs, n, k, what);
          test_extents(tree, pairs, points, k, what);
          if (dimensions == 1) test_space(columns[0], pairs, n, k, what);
        }
      }
    }
  }
}

void test_sorting() {
  for (const Kind& kind : kKinds) {
    for (const std::size_t n : {1, 5, 511, 512, 3000, 70000}) {
      if (!chosen()) continue;
      const std::vector<double> values = points_of(kind, n, 1);
      const SortedColumn column(values.data(), n);
      std::vector<double> wanted = values;
      std::sort(wanted.begin(), wanted.end());
      bool equal = true;
      std::vector<char> seen(n, 0);
      for (std::size_t i = 0; i < n; ++i) {
        equal = equal && column.values()[i] == wanted[i] &&
                values[column.order()[i]] == wanted[i] && !seen[column.order()[i]];
        seen[column.order()[i]] = 1;
      }
      CHECK(equal, std::string("order of ") + kind.name);
    }
  }
}

// As the prototype of all estimators: the sums, from the definitions.
void test_information() {
  for (const Kind& kind : kKinds) {
    const std::size_t n = 200, k = 3;
    for (std::size_t dimensions = 2; dimensions <= 4; ++dimensions) {
      if (!chosen()) continue;
      std::vector<double> values = points_of(kind, n, dimensions);
      const Points points{values.data(), n, dimensions};
      const Coordinates spaces[] = {1, 2, 3, (Coordinates{1} << dimensions) - 2};
      double means[4], extents[4];
      mean_digammas(points, k, spaces, 4, 1, means);
      mean_digammas_of_extents(points, k, spaces, 4, 1, extents);
      double logarithms = 0;
      for (std::size_t i = 0; i < n; ++i)
        logarithms += std::log(reference::kth_distance(points, i, k)) / double(n);
      const double found = mean_log_distance(points, k, 1);
      CHECK(found == logarithms || std::abs(found - logarithms) < 1e-12 * (1 + std::abs(found)),
            std::string("logarithms of ") + kind.name);
      for (int s = 0; s < 4; ++s) {
        double mean = 0, second = 0;
        for (std::size_t i = 0; i < n; ++i) {
          const double r = reference::kth_distance(points, i, k);
          const double side = reference::extent(points, spaces[s], i, r);
          mean += digamma(reference::count_within(points, spaces[s], i, just_below(r)));
          second += digamma(reference::count_within(points, spaces[s], i, side) - 1);
        }
        CHECK(std::abs(means[s] - mean / n) < 1e-12, std::string("first of ") + kind.name);
        CHECK(std::abs(extents[s] - second / n) < 1e-12, std::string("second of ") + kind.name);
      }
      // Points in another order, on another number of threads: the same to the last bit.
      std::vector<double> turned(values.size());
      for (std::size_t d = 0; d < dimensions; ++d)
        std::reverse_copy(values.begin() + std::ptrdiff_t(d * n),
                          values.begin() + std::ptrdiff_t((d + 1) * n),
                          turned.begin() + std::ptrdiff_t(d * n));
      double again[4];
      mean_digammas({turned.data(), n, dimensions}, k, spaces, 4, 2, again);
      CHECK(std::equal(means, means + 4, again), std::string("order of ") + kind.name);
      CHECK(mean_log_distance({turned.data(), n, dimensions}, k, 2) == found,
            std::string("order of ") + kind.name);
    }
  }
}

void test_classes() {
  for (const Kind& kind : kKinds) {
    for (std::size_t dimensions = 1; dimensions <= 3; ++dimensions) {
      if (!chosen()) continue;
      const std::size_t n = 150, k = 3;
      const std::vector<double> values = points_of(kind, n, dimensions);
      std::vector<std::uint32_t> labels(n);
      for (std::size_t i = 0; i < n; ++i) labels[i] = std::uint32_t(i < 3 ? i : 3 + i * i % 7);
      std::vector<std::size_t> kept, sizes(10, 0);
      for (const std::uint32_t label : labels) ++sizes[label];
      for (std::size_t i = 0; i < n; ++i)
        if (sizes[labels[i]] > 1) kept.push_back(i);
      double digammas = 0, of_k = 0, of_size = 0;
      for (const std::size_t i : kept) {
        std::vector<double> own, all;
        for (const std::size_t j : kept) {
          const double r = reference::distance({values.data(), n, dimensions}, 15, i, j);
          all.push_back(r);
          if (labels[j] == labels[i] && j != i) own.push_back(r);
        }
        std::sort(own.begin(), own.end());
        const std::size_t limited = std::min(k, own.size());
        const double r = just_below(own[limited - 1]);
        digammas += digamma(double(
            std::count_if(all.begin(), all.end(), [&](double other) { return other <= r; })));
        of_k += digamma(double(limited));
        of_size += digamma(double(own.size() + 1));
      }
      const ClassInformation found =
          class_information({values.data(), n, dimensions}, labels.data(), 10, k, 1);
      const double m = double(kept.size());
      CHECK(found.count == kept.size(), kind.name);
      CHECK(std::abs(found.mean_digammas - digammas / m) < 1e-12, kind.name);
      CHECK(std::abs(found.mean_of_k - of_k / m) < 1e-12, kind.name);
      CHECK(std::abs(found.mean_of_size - of_size / m) < 1e-12, kind.name);
    }
  }
}

// No data make a search read much more than random points do, or very much more of many points than
// of few: eight times as many are all that a quadratic search would read. Magnitudes from e^-700 to
// e^700 are what boxes say least of.
void test_work() {
  for (std::size_t dimensions = 2; dimensions <= 4; ++dimensions) {
    if (!chosen()) continue;
    std::vector<double> normals;
    for (const Kind& kind : kKinds) {
      std::vector<double> per_leaf;
      for (const std::size_t n : {4000, 32000}) {
        const std::vector<double> values = points_of(kind, n, dimensions);
        const Points points{values.data(), n, dimensions};
        const Tree tree = tree_of(sorted(points));
        std::vector<double> found(tree.slots());
        const std::size_t read = slot_kth_distances(tree, 3, 2, found.data());
        for (std::size_t s = 0; s < tree.slots(); ++s) found[s] = s < n ? just_below(found[s]) : -1;
        std::vector<std::uint32_t> counts(tree.slots());
        const std::size_t counted = slot_counts(tree, found.data(), 2, counts.data());
        per_leaf.push_back(double(read + counted) / double(tree.leaves()));
      }
      if (normals.empty()) normals = per_leaf;
      const std::string what = std::string(kind.name) + ", " + std::to_string(dimensions) +
                               " dimensions: " + std::to_string(per_leaf[0]) + ", " +
                               std::to_string(per_leaf[1]);
      const bool is_enormous = std::string(kind.name) == "enormous";
      const double most = is_enormous ? 16 : 2;
      CHECK(per_leaf[0] < most * normals[0] && per_leaf[1] < most * normals[1], what);
      CHECK(per_leaf[1] < 2.3 * per_leaf[0], what);
    }
  }
}

template <class Call>
bool refused(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument&) {
    return true;
  }
  return false;
}

void test_refusals() {
  const double values[] = {0, 1, 2, std::numeric_limits<double>::quiet_NaN(), 1, 2, 3, 4, 5, 6};
  const std::uint32_t labels[] = {0, 1, 2};
  CHECK(refused([&] { SortedColumn(values, 0); }), "nothing");
  CHECK(refused([&] { SortedColumn(values, 4); }), "a NaN");
  CHECK(refused([&] { mean_log_distance({values, 3, 1}, 0, 1); }), "k = 0");
  CHECK(refused([&] { mean_log_distance({values, 3, 1}, 3, 1); }), "k = n");
  CHECK(refused([&] { mean_log_distance({values, 2, 5}, 1, 1); }), "5 dimensions");
  CHECK(refused([&] { class_information({values, 3, 1}, labels, 2, 1, 1); }), "a label");
}

void test_digamma() {
  CHECK(std::abs(digamma(1) + 0.57721566490153286061) < 1e-15, "digamma(1)");
  CHECK(std::abs(digamma(0.5) + 1.96351002602142347944) < 4e-15, "digamma(1/2)");
  CHECK(std::abs(digamma(1e6) - 13.81551005796419153) < 1e-14, "digamma(1e6)");
  for (double x = 1; x < 40; x += 0.5)
    CHECK(std::abs(digamma(x + 1) - digamma(x) - 1 / x) < 2e-15, "recurrence");
}

}  // namespace

int main() {
  if (pyinfo::check::chosen_isa_is_missing()) return pyinfo::check::kSkipped;
  test_digamma();
  test_sorting();
  test_all_pairs();
  test_against_all_pairs();
  test_information();
  test_classes();
  test_work();
  test_refusals();
  return pyinfo::check::finish();
}
