// What can be chosen for each tensor, copied, checked and reduced to what can be best.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pyinfo::quantization {

// As a caller has it; each number is read once.
struct Choices {
  std::size_t tensors = 0;
  std::size_t size = 0;                // of costs and errors
  const std::size_t* first = nullptr;  // tensor i has the choices first[i] .. first[i + 1] - 1
  const double* costs = nullptr;
  const double* errors = nullptr;
  // Tensors of one unit share their choice. Units are numbered in the order of their first tensors;
  // null: each tensor is one of its own.
  const std::size_t* unit = nullptr;
  const std::int64_t* fixed = nullptr;  // the choice of a tensor that has no other, or -1
};

struct Point {
  double cost = 0;
  double error = 0;
  std::uint32_t choice = 0;
};

// The points of each unit by rising cost and falling error: those that no cheaper one, and none of
// equal cost, is at least as good as.
class ChoiceTable {
 public:
  // Throws std::invalid_argument that names what is wrong.
  explicit ChoiceTable(const Choices& choices);

  std::size_t units() const noexcept { return first_.size() - 1; }
  std::size_t points() const noexcept { return points_.size(); }
  std::size_t size(std::size_t unit) const noexcept { return first_[unit + 1] - first_[unit]; }
  const Point* of(std::size_t unit) const noexcept { return points_.data() + first_[unit]; }

 private:
  void add_unit(const Choices& choices, const std::vector<std::size_t>& tensors);
  void keep_the_best(std::vector<Point>& all);

  std::vector<Point> points_;
  std::vector<std::size_t> first_;
  double most_cost_ = 0;
  double most_error_ = 0;
};

}  // namespace pyinfo::quantization
