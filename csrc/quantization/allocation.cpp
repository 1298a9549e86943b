// Best-first branch and bound over the linear relaxation.
//
// The relaxation takes the steps of every unit's lower convex hull in the order of error saved per
// cost until one does not fit. Its slope is the price that the leaf of the certificate states, and
// its unit the only one whose choice is fractional: a node is split there, into the choices that
// cost at most what this unit has now, and the others.
#include "quantization/allocation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <string>
#include <utility>

#include "elements/compensated_sum.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::quantization {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Below this part of the error, bounds and errors differ by rounding alone.
constexpr double kRounding = 1e-12;
// Changes of two units that are looked for at a node: each looks at all units.
constexpr int kExchanges = 16;

std::string number(double value) {
  const bool whole = value == std::floor(value) && value < 1e15;
  return whole ? std::to_string(static_cast<long long>(value)) : std::to_string(value);
}

// From one point of a unit's hull to the next.
struct Step {
  double slope, cost, error;
  std::uint32_t unit, to;
};
bool steeper(const Step& a, const Step& b) { return a.slope > b.slope; }

// Of one unit to another of its points.
struct Change {
  double cost, error;
  std::uint32_t unit, to;
};

// Points begin .. end - 1 of a unit remain.
struct Limit {
  std::uint32_t unit, begin, end;
};

struct Node {
  double bound = kInfinity, price = 0;
  std::uint32_t parent = kNone, child = kNone;  // the first of two that follow each other
  std::uint32_t unit = kNone, at = 0;  // split, or to be: points up to `at` are the first child's
  bool fits = false;
};

class Search {
 public:
  Search(const ChoiceTable& table, double budget, double gap)
      : table_(table),
        budget_(budget),
        gap_(std::max(gap - kRounding, kRounding)),
        limited_(table.units(), 0),
        blocked_(table.units(), 0),
        state_(table.units(), 0) {
    for (std::size_t unit = 0; unit < table.units(); ++unit)
      add_steps(std::uint32_t(unit), 0, std::uint32_t(table.size(unit)), steps_);
    std::stable_sort(steps_.begin(), steps_.end(), steeper);
    best_ = state_;
    const Total least = total(best_);
    best_error_ = least.error;
    if (least.cost > budget) throw BudgetTooSmall(budget, least.cost);
  }

  Allocation run(std::size_t most_nodes);

 private:
  struct Total {
    double cost, error;
  };
  struct Worse {
    const std::vector<Node>& nodes;
    bool operator()(std::uint32_t a, std::uint32_t b) const {
      return nodes[a].bound != nodes[b].bound ? nodes[a].bound > nodes[b].bound : a > b;
    }
  };

  Total total(const std::vector<std::uint32_t>& state) const;
  void add_steps(std::uint32_t unit, std::uint32_t begin, std::uint32_t end,
                 std::vector<Step>& steps);
  std::vector<Limit> limits_of(std::uint32_t node) const;
  void solve(std::uint32_t number);
  void relax(Node& node, const std::vector<Step>& own, Total now);
  void fill(const std::vector<Step>& own, std::size_t a, std::size_t b, const Step* step,
            double price, Total now);
  const Step* next(const std::vector<Step>& own, std::size_t& a, std::size_t& b) const;
  void exchange(double price, Total now);
  void list_changes(double price, double left);
  bool best_pair(double left, std::size_t& first, std::size_t& second);
  void accept();
  std::vector<CertificateNode> certificate() const;
  std::vector<double> hull() const;

  const ChoiceTable& table_;
  const double budget_, gap_;
  std::vector<Step> steps_;  // of all hulls, steepest first
  std::vector<Node> nodes_;
  std::vector<char> limited_, blocked_;
  std::vector<std::uint32_t> corners_;
  std::vector<Change> changes_;
  std::vector<std::pair<std::size_t, std::size_t>> least_;
  std::vector<std::uint32_t> state_, best_;
  double best_error_ = kInfinity;
};

Search::Total Search::total(const std::vector<std::uint32_t>& state) const {
  elements::CompensatedSum cost, error;
  for (std::size_t unit = 0; unit < table_.units(); ++unit) {
    cost.add(table_.of(unit)[state[unit]].cost);
    error.add(table_.of(unit)[state[unit]].error);
  }
  return {cost.value(), error.value()};
}

void Search::add_steps(std::uint32_t unit, std::uint32_t begin, std::uint32_t end,
                       std::vector<Step>& steps) {
  const Point* const p = table_.of(unit);
  corners_.clear();
  for (std::uint32_t k = begin; k < end; ++k) {
    while (corners_.size() >= 2) {
      const Point& a = p[corners_[corners_.size() - 2]];
      const Point& b = p[corners_.back()];
      if ((a.error - b.error) / (b.cost - a.cost) > (b.error - p[k].error) / (p[k].cost - b.cost))
        break;
      corners_.pop_back();
    }
    corners_.push_back(k);
  }
  for (std::size_t k = 1; k < corners_.size(); ++k) {
    const Point& a = p[corners_[k - 1]];
    const Point& b = p[corners_[k]];
    const double cost = b.cost - a.cost;
    const double error = a.error - b.error;
    steps.push_back({error / cost, cost, error, unit, corners_[k]});
  }
}

