#include "neighbours/information.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "memory/buffer.hpp"
#include "neighbours/digamma.hpp"
#include "neighbours/neighbours.hpp"
#include "neighbours/search_work.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::neighbours {
namespace {

using Columns = std::vector<std::unique_ptr<SortedColumn>>;

void check(const Points& points, std::size_t k) {
  if (points.dimensions < 1 || points.dimensions > std::size_t(kMostDimensions))
    throw std::invalid_argument("there must be 1 to 4 coordinates");
  if (k < 1 || k >= points.count)
    throw std::invalid_argument("k must be from 1 to the number of points - 1");
}

Columns sorted_columns(const Points& points) {
  Columns made;
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    made.push_back(std::make_unique<SortedColumn>(points.columns + d * points.count, points.count));
    threads::require_uninterrupted();
  }
  return made;
}

Coordinates all_of(const Points& points) noexcept {
  return (Coordinates{1} << points.dimensions) - 1;
}

Tree joint_tree(const Columns& columns) {
  const SortedColumn* all[kMostDimensions];
  for (std::size_t d = 0; d < columns.size(); ++d) all[d] = columns[d].get();
  return Tree(all, int(columns.size()));
}

// Calls with what is searched in some of the coordinates.
template <class Call>
void with_space(const Columns& columns, Coordinates wanted, const Call& call) {
  const SortedColumn* chosen[kMostDimensions];
  int dimensions = 0;
  for (std::size_t d = 0; d < columns.size(); ++d)
    if (wanted >> d & 1) chosen[dimensions++] = columns[d].get();
  if (dimensions == 0) throw std::invalid_argument("a space must have coordinates");
  if (dimensions == 1)
    call(*chosen[0]);
  else
    call(Tree(chosen, dimensions));
}

// The columns of each class, which are parts of sorted ones: points are class after class, and
// `starts` says where each begins.
class SortedClasses {
 public:
  SortedClasses(const Columns& columns, const std::vector<std::size_t>& starts)
      : starts_(starts),
        dimensions_(columns.size()),
        values_(starts.back() * dimensions_),
        order_(starts.back() * dimensions_) {
    const std::size_t n = starts.back();
    std::vector<std::uint32_t> class_of(n);
    for (std::size_t c = 0; c + 1 < starts.size(); ++c)
      std::fill_n(class_of.data() + starts[c], starts[c + 1] - starts[c], std::uint32_t(c));
    for (std::size_t d = 0; d < dimensions_; ++d) {
      threads::require_uninterrupted();
      std::vector<std::size_t> at(starts.begin(), starts.end() - 1);
      for (std::size_t rank = 0; rank < n; ++rank) {
        const std::uint32_t point = columns[d]->order()[rank];
        const std::uint32_t c = class_of[point];
        const std::size_t to = d * n + at[c]++;
        values_[to] = columns[d]->values()[rank];
        order_[to] = point - std::uint32_t(starts[c]);
      }
    }
  }

  Columns columns_of(std::size_t c) const {
    Columns made;
    for (std::size_t d = 0; d < dimensions_; ++d) {
      const std::size_t begin = d * starts_.back() + starts_[c];
      made.push_back(std::make_unique<SortedColumn>(values_.data() + begin, order_.data() + begin,
                                                    starts_[c + 1] - starts_[c]));
    }
    return made;
  }

 private:
  const std::vector<std::size_t>& starts_;
  std::size_t dimensions_;
  memory::Buffer<double> values_;
  memory::Buffer<std::uint32_t> order_;
};

// ---- sums

// Of logarithms, exactly once they are rounded to 2^-52.
class LogSum {
 public:
  void add(double x) noexcept {
    if (x == 0) {
      infinite_ = true;
      return;
    }
    const auto units = std::int64_t(std::llrint(std::ldexp(std::log(x), kBits)));
    high_ += units >> 32;
    low_ += units & 0xffffffff;
  }
  double value() const noexcept {
    if (infinite_) return -std::numeric_limits<double>::infinity();
    const std::int64_t high = high_ + (low_ >> 32);
    return std::ldexp(double(high), 32 - kBits) + std::ldexp(double(low_ & 0xffffffff), -kBits);
  }

 private:
  static constexpr int kBits = 52;
  std::int64_t high_ = 0;
  std::int64_t low_ = 0;
  bool infinite_ = false;
};

// The mean of digamma(count - less).
double mean_digamma(const std::vector<std::uint32_t>& counts, std::uint32_t less) {
  std::vector<std::uint32_t> times(counts.size() + 1, 0);
  for (const std::uint32_t count : counts) {
    PYINFO_ASSERT(count > less && count <= counts.size());
    ++times[count];
  }
  double sum = 0;
  for (std::size_t count = less + 1; count < times.size(); ++count)
    if (times[count] > 0) sum += times[count] * digamma(double(count - less));
  return sum / double(counts.size());
}

}  // namespace

