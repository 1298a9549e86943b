#include "bindings/operand_errors.hpp"

#include "bindings/arguments.hpp"
#include "measures/diagnosis.hpp"
#include "simd/assert.hpp"

namespace pyinfo::bindings {
namespace {

using measures::Diagnosis;
using measures::Flaw;

constexpr int kMostOperands = 2;

measures::Suspect suspect_of(const FailedOperand& argument) {
  const Input& input = *argument.input;
  return {input.operand(),           input.dimensions(),
          PyArray_DIMS(input.get()), PyArray_STRIDES(input.get()),
          argument.normalization,    argument.tolerance};
}

constexpr const char* kNotNormalized =
    "; if these are percentages or other weights, pass normalize=True";

// p[2, 1]; the axes that `whole` marks are a colon. p alone if there is no other axis.
std::string place(const Input& input, const std::ptrdiff_t* index, const bool* whole) {
  std::string text;
  bool is_part = false;
  for (int d = 0; d < input.dimensions(); ++d) {
    const bool colon = whole != nullptr && whole[d];
    is_part = is_part || !colon;
    text += (d == 0 ? "[" : ", ") + (colon ? ":" : std::to_string(index[d]));
  }
  return is_part ? input.name + text + "]" : input.name;
}

// The element as Python shows it: large integers to the last digit.
std::string element_text(const Input& input, const Diagnosis& diagnosis) {
  // Those that DLPack brought are held as integers.
  if (input.type == elements::Element::bfloat16) return number_text(diagnosis.value);
  PyArrayObject* const array = input.get();
  const char* const element = static_cast<const char*>(PyArray_GetPtr(array, diagnosis.index));
  return text_of(Reference::checked(PyArray_GETITEM(array, element)).get());
}

std::string sentence(const FailedOperand& argument, const Diagnosis& diagnosis, const bool* whole) {
  const Input& input = *argument.input;
  const auto element = [&](const char* problem) {
    return place(input, diagnosis.index, nullptr) + " = " + element_text(input, diagnosis) +
           problem;
  };
  // Of slices: elements are looked at one by one where there are no distributions.
  const char* const hint = "; if these are logits, use the functions of pyinfo.logits";
  const bool is_float = whole != nullptr && !input.is_count();
  switch (diagnosis.flaw) {
    case Flaw::negative:
      return element(" is negative") + (whole != nullptr ? hint : "");
    case Flaw::infinite:
      return element(" is not finite");
    case Flaw::above_one:
      return element(" is greater than 1") + (is_float ? std::string(kNotNormalized) + hint : "");
    case Flaw::sum_not_one:
      return place(input, diagnosis.index, whole) + " sums to " + number_text(diagnosis.value) +
             ", not 1 (tolerance " + number_text(argument.tolerance) +
             "); pass normalize=True to divide by the sum";
    case Flaw::sum_zero:
      return place(input, diagnosis.index, whole) + " sums to 0: there is nothing to divide by";
    case Flaw::none:
      break;
  }
  return input.name + std::string(" is not a valid distribution");
}

}  // namespace

std::string slice_error(const FailedOperand* arguments, int count, int dimensions,
                        const npy_intp* shape, const bool* reduced, std::size_t slice) {
  PYINFO_ASSERT(count >= 1 && count <= kMostOperands);
  const measures::Suspect suspects[kMostOperands] = {suspect_of(arguments[0]),
                                                     suspect_of(arguments[count - 1])};
  const Diagnosis diagnosis =
      measures::diagnose(suspects, count, dimensions, shape, reduced, slice);
  const FailedOperand& argument = arguments[diagnosis.operand];
  return sentence(argument, diagnosis, reduced + (dimensions - argument.input->dimensions()));
}

std::string element_error(const Input& input, double tolerance) {
  const FailedOperand argument{&input, measures::Normalization::check, tolerance};
  return sentence(argument, measures::diagnose_elements(suspect_of(argument)), nullptr);
}

}  // namespace pyinfo::bindings
