// Lists and tuples of numbers or strings of one type, read in one pass.
#pragma once

#include "bindings/python_object.hpp"

namespace pyinfo::bindings {

// The vector that NumPy makes of a list or tuple whose elements all are Python's own floats, bools,
// integers that fit 64 bits with a sign, or strings without a zero character (which NumPy takes for
// padding). No reference for everything else, of which NumPy would guess something. Throws
// PythonError.
Reference plain_vector(PyObject* items);

}  // namespace pyinfo::bindings