std::vector<Limit> Search::limits_of(std::uint32_t number) const {
  std::vector<Limit> limits;
  for (std::uint32_t child = number; nodes_[child].parent != kNone; child = nodes_[child].parent) {
    const Node& parent = nodes_[nodes_[child].parent];
    const bool second = child != parent.child;
    auto limit = std::find_if(limits.begin(), limits.end(),
                              [&](const Limit& each) { return each.unit == parent.unit; });
    if (limit == limits.end()) {
      limits.push_back({parent.unit, 0, std::uint32_t(table_.size(parent.unit))});
      limit = limits.end() - 1;
    }
    if (second) limit->begin = std::max(limit->begin, parent.at + 1);
    if (!second) limit->end = std::min(limit->end, parent.at + 1);
  }
  return limits;
}

// The bound and price of a node, and a solution of it that may be the best so far.
void Search::solve(std::uint32_t number) {
  threads::require_uninterrupted();
  const std::vector<Limit> limits = limits_of(number);
  std::vector<Step> own;
  std::fill(state_.begin(), state_.end(), 0);
  for (const Limit& limit : limits) {
    limited_[limit.unit] = 1;
    state_[limit.unit] = limit.begin;
    add_steps(limit.unit, limit.begin, limit.end, own);
  }
  std::stable_sort(own.begin(), own.end(), steeper);
  const Total least = total(state_);
  Node& node = nodes_[number];
  node.fits = least.cost <= budget_;
  if (node.fits) relax(node, own, least);
  for (const Limit& limit : limits) limited_[limit.unit] = 0;
}

const Step* Search::next(const std::vector<Step>& own, std::size_t& a, std::size_t& b) const {
  while (a < steps_.size() && limited_[steps_[a].unit]) ++a;
  if (a < steps_.size() && (b == own.size() || !steeper(own[b], steps_[a]))) return &steps_[a++];
  return b < own.size() ? &own[b++] : nullptr;
}

void Search::relax(Node& node, const std::vector<Step>& own, Total now) {
  std::size_t a = 0, b = 0;
  const Step* step;
  while ((step = next(own, a, b)) != nullptr && now.cost + step->cost <= budget_) {
    now = {now.cost + step->cost, now.error - step->error};
    state_[step->unit] = step->to;
  }
  node.bound = now.error;
  if (step != nullptr && std::isfinite(step->slope)) {
    node.price = step->slope;
    node.bound = now.error - step->slope * (budget_ - now.cost);
  }
  if (step != nullptr) {
    node.unit = step->unit;
    node.at = state_[step->unit];
    fill(own, a, b, step, node.price, now);
  }
  accept();
}

// What the steps that come later can still save with what is left.
void Search::fill(const std::vector<Step>& own, std::size_t a, std::size_t b, const Step* step,
                  double price, Total now) {
  std::fill(blocked_.begin(), blocked_.end(), 0);
  for (; step != nullptr; step = next(own, a, b)) {
    if (blocked_[step->unit]) continue;
    blocked_[step->unit] = now.cost + step->cost > budget_;
    if (blocked_[step->unit]) continue;
    now = {now.cost + step->cost, now.error - step->error};
    state_[step->unit] = step->to;
  }
  exchange(price, now);
}

// Changes of one or two units that save most, as often as there are any: what is left of the budget
// is worth `price`, so a change that gives away more than that cannot be half of one.
void Search::exchange(double price, Total now) {
  for (int round = 0; round < kExchanges; ++round) {
    const double left = budget_ - now.cost;
    list_changes(price, left);
    std::size_t first = 0, second = 0;
    if (!best_pair(left, first, second)) return;
    for (const std::size_t which : {first, second}) {
      const Change& change = changes_[which];
      if (change.unit == kNone) continue;
      state_[change.unit] = change.to;
      now = {now.cost + change.cost, now.error + change.error};
    }
  }
}

void Search::list_changes(double price, double left) {
  changes_.assign(1, {0, 0, kNone, 0});
  for (std::size_t unit = 0; unit < table_.units(); ++unit) {
    const Point* const p = table_.of(unit);
    const Point& at = p[state_[unit]];
    for (std::size_t k = 0; k < table_.size(unit); ++k) {
      const Change change{p[k].cost - at.cost, p[k].error - at.error, std::uint32_t(unit),
                          std::uint32_t(k)};
      if (k != state_[unit] && change.error + price * change.cost < price * left)
        changes_.push_back(change);
    }
  }
  std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
    if (a.cost != b.cost) return a.cost < b.cost;
    if (a.error != b.error) return a.error < b.error;
    return a.unit < b.unit;
  });
}

