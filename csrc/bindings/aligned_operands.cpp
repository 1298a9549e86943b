#include "bindings/aligned_operands.hpp"

#include "bindings/numpy.hpp"

namespace pyinfo::bindings {
namespace {

// What has places and no values. Anything else is looked at in Python.
bool is_plain(PyObject* object) noexcept {
  return object == nullptr || PyArray_CheckExact(object) || PyList_CheckExact(object) ||
         PyTuple_CheckExact(object) || PyFloat_CheckExact(object) || PyLong_CheckExact(object) ||
         PyArray_CheckScalar(object);
}

}  // namespace

Reference aligned_operands(PyObject* p, PyObject* q) {
  if (is_plain(p) && is_plain(q)) return Reference();
  const Reference room = Reference::checked(PyImport_ImportModule("pyinfo.measures.alignment"));
  Reference found = Reference::checked(
      q == nullptr ? PyObject_CallMethod(room.get(), "aligned", "(O)(s)", p, "p")
                   : PyObject_CallMethod(room.get(), "aligned", "(OO)(ss)", p, q, "p", "q"));
  if (!PyTuple_Check(found.get())) return Reference();
  return found;
}

}  // namespace pyinfo::bindings
