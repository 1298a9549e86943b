// The bound of a certificate, safe in floating point.
#include <algorithm>
#include <cmath>
#include <limits>

#include "elements/compensated_sum.hpp"
#include "quantization/allocation.hpp"
#include "simd/assert.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::quantization {
namespace {

constexpr double kUlp = std::numeric_limits<double>::epsilon();
constexpr double kTiny = std::numeric_limits<double>::min();

struct Range {
  std::size_t begin, end;
};

// No more than the error of any choice within these ranges that costs at most the budget. Every
// term is rounded by at most 1.5 ulp and none is negative; the sum is compensated; sums that were
// rounded before (those of units, and that of a cost that just fits) add two more.
double leaf_bound(const ChoiceTable& table, double budget, const std::vector<Range>& ranges,
                  double price) {
  elements::CompensatedSum sum;
  for (std::size_t unit = 0; unit < table.units(); ++unit) {
    const Point* const points = table.of(unit);
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t k = ranges[unit].begin; k < ranges[unit].end; ++k)
      least = std::min(least, points[k].error + price * points[k].cost);
    sum.add(least);
  }
  const double total = sum.value();
  const double spent = price * budget;
  const double slack = 8 * kUlp * (total + spent) + double(table.units() + 2) * kTiny;
  const double bound = (total - spent) - slack;
  return bound > 0 ? bound : 0;  // also of what overflows; errors are not negative
}

}  // namespace

double certified_bound(const ChoiceTable& table, double budget,
                       const std::vector<CertificateNode>& certificate) {
  std::vector<Range> ranges;
  ranges.reserve(table.units());
  for (std::size_t unit = 0; unit < table.units(); ++unit) ranges.push_back({0, table.size(unit)});
  // Splits whose second tree has not begun, each with the range of its unit before, and after.
  struct Open {
    std::size_t unit;
    Range before, second;
    bool in_second;
  };
  std::vector<Open> open;
  double bound = std::numeric_limits<double>::infinity();
  for (const CertificateNode& node : certificate) {
    threads::require_uninterrupted();
    if (node.kind == CertificateNode::Kind::split) {
      Range& range = ranges[node.unit];
      const Point* const points = table.of(node.unit);
      std::size_t middle = range.begin;
      while (middle < range.end && points[middle].cost <= node.value) ++middle;
      open.push_back({node.unit, range, {middle, range.end}, false});
      range = {range.begin, middle};
      continue;
    }
    if (node.kind == CertificateNode::Kind::leaf)
      bound = std::min(bound, leaf_bound(table, budget, ranges, node.value));
    while (!open.empty() && open.back().in_second) {
      ranges[open.back().unit] = open.back().before;
      open.pop_back();
    }
    if (open.empty()) break;
    open.back().in_second = true;
    ranges[open.back().unit] = open.back().second;
  }
  PYINFO_ASSERT(open.empty());
  return bound;
}

}  // namespace pyinfo::quantization
