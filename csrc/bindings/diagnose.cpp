#include "bindings/diagnose.hpp"

#include <cmath>
#include <vector>

#include "bindings/arguments.hpp"

namespace pyinfo::bindings {
namespace {

using measures::Normalization;

// Walks one operand's elements of a slice in C order.
class Walk {
 public:
  Walk(const Input& input, int dimensions, const npy_intp* shape, const bool* reduced,
       std::size_t slice)
      : input_(input),
        missing_(dimensions - input.dimensions()),
        index_(std::size_t(input.dimensions()), 0) {
    for (int d = dimensions - 1; d >= 0; --d) {
      const bool own = d >= missing_ && PyArray_DIM(input.get(), d - missing_) != 1;
      if (reduced[d]) {
        if (own) inner_.insert(inner_.begin(), d - missing_);
      } else {
        const npy_intp at = npy_intp(slice % std::size_t(shape[d]));
        slice /= std::size_t(shape[d]);
        if (own) index_[std::size_t(d - missing_)] = at;
        if (d >= missing_) outer_.push_back(d - missing_);
      }
    }
  }

  // Calls visit(value) until it returns true; then place() names the element. False at the end.
  template <class Visit>
  bool find(Visit visit) {
    for (;;) {
      if (visit(value())) return true;
      std::size_t d = inner_.size();
      for (; d > 0; --d) {
        const std::size_t axis = std::size_t(inner_[d - 1]);
        if (++index_[axis] < PyArray_DIM(input_.get(), int(axis))) break;
        index_[axis] = 0;
      }
      if (d == 0) return false;
    }
  }

  std::string place() const {
    std::string text = input_.name;
    for (std::size_t i = 0; i < index_.size(); ++i)
      text += (i == 0 ? "[" : ", ") + std::to_string(index_[i]);
    return index_.empty() ? text : text + "]";
  }

  // The value as Python shows it: large integers to the last digit.
  std::string value_text() const {
    // Those that DLPack brought are held as integers.
    if (input_.type == measures::Element::bfloat16) return number_text(value());
    return text_of(Reference::checked(PyArray_GETITEM(input_.get(), position())).get());
  }

  // The slice as p[2, :], or p alone if it is the whole operand.
  std::string slice_place() const {
    std::string text = input_.name;
    if (outer_.empty()) return text;
    for (std::size_t i = 0; i < index_.size(); ++i) {
      bool is_outer = false;
      for (const int axis : outer_) is_outer = is_outer || axis == int(i);
      text += (i == 0 ? "[" : ", ") + (is_outer ? std::to_string(index_[i]) : ":");
    }
    return text + "]";
  }

 private:
  const char* position() const {
    const char* at = PyArray_BYTES(input_.get());
    for (std::size_t i = 0; i < index_.size(); ++i)
      at += index_[i] * PyArray_STRIDE(input_.get(), int(i));
    return at;
  }
  double value() const {
    measures::Operand operand = input_.operand();
    operand.data = position();
    double value = 0;
    measures::load_slice<double>(operand, measures::Space{}, 0, &value);
    return value;
  }

  const Input& input_;
  int missing_;  // leading axes that broadcasting added
  std::vector<npy_intp> index_;
  std::vector<int> inner_;  // the operand's own axes that are walked
  std::vector<int> outer_;
};

std::string out_of_range(Walk& walk, double largest) {
  std::string problem;
  walk.find([&](double x) {
    if (x < 0)
      problem = " is negative";
    else if (std::isinf(x))
      problem = " is not finite";
    else if (x > largest)
      problem = " is greater than 1";
    if (!problem.empty()) problem = walk.place() + " = " + walk.value_text() + problem;
    return !problem.empty();
  });
  return problem;
}

}  // namespace

std::string diagnose(const Suspect* suspects, int count, int dimensions, const npy_intp* shape,
                     const bool* reduced, std::size_t slice) {
  for (int i = 0; i < count; ++i) {
    const Suspect& suspect = suspects[i];
    const bool checked = suspect.normalization == Normalization::check;
    Walk walk(*suspect.input, dimensions, shape, reduced, slice);
    const std::string value = out_of_range(walk, checked ? 1 + suspect.tolerance : HUGE_VAL);
    if (!value.empty()) return value;
  }
  for (int i = 0; i < count; ++i) {
    const Suspect& suspect = suspects[i];
    Walk walk(*suspect.input, dimensions, shape, reduced, slice);
    double sum = 0;
    double rest = 0;
    walk.find([&](double x) {
      const double next = sum + x;
      rest += std::abs(sum) >= std::abs(x) ? (sum - next) + x : (x - next) + sum;
      sum = next;
      return false;
    });
    sum += rest;
    if (std::isnan(sum) || measures::sum_is_valid(sum, suspect.normalization, suspect.tolerance))
      continue;
    if (suspect.normalization == Normalization::check)
      return walk.slice_place() + " sums to " + number_text(sum) + ", not 1 (tolerance " +
             number_text(suspect.tolerance) + "); pass normalize=True to divide by the sum";
    return walk.slice_place() + " sums to 0: there is nothing to divide by";
  }
  return "p is not a valid distribution";
}

std::string diagnose_values(const Input& input, double tolerance) {
  const int dimensions = input.dimensions();
  bool all[measures::kMaxDimensions];
  for (bool& axis : all) axis = true;
  Walk walk(input, dimensions, PyArray_DIMS(input.get()), all, 0);
  return out_of_range(walk, 1 + tolerance);
}

}  // namespace pyinfo::bindings
