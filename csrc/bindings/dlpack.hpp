// Tensors of other packages through DLPack, the exchange of arrays that asks for no common package.
#pragma once

#include "bindings/arrays.hpp"

namespace pyinfo::bindings {

// Whether the object has the two methods of the protocol.
bool speaks_dlpack(PyObject* object) noexcept;

// Throws PythonError with the producer's own exception if it does not export the object, TypeError
// or std::invalid_argument naming the argument if what it exports cannot be read.
Borrowed from_dlpack(PyObject* object, const char* name);

}  // namespace pyinfo::bindings
