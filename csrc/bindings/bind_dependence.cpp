// Measures of tables of joint counts. pyinfo/measures/samples.py has checked the arguments.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "bindings/areas.hpp"
#include "bindings/gil.hpp"
#include "dependence/dependence.hpp"
#include "dependence/pairwise.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;
using Counts = Array<std::uint64_t>;
using Labels = Array<std::int64_t>;

measures::JointTable<std::uint64_t> joint_table(const Counts& table) {
  if (table.ndim() != 2) throw std::invalid_argument("the table must have two dimensions");
  const auto columns = std::size_t(table.shape(1));
  return {table.data(), std::size_t(table.shape(0)), columns, columns};
}

double table_information(const Counts& table) {
  const auto joint = joint_table(table);
  const WithoutGil released(joint.rows * joint.columns);
  return measures::mutual_information(joint);
}

double table_conditional_entropy(const Counts& table) {
  const auto joint = joint_table(table);
  const WithoutGil released(joint.rows * joint.columns);
  return measures::conditional_entropy(joint);
}

// The number of labels; every one of them is checked, since they become indices.
std::size_t label_count(const Labels& labels) {
  std::int64_t most = -1;
  for (py::ssize_t i = 0; i < labels.size(); ++i) {
    if (labels.data()[i] < 0) throw std::invalid_argument("labels must not be negative");
    most = std::max(most, labels.data()[i]);
  }
  return std::size_t(most + 1);
}

double cell_information(const Counts& counts, const Labels& rows, const Labels& columns,
                        const Labels& groups) {
  const std::size_t row_count = label_count(rows);
  if (counts.size() != rows.size() || counts.size() != columns.size() ||
      std::size_t(groups.size()) < row_count)
    throw std::invalid_argument("cells and their labels do not match");
  const measures::JointCells cells{counts.data(),        rows.data(),
                                   columns.data(),       std::size_t(counts.size()),
                                   groups.data(),        std::size_t(groups.size()),
                                   label_count(columns), label_count(groups)};
  const WithoutGil released(cells.size);
  return measures::conditional_information(cells);
}

double cell_conditional_entropy(const Counts& counts, const Labels& groups) {
  if (counts.size() != groups.size())
    throw std::invalid_argument("cells and their labels do not match");
  const std::size_t group_count = label_count(groups);
  const WithoutGil released(std::size_t(counts.size()));
  return measures::conditional_entropy(counts.data(), groups.data(), std::size_t(counts.size()),
                                       group_count);
}

double expected_information(const Counts& a_sizes, const Counts& a_times, const Counts& b_sizes,
                            const Counts& b_times, std::uint64_t total) {
  const measures::Margin a{a_sizes.data(), a_times.data(), std::size_t(a_sizes.size())};
  const measures::Margin b{b_sizes.data(), b_times.data(), std::size_t(b_sizes.size())};
  if (a_sizes.size() != a_times.size() || b_sizes.size() != b_times.size())
    throw std::invalid_argument("sizes and times do not match");
  for (const measures::Margin& margin : {a, b}) {
    for (std::size_t i = 0; i < margin.count; ++i)
      if (margin.sizes[i] > total) throw std::invalid_argument("a label has more than all samples");
  }
  const WithoutGil released(a.count * b.count);
  return measures::expected_mutual_information(a, b, total);
}

py::array_t<double> pairwise_information(const Array<std::uint8_t>& codes,
                                         const Array<std::uint32_t>& alphabets, int threads) {
  if (codes.ndim() != 2 || codes.shape(0) != alphabets.size())
    throw std::invalid_argument("codes must have a row per alphabet");
  const measures::CodedColumns data{codes.data(), std::size_t(codes.shape(1)),
                                    std::size_t(codes.shape(0)), alphabets.data()};
  for (std::size_t i = 0; i < data.columns; ++i) {
    std::uint32_t most = 0;
    for (std::size_t k = 0; k < data.samples; ++k)
      most = std::max<std::uint32_t>(most, data.codes[i * data.samples + k]);
    if (most >= data.alphabets[i] || data.alphabets[i] > 256)
      throw std::invalid_argument("codes must be below their alphabets, and those at most 256");
  }
  py::array_t<double> matrix({codes.shape(0), codes.shape(0)});
  double* const out = matrix.mutable_data();
  {
    const WithoutGil released(data.columns * data.columns * data.samples);
    measures::pairwise_mutual_information(data, out, threads);
  }
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
