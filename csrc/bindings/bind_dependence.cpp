// Measures of tables of joint counts, in nats.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "bindings/arguments.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/rooms.hpp"
#include "dependence/dependence.hpp"
#include "dependence/pairwise.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using Counts = ContiguousArray<std::uint64_t>;
using Labels = ContiguousArray<std::int64_t>;

template <class T>
std::size_t size_of(const ContiguousArray<T>& array) {
  return std::size_t(array.size());
}

dependence::JointTable<std::uint64_t> joint_table(const Counts& table) {
  if (table.ndim() != 2) throw std::invalid_argument("the table must have two dimensions");
  const auto columns = std::size_t(table.shape(1));
  return {table.data(), std::size_t(table.shape(0)), columns, columns};
}

double table_information(const Counts& table) {
  const auto joint = joint_table(table);
  return without_gil(joint.rows * joint.columns,
                     [&] { return dependence::mutual_information(joint); });
}

double table_conditional_entropy(const Counts& table) {
  const auto joint = joint_table(table);
  return without_gil(joint.rows * joint.columns,
                     [&] { return dependence::conditional_entropy(joint); });
}

double cell_information(const Counts& counts, const Labels& rows, const Labels& columns,
                        const Labels& groups) {
  require_same_length("counts", size_of(counts), "rows", size_of(rows));
  require_same_length("counts", size_of(counts), "columns", size_of(columns));
  dependence::JointCells cells{};
  cells.counts = counts.data();
  cells.rows = rows.data();
  cells.columns = columns.data();
  cells.size = size_of(counts);
  cells.groups = groups.data();
  cells.row_count = size_of(groups);
  const WithoutGil released(cells.size);
  return dependence::conditional_information(dependence::checked_cells(cells));
}

double cell_conditional_entropy(const Counts& counts, const Labels& groups) {
  require_same_length("counts", size_of(counts), "groups", size_of(groups));
  const WithoutGil released(size_of(counts));
  const std::size_t group_count = dependence::label_count(groups.data(), size_of(groups));
  return dependence::conditional_entropy(counts.data(), groups.data(), size_of(counts),
                                         group_count);
}

dependence::Margin margin_of(const Counts& sizes, const char* sizes_name, const Counts& times,
                             const char* times_name) {
  require_same_length(sizes_name, size_of(sizes), times_name, size_of(times));
  return {sizes.data(), times.data(), size_of(sizes)};
}

double expected_information(const Counts& a_sizes, const Counts& a_times, const Counts& b_sizes,
                            const Counts& b_times, std::uint64_t total) {
  const dependence::Margin a = margin_of(a_sizes, "a_sizes", a_times, "a_times");
  const dependence::Margin b = margin_of(b_sizes, "b_sizes", b_times, "b_times");
  // Every pair of sizes is walked over its standard deviation.
  return without_gil(a.count * b.count * std::size_t(std::sqrt(double(total))), [&] {
    dependence::check_margin(a, total);
    dependence::check_margin(b, total);
    return dependence::expected_mutual_information(a, b, total);
  });
}

py::array_t<double> pairwise_information(const ContiguousArray<std::uint8_t>& codes,
                                         const ContiguousArray<std::uint32_t>& alphabets,
                                         const py::object& threads) {
  if (codes.ndim() != 2) throw std::invalid_argument("codes must have two dimensions");
  require_same_length("codes", std::size_t(codes.shape(0)), "alphabets", size_of(alphabets));
  const int thread_count = threads_argument(threads.ptr());
  const dependence::CodedColumns data{codes.data(), std::size_t(codes.shape(1)),
                                      std::size_t(codes.shape(0)), alphabets.data()};
  py::array_t<double> matrix({codes.shape(0), codes.shape(0)});
  double* const out = matrix.mutable_data();
  without_gil(data.columns * data.columns * data.samples, [&] {
    dependence::check_columns(data);
    dependence::pairwise_mutual_information(data, out, thread_count);
  });
  return matrix;
}

}  // namespace

void bind_dependence(py::module_& m) {
  m.def("table_information", &table_information, py::arg("table"),
        "Mutual information of rows and columns, in nats.");
  m.def("table_conditional_entropy", &table_conditional_entropy, py::arg("table"),
        "Entropy of the column given the row, in nats.");
  m.def("cell_information", &cell_information, py::arg("counts"), py::arg("rows"),
        py::arg("columns"), py::arg("groups"),
        "Mutual information of row and column given the group, in nats; groups are those of rows.");
  m.def("cell_conditional_entropy", &cell_conditional_entropy, py::arg("counts"), py::arg("groups"),
        "Entropy of the cell given its group, in nats.");
  m.def("expected_information", &expected_information, py::arg("a_sizes"), py::arg("a_times"),
        py::arg("b_sizes"), py::arg("b_times"), py::arg("total"),
        "Mean mutual information of a labelling and a shuffled one, in nats.");
  m.def("pairwise_information", &pairwise_information, py::arg("codes"), py::arg("alphabets"),
        py::arg("threads"), "Mutual information of every two rows of codes, in nats.");
}

}  // namespace pyinfo::bindings
