// -log p, element by element.
#pragma once

#include "measures/slice.hpp"

namespace pyinfo::measures {

struct InformationRequest {
  double tolerance = 0;    // values up to 1 + tolerance count as 1
  double factor_high = 1;  // what one bit is in the unit asked for, as a double-double
  double factor_low = 0;
  bool float_result = false;  // p is float, and so is the result
};

// `space` holds all axes, with p's strides first and the result's second. Returns false if a value
// is negative or too large; the result is then unspecified.
bool information_content(const InformationRequest& request, const elements::Operand& p,
                         elements::Space space, char* out);

}  // namespace pyinfo::measures
