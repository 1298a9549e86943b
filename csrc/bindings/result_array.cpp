#include "bindings/result_array.hpp"

#include <stdexcept>
#include <string>

#include "bindings/arguments.hpp"
#include "bindings/arrays.hpp"

namespace pyinfo::bindings {
namespace {

void extent_in_memory(PyArrayObject* array, const char*& first, const char*& last) noexcept {
  first = PyArray_BYTES(array);
  last = first + PyArray_ITEMSIZE(array);
  for (int d = 0; d < PyArray_NDIM(array); ++d) {
    const npy_intp reach = (PyArray_DIM(array, d) - 1) * PyArray_STRIDE(array, d);
    (reach < 0 ? first : last) += reach;
  }
}

}  // namespace

Reference result_array(PyObject* out, int dimensions, const npy_intp* shape, bool float32) {
  const int type = float32 ? NPY_FLOAT : NPY_DOUBLE;
  if (out == nullptr || out == Py_None)
    return Reference::checked(PyArray_SimpleNew(dimensions, const_cast<npy_intp*>(shape), type));
  if (!PyArray_Check(out))
    throw TypeError(std::string("out must be an array, not ") + Py_TYPE(out)->tp_name);
  PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(out);
  if (PyArray_TYPE(array) != type || PyArray_ISBYTESWAPPED(array))
    throw TypeError(std::string("out must be a ") + (float32 ? "float32" : "float64") +
                    " array, as the result is");
  bool same = PyArray_NDIM(array) == dimensions;
  for (int d = 0; same && d < dimensions; ++d) same = PyArray_DIM(array, d) == shape[d];
  if (!same) {
    const Reference wanted =
        Reference::checked(PyArray_SimpleNew(dimensions, const_cast<npy_intp*>(shape), NPY_BOOL));
    throw std::invalid_argument("out has shape " + shape_text(array) + ", the result has " +
                                shape_text(wanted.array()));
  }
  if (!PyArray_ISWRITEABLE(array)) throw std::invalid_argument("out is read-only");
  return Reference::borrowed(out);
}

bool may_overlap(PyArrayObject* out, PyArrayObject* array) noexcept {
  if (PyArray_SIZE(out) == 0 || PyArray_SIZE(array) == 0) return false;
  const char* first[2];
  const char* last[2];
  extent_in_memory(out, first[0], last[0]);
  extent_in_memory(array, first[1], last[1]);
  return first[0] < last[1] && first[1] < last[0];
}

PyObject* scalar(double value, bool float32) noexcept {
  if (!float32) return PyFloat_FromDouble(value);
  PyObject* const object = PyArrayScalar_New(Float);
  if (object != nullptr) PyArrayScalar_ASSIGN(object, Float, float(value));
  return object;
}

}  // namespace pyinfo::bindings
