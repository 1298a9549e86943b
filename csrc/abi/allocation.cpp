// Allocation of a budget as a C function.
#include "quantization/allocation.hpp"

#include <algorithm>
#include <vector>

#include "abi/errors.hpp"

namespace pyinfo::abi {
namespace {

pyinfo_certificate_node node_of(const quantization::CertificateNode& node) {
  using Kind = quantization::CertificateNode::Kind;
  if (node.kind == Kind::split) return {std::int64_t(node.unit), node.value};
  return {node.kind == Kind::leaf ? -1 : -2, node.value};
}

}  // namespace
}  // namespace pyinfo::abi

namespace abi = pyinfo::abi;
namespace quantization = pyinfo::quantization;

pyinfo_error pyinfo_allocate(const double* costs, const double* errors, const size_t* first,
                             size_t tensors, const size_t* units, const int64_t* fixed,
                             double budget, double gap, size_t max_nodes, size_t* choice,
                             pyinfo_allocation* result, pyinfo_certificate_node* certificate,
                             size_t capacity) {
  const auto body = [&] {
    abi::require_pointer(result, "result");
    abi::require(result->size >= sizeof *result, "the size of result is not set");
    abi::require_pointer(first, "first");
    abi::require(tensors > 0, "there are no tensors");
    abi::require(max_nodes > 0, "max_nodes must not be 0");
    abi::require_pointer(choice, "choice");
    abi::require_data(certificate, capacity, "certificate");
    // Costs and errors are read once. These are read more often, so not where somebody may write.
    const std::vector<std::size_t> places(first, first + tensors + 1);
    const std::vector<std::size_t> numbers(units, units + (units == nullptr ? 0 : tensors));
    const std::vector<std::int64_t> given(fixed, fixed + (fixed == nullptr ? 0 : tensors));
    quantization::Choices choices;
    choices.tensors = tensors;
    choices.size = places[tensors];
    choices.first = places.data();
    choices.costs = costs;
    choices.errors = errors;
    choices.unit = units == nullptr ? nullptr : numbers.data();
    choices.fixed = fixed == nullptr ? nullptr : given.data();
    abi::require_data(costs, choices.size, "costs");
    abi::require_data(errors, choices.size, "errors");
    try {
      const quantization::Allocation found =
          quantization::allocate(quantization::ChoiceTable(choices), budget, gap, max_nodes);
      for (std::size_t i = 0; i < tensors; ++i)
        choice[i] = found.choice[units == nullptr ? i : numbers[i]];
      result->cost = found.cost;
      result->error = found.error;
      result->lower_bound = found.lower_bound;
      result->nodes = found.certificate.size();
      if (found.certificate.size() <= capacity)
        std::transform(found.certificate.begin(), found.certificate.end(), certificate,
                       abi::node_of);
    } catch (const quantization::BudgetTooSmall& error) {
      result->cost = error.least();
      throw;
    }
  };
  return abi::guard(body, PYINFO_ERROR_VALUE);
}
