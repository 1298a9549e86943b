// Sums over all points that estimators of entropy and information are made of, in nats.
//
// They do not depend on the order of the points, to the last bit: counts are made a histogram, and
// logarithms are added as integers.
//
//   L. F. Kozachenko, N. N. Leonenko, "Sample estimate of the entropy of a random vector", 1987
//   A. Kraskov, H. Stoegbauer, P. Grassberger, "Estimating mutual information", 2004
//   S. Frenzel, B. Pompe, "Partial mutual information for coupling analysis", 2007
//   B. C. Ross, "Mutual information between discrete and continuous data sets", 2014
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyinfo::neighbours {

// Coordinates in columns of `count`, one after the other. Functions throw std::invalid_argument if
// a value is not finite, there are not 1 .. kMostDimensions columns, or k is not 1 .. count - 1.
struct Points {
  const double* columns;
  std::size_t count;
  std::size_t dimensions;
};

// The mean of ln r, r the distance to the kth neighbour: -infinity if a distance is 0.
double mean_log_distance(const Points& points, std::size_t k, int threads);

// Which coordinates a marginal space has: bit d for column d.
using Coordinates = std::uint32_t;

// For each marginal space, the mean of digamma(1 + how many other points are nearer there than the
// kth neighbour is in all coordinates). Points at a distance of 0 count as nearer.
void mean_digammas(const Points& points, std::size_t k, const Coordinates* spaces,
                   std::size_t space_count, int threads, double* means);

// The same of the second estimator: the mean of digamma(how many other points are in the marginal
// space no farther than the farthest there of the points within the distance of the kth neighbour).
void mean_digammas_of_extents(const Points& points, std::size_t k, const Coordinates* spaces,
                              std::size_t space_count, int threads, double* means);

// The points in an order in which every eight that follow each other are near: leaves of a k-d
// tree.
void nearby_order(const Points& points, std::uint32_t* order);

// Points in classes. Those of classes with one point are left out.
struct ClassInformation {
  std::size_t count = 0;     // of points that are left
  double mean_digammas = 0;  // of how many points are nearer than the kth of the own class
  double mean_of_k = 0;      // mean of digamma(k), k limited to the class's size - 1
  double mean_of_size = 0;   // mean of digamma(size of the own class)
};
// Labels are below `classes`: std::invalid_argument otherwise.
ClassInformation class_information(const Points& points, const std::uint32_t* labels,
                                   std::size_t classes, std::size_t k, int threads);

}  // namespace pyinfo::neighbours