// The two changes of different units, one of which may be none, that fit and save most.
bool Search::best_pair(double left, std::size_t& first, std::size_t& second) {
  // Of the changes up to each one, that with the least error, and that of the other units.
  least_.resize(changes_.size());
  std::size_t one = kNone, other = kNone;
  const auto better = [&](std::size_t i, std::size_t than) {
    return than == kNone || changes_[i].error < changes_[than].error;
  };
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    if (better(i, one)) {
      if (one != kNone && changes_[one].unit != changes_[i].unit) other = one;
      one = i;
    } else if (changes_[i].unit != changes_[one].unit && better(i, other)) {
      other = i;
    }
    least_[i] = {one, other};
  }
  double gain = 0;
  std::size_t until = changes_.size();  // the partners that fit are those before it
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    while (until > 0 && changes_[until - 1].cost > left - changes_[i].cost) --until;
    if (until == 0) break;
    const auto [best, of_others] = least_[until - 1];
    const std::size_t partner = changes_[best].unit == changes_[i].unit ? of_others : best;
    if (partner == kNone) continue;
    const double saved = -(changes_[i].error + changes_[partner].error);
    if (saved > gain) gain = saved, first = i, second = partner;
  }
  return gain > 0;
}

void Search::accept() {
  const Total found = total(state_);
  if (found.cost > budget_ || found.error >= best_error_) return;
  best_error_ = found.error;
  best_ = state_;
}

Allocation Search::run(std::size_t most_nodes) {
  nodes_.reserve(256);
  nodes_.emplace_back();
  solve(0);
  const Worse worse{nodes_};
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, Worse> open(worse);
  open.push(0);
  while (!open.empty() && nodes_.size() + 2 <= most_nodes && nodes_.size() < kNone - 2) {
    const std::uint32_t number = open.top();
    if (best_error_ - nodes_[number].bound <= gap_ * best_error_) break;
    open.pop();
    if (nodes_[number].unit == kNone) continue;  // its bound is the error of a solution
    const std::uint32_t child = std::uint32_t(nodes_.size());
    nodes_[number].child = child;
    for (int side = 0; side < 2; ++side) {
      nodes_.emplace_back();
      nodes_.back().parent = number;
    }
    for (const std::uint32_t each : {child, child + 1}) {
      solve(each);
      if (nodes_[each].fits) open.push(each);
    }
  }
  Allocation result;
  result.certificate = certificate();
  const Total found = total(best_);
  result.cost = found.cost;
  result.error = found.error;
  result.lower_bound = std::min(found.error, certified_bound(table_, budget_, result.certificate));
  result.choice.resize(table_.units());
  for (std::size_t unit = 0; unit < table_.units(); ++unit)
    result.choice[unit] = table_.of(unit)[best_[unit]].choice;
  result.hull = hull();
  return result;
}

std::vector<CertificateNode> Search::certificate() const {
  using Kind = CertificateNode::Kind;
  std::vector<CertificateNode> tree;
  tree.reserve(nodes_.size());
  std::vector<std::uint32_t> left{0};
  while (!left.empty()) {
    const Node& node = nodes_[left.back()];
    left.pop_back();
    if (node.child != kNone) {
      tree.push_back({Kind::split, node.unit, table_.of(node.unit)[node.at].cost});
      left.push_back(node.child + 1);
      left.push_back(node.child);
    } else {
      tree.push_back({node.fits ? Kind::leaf : Kind::nothing_fits, 0, node.price});
    }
  }
  return tree;
}

std::vector<double> Search::hull() const {
  elements::CompensatedSum cost, error;
  for (std::size_t unit = 0; unit < table_.units(); ++unit) {
    cost.add(table_.of(unit)[0].cost);
    error.add(table_.of(unit)[0].error);
  }
  std::vector<double> points{cost.value(), error.value()};
  points.reserve(2 * steps_.size() + 2);
  for (const Step& step : steps_) {
    cost.add(step.cost);
    error.add(-step.error);
    points.push_back(cost.value());
    points.push_back(error.value());
  }
  return points;
}

}  // namespace

BudgetTooSmall::BudgetTooSmall(double budget, double least)
    : std::invalid_argument("the budget of " + number(budget) +
                            " is too small: the least that can be spent is " + number(least)),
      least_(least) {}

Allocation allocate(const ChoiceTable& table, double budget, double gap, std::size_t most_nodes) {
  if (!std::isfinite(budget) || budget < 0)
    throw std::invalid_argument("budget must be finite and not negative");
  if (!(gap >= 0)) throw std::invalid_argument("gap must be a number that is not negative");
  return Search(table, budget, gap).run(most_nodes);
}

}  // namespace pyinfo::quantization
