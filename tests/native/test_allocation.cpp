// Allocations against all choices, one after another, and certificates against plain recursion.
#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "buffers.hpp"
#include "check.hpp"
#include "quantization/allocation.hpp"
#include "threads/interruption.hpp"

namespace {

using namespace pyinfo::quantization;
using pyinfo::check::Random;
using Kind = CertificateNode::Kind;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Table {
  std::vector<double> costs, errors;
  std::vector<std::size_t> first{0};

  Choices choices() const {
    Choices result;
    result.tensors = first.size() - 1;
    result.size = costs.size();
    result.first = first.data();
    result.costs = costs.data();
    result.errors = errors.data();
    return result;
  }
};

Table random_table(Random& random, std::size_t tensors, std::size_t most, std::uint64_t range) {
  Table table;
  for (std::size_t i = 0; i < tensors; ++i) {
    const std::size_t count = 1 + random.bits() % most;
    for (std::size_t k = 0; k < count; ++k) {
      table.costs.push_back(double(random.bits() % range));
      table.errors.push_back(double(random.bits() % range));
    }
    table.first.push_back(table.costs.size());
  }
  return table;
}

double brute_force(const Table& table, double budget, std::size_t tensor = 0) {
  if (tensor + 1 == table.first.size()) return budget >= 0 ? 0 : kInfinity;
  double least = kInfinity;
  for (std::size_t k = table.first[tensor]; k < table.first[tensor + 1]; ++k)
    least =
        std::min(least, table.errors[k] + brute_force(table, budget - table.costs[k], tensor + 1));
  return least;
}

void test_all_choices() {
  Random random(1);
  for (int round = 0; round < 400; ++round) {
    const Table table = random_table(random, 1 + random.bits() % 5, 5, round % 2 ? 6 : 1000);
    const double budget = double(random.bits() % (round % 2 ? 20 : 3000));
    const double least = brute_force(table, budget);
    const std::string what = "round " + std::to_string(round);
    try {
      const ChoiceTable points(table.choices());
      const Allocation found = allocate(points, budget, 0, 100000);
      CHECK(found.error == least, what);
      CHECK(found.cost <= budget && found.lower_bound <= least, what);
      CHECK(found.lower_bound >= least * (1 - 1e-11) - 1e-9, what);
      CHECK(certified_bound(points, budget, found.certificate) >= found.lower_bound, what);
      double error = 0;
      for (std::size_t i = 0; i < found.choice.size(); ++i)
        error += table.errors[table.first[i] + found.choice[i]];
      CHECK(error == found.error, what);
    } catch (const BudgetTooSmall& refusal) {
      CHECK(least == kInfinity && refusal.least() > budget, what);
    }
  }
}

void test_certificates() {
  // Two tensors; by hand: price 1 gives min(9, 1 + 4) + min(8, 2 + 2) - 5 = 4.
  Table table;
  table.costs = {0, 4, 0, 2};
  table.errors = {9, 1, 8, 2};
  table.first = {0, 2, 4};
  const ChoiceTable points(table.choices());
  const auto near = [](double a, double b) { return a <= b && b - a < 1e-12; };
  CHECK(near(certified_bound(points, 5, {{Kind::leaf, 0, 1}}), 4), "a leaf");
  // Unit 0 at cost 0: 9 + 2 with price 0; at cost 4: price 3 gives 13 + 8 - 15 = 6.
  const std::vector<CertificateNode> split = {
      {Kind::split, 0, 2}, {Kind::leaf, 0, 0}, {Kind::leaf, 0, 3}};
  CHECK(near(certified_bound(points, 5, split), 6), "a split");
  const std::vector<CertificateNode> deep = {{Kind::split, 0, 2},
                                             {Kind::leaf, 0, 0},
                                             {Kind::split, 1, 1},
                                             {Kind::leaf, 0, 0},
                                             {Kind::nothing_fits, 0, 0}};
  CHECK(near(certified_bound(points, 5, deep), 9), "a deeper one: 1 + 8");
  CHECK(certified_bound(points, 5, {{Kind::leaf, 0, 1e308}}) == 0, "prices that overflow");
}

void test_refusals() {
  const auto refusal = [](const Table& table, const std::size_t* unit, const std::int64_t* fixed) {
    Choices choices = table.choices();
    choices.unit = unit;
    choices.fixed = fixed;
    try {
      const ChoiceTable points(choices);
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Table table;
  table.costs = {0, 1, 2};
  table.errors = {2, 1, 0};
  table.first = {0, 1, 3};
  CHECK(refusal(table, nullptr, nullptr).empty(), "right");
  const std::size_t together[] = {0, 0}, late[] = {1, 0};
  const std::int64_t beyond[] = {-1, 2}, below[] = {-2, 0};
  CHECK(refusal(table, together, nullptr).find("share") != std::string::npos, "unequal");
  CHECK(refusal(table, late, nullptr).find("numbered") != std::string::npos, "numbers");
  CHECK(refusal(table, nullptr, beyond).find("fixed") != std::string::npos, "beyond");
  CHECK(refusal(table, nullptr, below).find("fixed") != std::string::npos, "below");
  table.errors[1] = std::nan("");
  CHECK(refusal(table, nullptr, nullptr).find("errors[1][0] is NaN") != std::string::npos, "NaN");
  table.first = {0, 3, 1};
  CHECK(refusal(table, nullptr, nullptr).find("place") != std::string::npos, "places");
  table.first = {0, 0, 3};
  CHECK(refusal(table, nullptr, nullptr).find("no choices") != std::string::npos, "none");
}

void test_interruption() {
  Random random(2);
  Table table = random_table(random, 60, 12, 1000000);
  for (std::size_t i = 0; i < table.costs.size(); ++i)
    table.errors[i] = 1000000 - table.costs[i] + double(random.bits() % 100);
  const ChoiceTable points(table.choices());
  const pyinfo::threads::Interruptible asked([](void*) { return false; }, nullptr);
  bool ended = false;
  try {
    while (true) allocate(points, 2e7, 0, std::size_t{1} << 20);
  } catch (const pyinfo::threads::Interrupted&) {
    ended = true;
  }
  CHECK(ended, "a long search hears an interrupt");
}

}  // namespace

int main() {
  test_all_choices();
  test_certificates();
  test_refusals();
  test_interruption();
  return pyinfo::check::finish();
}
