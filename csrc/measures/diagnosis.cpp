#include "measures/diagnosis.hpp"

#include <algorithm>
#include <cmath>

#include "elements/compensated_sum.hpp"
#include "simd/assert.hpp"

namespace pyinfo::measures {
namespace {

// The elements of one operand in a slice, in C order.
class Elements {
 public:
  Elements(const Suspect& suspect, int dimensions, const std::ptrdiff_t* shape, const bool* reduced,
           std::size_t slice)
      : suspect_(suspect) {
    PYINFO_ASSERT(suspect.dimensions <= dimensions && dimensions <= elements::kMaxDimensions);
    const int missing = dimensions - suspect.dimensions;  // leading axes that broadcasting added
    for (int d = dimensions - 1; d >= 0; --d) {
      const int own = d - missing;
      const bool extends = own >= 0 && suspect.shape[own] != 1;
      if (reduced[d]) {
        if (extends) inner_[inner_count_++] = own;
      } else {
        if (extends) index_[own] = std::ptrdiff_t(slice % std::size_t(shape[d]));
        slice /= std::size_t(shape[d]);
      }
    }
  }

  double value() const {
    elements::Operand element = suspect_.operand;
    for (int d = 0; d < suspect_.dimensions; ++d) element.data += index_[d] * suspect_.strides[d];
    double value = 0;
    elements::load_slice<double>(element, elements::Space{}, 0, &value);
    return value;
  }

  // False at the end.
  bool next() {
    for (int i = 0; i < inner_count_; ++i) {
      const int axis = inner_[i];
      if (++index_[axis] < suspect_.shape[axis]) return true;
      index_[axis] = 0;
    }
    return false;
  }

  void copy_index(std::ptrdiff_t* index) const { std::copy_n(index_, suspect_.dimensions, index); }

 private:
  const Suspect& suspect_;
  std::ptrdiff_t index_[elements::kMaxDimensions] = {};
  int inner_[elements::kMaxDimensions];  // own axes that are walked, the last first
  int inner_count_ = 0;
};

Flaw flaw_of(double x, double largest) noexcept {
  if (x < 0) return Flaw::negative;
  if (std::isinf(x)) return Flaw::infinite;
  return x > largest ? Flaw::above_one : Flaw::none;
}

bool find_element(Elements elements, double largest, Diagnosis& diagnosis) {
  do {
    diagnosis.value = elements.value();
    diagnosis.flaw = flaw_of(diagnosis.value, largest);
    if (diagnosis.flaw != Flaw::none) {
      elements.copy_index(diagnosis.index);
      return true;
    }
  } while (elements.next());
  return false;
}

double sum_of(Elements all) {
  elements::CompensatedSum sum;
  do {
    sum.add(all.value());
  } while (all.next());
  return sum.value();
}

}  // namespace

Diagnosis diagnose(const Suspect* suspects, int count, int dimensions, const std::ptrdiff_t* shape,
                   const bool* reduced, std::size_t slice) {
  Diagnosis diagnosis;
  for (int i = 0; i < count; ++i) {
    const bool checked = suspects[i].normalization == Normalization::check;
    const Elements elements(suspects[i], dimensions, shape, reduced, slice);
    diagnosis.operand = i;
    if (find_element(elements, checked ? 1 + suspects[i].tolerance : HUGE_VAL, diagnosis))
      return diagnosis;
  }
  for (int i = 0; i < count; ++i) {
    const Suspect& suspect = suspects[i];
    const Elements elements(suspect, dimensions, shape, reduced, slice);
    const double sum = sum_of(elements);
    if (std::isnan(sum) || sum_is_valid(sum, suspect.normalization, suspect.tolerance)) continue;
    diagnosis.operand = i;
    diagnosis.value = sum;
    diagnosis.flaw =
        suspect.normalization == Normalization::check ? Flaw::sum_not_one : Flaw::sum_zero;
    elements.copy_index(diagnosis.index);
    return diagnosis;
  }
  return diagnosis;
}

Diagnosis diagnose_elements(const Suspect& suspect) {
  Diagnosis diagnosis;
  bool all[elements::kMaxDimensions];
  std::fill_n(all, elements::kMaxDimensions, true);
  find_element(Elements(suspect, suspect.dimensions, suspect.shape, all, 0), 1 + suspect.tolerance,
               diagnosis);
  return diagnosis;
}

}  // namespace pyinfo::measures
