// Distributions that say which values they count.
#pragma once

#include "bindings/python_object.hpp"

namespace pyinfo::bindings {

// Counts, and value_counts() of other packages, as arrays in one order of values: a tuple of as
// many as there are operands, which are named p and q. Null if they are to be read as they are.
// Throws PythonError with what pyinfo.measures.alignment raised.
Reference aligned_operands(PyObject* p, PyObject* q);

}  // namespace pyinfo::bindings
