// Nearest neighbours of points in one to four dimensions, and the sums of estimators, in nats.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <stdexcept>

#include "bindings/arguments.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/gil.hpp"
#include "bindings/rooms.hpp"
#include "neighbours/digamma.hpp"
#include "neighbours/information.hpp"
#include "neighbours/search_work.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using Coordinate = ContiguousArray<double>;
using PointClasses = ContiguousArray<std::uint32_t>;

neighbours::Points points_argument(const Coordinate& columns) {
  if (columns.ndim() != 2) throw std::invalid_argument("columns must have two dimensions");
  return {columns.data(), std::size_t(columns.shape(1)), std::size_t(columns.shape(0))};
}

double neighbour_log_distance(const Coordinate& columns, std::size_t k, const py::object& threads) {
  const neighbours::Points points = points_argument(columns);
  const int thread_count = threads_argument(threads.ptr());
  return without_gil(points.count * points.dimensions,
                     [&] { return neighbours::mean_log_distance(points, k, thread_count); });
}

py::array_t<double> neighbour_digammas(const Coordinate& columns, std::size_t k,
                                       const PointClasses& spaces, bool extents,
                                       const py::object& threads) {
  const neighbours::Points points = points_argument(columns);
  const int thread_count = threads_argument(threads.ptr());
  py::array_t<double> means(spaces.size());
  const std::uint32_t* const wanted = spaces.data();
  const auto count = std::size_t(spaces.size());
  double* const out = means.mutable_data();
  without_gil(points.count * points.dimensions, [&] {
    (extents ? neighbours::mean_digammas_of_extents : neighbours::mean_digammas)(
        points, k, wanted, count, thread_count, out);
  });
  return means;
}

PointClasses nearby_order(const Coordinate& columns) {
  const neighbours::Points points = points_argument(columns);
  PointClasses order(columns.shape(1));
  std::uint32_t* const out = order.mutable_data();
  without_gil(points.count * points.dimensions, [&] { neighbours::nearby_order(points, out); });
  return order;
}

py::tuple class_digammas(const Coordinate& columns, const PointClasses& labels, std::size_t classes,
                         std::size_t k, const py::object& threads) {
  const neighbours::Points points = points_argument(columns);
  require_same_length("columns", points.count, "labels", std::size_t(labels.size()));
  const int thread_count = threads_argument(threads.ptr());
  const std::uint32_t* const label = labels.data();
  const neighbours::ClassInformation found = without_gil(points.count * points.dimensions, [&] {
    return neighbours::class_information(points, label, classes, k, thread_count);
  });
  return py::make_tuple(found.count, found.mean_digammas, found.mean_of_k, found.mean_of_size);
}

}  // namespace

void bind_neighbours(py::module_& m) {
  m.def("digamma", &neighbours::digamma, py::arg("x"), "Digamma of a positive number.");
  m.def("neighbour_log_distance", &neighbour_log_distance, py::arg("columns"), py::arg("k"),
        py::arg("threads"), "Mean logarithm of the distance to the kth neighbour.");
  m.def("neighbour_digammas", &neighbour_digammas, py::arg("columns"), py::arg("k"),
        py::arg("spaces"), py::arg("extents"), py::arg("threads"),
        "For each set of coordinates, the mean digamma of how many points are nearer there than\n"
        "the kth neighbour is in all of them, or no farther than what is within its distance.");
  m.def("nearby_order", &nearby_order, py::arg("columns"),
        "The points in an order in which those that follow each other are near.");
  m.def("class_digammas", &class_digammas, py::arg("columns"), py::arg("labels"),
        py::arg("classes"), py::arg("k"), py::arg("threads"),
        "How many points have others in their class, and means of digammas: of the points nearer\n"
        "than the kth neighbour in the class, of k, of the size of the class.");
}

}  // namespace pyinfo::bindings
