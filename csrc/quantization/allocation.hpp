// One choice for each tensor, least error within a budget, and the proof of how good that is: the
// multiple-choice knapsack problem, which is NP-hard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "quantization/choice_table.hpp"

namespace pyinfo::quantization {

// The least that can be spent is more than the budget.
class BudgetTooSmall : public std::invalid_argument {
 public:
  BudgetTooSmall(double budget, double least);
  double least() const noexcept { return least_; }

 private:
  double least_;
};

// A node of the tree that proves the lower bound; its nodes stand in preorder. A split is followed
// by the tree of the choices of `unit` that cost at most `value`, then by that of the others. A
// leaf's `value` is a price of cost: the sum over units of their least error + price * cost, less
// price * budget, is no more than the error of any choice that the splits above it leave.
struct CertificateNode {
  enum class Kind : std::uint8_t { split, leaf, nothing_fits };
  Kind kind = Kind::leaf;
  std::size_t unit = 0;
  double value = 0;
};

struct Allocation {
  std::vector<std::uint32_t> choice;  // of each unit
  double cost = 0;
  double error = 0;
  double lower_bound = 0;  // no choice within the budget has less error, rounding included
  std::vector<CertificateNode> certificate;
  // The least (cost, error) for every price, one pair after the other, from the cheapest on.
  std::vector<double> hull;
};

// The search ends at a gap of at most `gap`, or `most_nodes` of the tree. Costs add up to at most
// the budget when their sum is rounded. Throws BudgetTooSmall, and threads::Interrupted.
Allocation allocate(const ChoiceTable& table, double budget, double gap, std::size_t most_nodes);

// What a certificate proves: the scalar reference in tests, and the last step of the search.
double certified_bound(const ChoiceTable& table, double budget,
                       const std::vector<CertificateNode>& certificate);

}  // namespace pyinfo::quantization
