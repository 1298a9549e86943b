// Allocation of a budget: what pyinfo/quantization/allocation.py is made of.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/gil.hpp"
#include "bindings/rooms.hpp"
#include "quantization/allocation.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

template <class T, class Values>
py::array_t<T> array_of(const Values& values) {
  py::array_t<T> array(py::ssize_t(values.size()));
  T* out = array.mutable_data();
  for (const auto& value : values) *out++ = T(value);
  return array;
}

py::list certificate_of(const std::vector<quantization::CertificateNode>& nodes) {
  using Kind = quantization::CertificateNode::Kind;
  py::list list(nodes.size());
  std::size_t i = 0;
  for (const quantization::CertificateNode& node : nodes) {
    if (node.kind == Kind::split) {
      list[i++] = py::make_tuple(node.unit, node.value);
    } else if (node.kind == Kind::leaf) {
      list[i++] = py::float_(node.value);
    } else {
      list[i++] = py::none();
    }
  }
  return list;
}

// Tensor i has the choices first[i] .. first[i + 1] - 1.
py::tuple allocate(const ContiguousArray<double>& costs, const ContiguousArray<double>& errors,
                   const ContiguousArray<std::uint64_t>& first,
                   const ContiguousArray<std::uint64_t>& unit,
                   const ContiguousArray<std::int64_t>& fixed, double budget, double gap,
                   std::size_t most_nodes) {
  if (first.size() < 1) throw std::invalid_argument("first must have an element");
  quantization::Choices choices;
  choices.tensors = std::size_t(first.size()) - 1;
  const std::vector<std::size_t> places(first.data(), first.data() + first.size());
  const std::vector<std::size_t> units(unit.data(), unit.data() + unit.size());
  const std::vector<std::int64_t> numbers(fixed.data(), fixed.data() + fixed.size());
  require_same_length("costs", std::size_t(costs.size()), "errors", std::size_t(errors.size()));
  require_same_length("unit", units.size(), "tensors", choices.tensors);
  require_same_length("fixed", numbers.size(), "tensors", choices.tensors);
  choices.first = places.data();
  choices.size = std::size_t(costs.size());
  choices.costs = costs.data();
  choices.errors = errors.data();
  choices.unit = units.data();
  choices.fixed = numbers.data();
  const quantization::Allocation found = without_gil(WithoutGil::kThreshold, [&] {
    return quantization::allocate(quantization::ChoiceTable(choices), budget, gap, most_nodes);
  });
  py::array_t<double> hull = array_of<double>(found.hull);
  return py::make_tuple(array_of<std::int64_t>(found.choice), found.cost, found.error,
                        found.lower_bound, certificate_of(found.certificate),
                        hull.reshape({py::ssize_t(found.hull.size() / 2), py::ssize_t(2)}));
}

}  // namespace

void bind_allocation(py::module_& m) {
  m.def("allocate", &allocate, py::arg("costs"), py::arg("errors"), py::arg("first"),
        py::arg("unit"), py::arg("fixed"), py::arg("budget"), py::arg("gap"), py::arg("most_nodes"),
        "Return the choice of each unit of tensors, its cost, its error, the lower bound, the "
        "certificate and the hull.");
}

}  // namespace pyinfo::bindings
