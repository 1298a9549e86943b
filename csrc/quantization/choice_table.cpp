#include "quantization/choice_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "elements/compensated_sum.hpp"
#include "threads/interruption.hpp"

namespace pyinfo::quantization {
namespace {

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

double checked(double value, const char* name, std::size_t tensor, std::size_t choice) {
  if (std::isfinite(value) && value >= 0) return value;
  const char* const is = std::isnan(value) ? "NaN" : value < 0 ? "negative" : "infinite";
  refuse(std::string(name) + " must be finite and not negative: " + name + "[" +
         std::to_string(tensor) + "][" + std::to_string(choice) + "] is " + is);
}

}  // namespace

ChoiceTable::ChoiceTable(const Choices& choices) : first_{0} {
  if (choices.size > std::numeric_limits<std::uint32_t>::max())
    refuse("there are too many choices");
  for (std::size_t i = 0; i < choices.tensors; ++i)
    if (choices.first[i] > choices.first[i + 1] || choices.first[i + 1] > choices.size)
      refuse("tensor " + std::to_string(i) + " has its choices out of place");
  points_.reserve(choices.size);
  if (choices.unit == nullptr) {
    for (std::size_t i = 0; i < choices.tensors; ++i) add_unit(choices, {i});
  } else {
    std::vector<std::vector<std::size_t>> members;
    for (std::size_t i = 0; i < choices.tensors; ++i) {
      const std::size_t unit = choices.unit[i];
      if (unit > members.size()) refuse("units are not numbered by their first tensors");
      if (unit == members.size()) members.emplace_back();
      members[unit].push_back(i);
    }
    for (const std::vector<std::size_t>& tensors : members) add_unit(choices, tensors);
  }
  if (!std::isfinite(most_cost_) || !std::isfinite(most_error_))
    refuse(std::string(std::isfinite(most_cost_) ? "errors" : "costs") + " are too large to add");
}

void ChoiceTable::add_unit(const Choices& choices, const std::vector<std::size_t>& tensors) {
  threads::require_uninterrupted();
  const std::size_t head = tensors.front();
  const std::size_t count = choices.first[head + 1] - choices.first[head];
  if (count == 0) refuse("tensor " + std::to_string(head) + " has no choices");
  std::vector<elements::CompensatedSum> costs(count);
  std::vector<elements::CompensatedSum> errors(count);
  std::int64_t fixed = -1;
  for (const std::size_t tensor : tensors) {
    const std::size_t first = choices.first[tensor];
    if (choices.first[tensor + 1] - first != count)
      refuse("tensors " + std::to_string(head) + " and " + std::to_string(tensor) +
             " share their choice, but have " + std::to_string(count) + " and " +
             std::to_string(choices.first[tensor + 1] - first) + " choices");
    for (std::size_t k = 0; k < count; ++k) {
      costs[k].add(checked(choices.costs[first + k], "costs", tensor, k));
      errors[k].add(checked(choices.errors[first + k], "errors", tensor, k));
    }
    const std::int64_t own = choices.fixed == nullptr ? -1 : choices.fixed[tensor];
    if (own < -1 || own >= std::int64_t(count))
      refuse("tensor " + std::to_string(tensor) + " has " + std::to_string(count) +
             " choices: it cannot be fixed to number " + std::to_string(own));
    if (own >= 0 && fixed >= 0 && own != fixed)
      refuse("tensor " + std::to_string(tensor) + " shares its choice, but is fixed to number " +
             std::to_string(own) + " and another one to " + std::to_string(fixed));
    fixed = std::max(fixed, own);
  }
  std::vector<Point> all;
  double cost = 0;
  double error = 0;
  for (std::size_t k = 0; k < count; ++k) {
    if (fixed >= 0 && k != std::size_t(fixed)) continue;
    all.push_back({costs[k].value(), errors[k].value(), std::uint32_t(k)});
    cost = std::max(cost, all.back().cost);
    error = std::max(error, all.back().error);
  }
  most_cost_ += cost;
  most_error_ += error;
  keep_the_best(all);
}

void ChoiceTable::keep_the_best(std::vector<Point>& all) {
  std::sort(all.begin(), all.end(), [](const Point& a, const Point& b) {
    if (a.cost != b.cost) return a.cost < b.cost;
    if (a.error != b.error) return a.error < b.error;
    return a.choice < b.choice;
  });
  const std::size_t begin = points_.size();
  for (const Point& point : all)
    if (points_.size() == begin || point.error < points_.back().error) points_.push_back(point);
  first_.push_back(points_.size());
}

}  // namespace pyinfo::quantization