double mean_log_distance(const Points& points, std::size_t k, int threads) {
  check(points, k);
  const Columns columns = sorted_columns(points);
  LogSum sum;
  if (points.dimensions == 1) {
    memory::Buffer<double> found(points.count);
    sorted_kth_distances(columns[0]->values(), points.count, k, threads, found.data());
    for (std::size_t i = 0; i < points.count; ++i) sum.add(found[i]);
  } else {
    const Tree tree = joint_tree(columns);
    memory::Buffer<double> found(tree.slots());
    slot_kth_distances(tree, k, threads, found.data());
    for (std::size_t s = 0; s < points.count; ++s) sum.add(found[s]);
  }
  return sum.value() / double(points.count);
}

void mean_digammas(const Points& points, std::size_t k, const Coordinates* spaces,
                   std::size_t space_count, int threads, double* means) {
  check(points, k);
  const Columns columns = sorted_columns(points);
  std::vector<double> radius(points.count);
  with_space(columns, all_of(points),
             [&](const auto& space) { kth_distances(space, k, threads, radius.data()); });
  for (double& each : radius) each = just_below(each);
  std::vector<std::uint32_t> counts(points.count);
  for (std::size_t i = 0; i < space_count; ++i) {
    with_space(columns, spaces[i], [&](const auto& space) {
      counts_within(space, radius.data(), threads, counts.data());
    });
    means[i] = mean_digamma(counts, 0);
  }
}

void mean_digammas_of_extents(const Points& points, std::size_t k, const Coordinates* spaces,
                              std::size_t space_count, int threads, double* means) {
  check(points, k);
  const Columns columns = sorted_columns(points);
  std::vector<double> radius(points.count), extents(points.count * points.dimensions);
  {
    const Tree tree = joint_tree(columns);
    kth_distances(tree, k, threads, radius.data());
    extents_within(tree, radius.data(), threads, extents.data());
  }
  std::vector<std::uint32_t> counts(points.count);
  for (std::size_t i = 0; i < space_count; ++i) {
    std::fill(radius.begin(), radius.end(), 0.0);
    for (std::size_t d = 0; d < points.dimensions; ++d)
      if (spaces[i] >> d & 1)
        for (std::size_t j = 0; j < points.count; ++j)
          radius[j] = std::max(radius[j], extents[d * points.count + j]);
    with_space(columns, spaces[i], [&](const auto& space) {
      counts_within(space, radius.data(), threads, counts.data());
    });
    means[i] = mean_digamma(counts, 1);
  }
}

void nearby_order(const Points& points, std::uint32_t* order) {
  check(points, 1);
  const Columns columns = sorted_columns(points);
  const Tree tree = joint_tree(columns);
  std::copy(tree.point_at(), tree.point_at() + points.count, order);
}

ClassInformation class_information(const Points& points, const std::uint32_t* labels,
                                   std::size_t classes, std::size_t k, int threads) {
  check(points, k);
  std::vector<std::size_t> sizes(classes, 0);
  for (std::size_t i = 0; i < points.count; ++i) {
    if (labels[i] >= classes) throw std::invalid_argument("labels must be below their number");
    ++sizes[labels[i]];
  }
  // The points that are left, class after class: every class is a run in each column.
  ClassInformation result;
  std::vector<std::size_t> starts(classes + 1, 0);
  for (std::size_t c = 0; c < classes; ++c) {
    if (sizes[c] < 2) sizes[c] = 0;
    starts[c + 1] = starts[c] + sizes[c];
  }
  result.count = starts[classes];
  if (result.count == 0) return result;
  std::vector<double> kept(result.count * points.dimensions), radius(result.count);
  std::vector<std::size_t> at(starts.begin(), starts.end() - 1);
  for (std::size_t i = 0; i < points.count; ++i) {
    if (sizes[labels[i]] == 0) continue;
    const std::size_t to = at[labels[i]]++;
    for (std::size_t d = 0; d < points.dimensions; ++d)
      kept[d * result.count + to] = points.columns[d * points.count + i];
  }
  const Columns columns = sorted_columns({kept.data(), result.count, points.dimensions});
  const SortedClasses sorted(columns, starts);
  for (std::size_t c = 0; c < classes; ++c) {
    const std::size_t size = sizes[c];
    if (size == 0) continue;
    const std::size_t limited = std::min(k, size - 1);
    with_space(sorted.columns_of(c), all_of(points), [&](const auto& space) {
      kth_distances(space, limited, threads, radius.data() + starts[c]);
    });
    result.mean_of_k += double(size) * digamma(double(limited));
    result.mean_of_size += double(size) * digamma(double(size));
  }
  result.mean_of_k /= double(result.count);
  result.mean_of_size /= double(result.count);
  for (double& each : radius) each = just_below(each);
  std::vector<std::uint32_t> counts(result.count);
  with_space(columns, all_of(points), [&](const auto& space) {
    counts_within(space, radius.data(), threads, counts.data());
  });
  result.mean_digammas = mean_digamma(counts, 0);
  return result;
}

}  // namespace pyinfo::neighbours
