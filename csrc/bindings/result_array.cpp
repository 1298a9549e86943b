#include "bindings/result_array.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>

#include "bindings/arguments.hpp"
#include "bindings/arrays.hpp"
#include "simd/assert.hpp"

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

// Whether elements of an array may lie over one another, as broadcast ones do: else each axis, in
// the order of their strides, steps over all that those before it span.
bool may_share_elements(PyArrayObject* array) {
  if (PyArray_IS_C_CONTIGUOUS(array) || PyArray_SIZE(array) == 0) return false;
  std::multimap<npy_intp, npy_intp> axes;
  for (int i = 0; i < PyArray_NDIM(array); ++i)
    if (PyArray_DIM(array, i) > 1)
      axes.emplace(std::abs(PyArray_STRIDE(array, i)), PyArray_DIM(array, i));
  npy_intp span = PyArray_ITEMSIZE(array);
  for (const auto& [stride, extent] : axes) {
    if (stride < span) return true;
    span += stride * (extent - 1);
  }
  return false;
}

}  // namespace

PyArrayObject* out_argument(PyObject* out, PyArray_Descr* type) {
  PYINFO_ASSERT(out != nullptr && type != nullptr);
  const bool is_array = PyArray_Check(out);
  PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(out);
  if (!is_array ||
      (PyArray_DESCR(array) != type && !PyArray_EquivTypes(PyArray_DESCR(array), type)))
    throw TypeError("out must be an array of " + text_of(reinterpret_cast<PyObject*>(type)) +
                    ", not " +
                    (is_array ? "of " + text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(array)))
                              : type_name(out)));
  if (is_more(out))
    throw TypeError("out must be a plain array, not " + type_name(out) +
                    ": its mask or unit would not be that of the result");
  if (!PyArray_ISWRITEABLE(array)) throw std::invalid_argument("out is read-only");
  if (may_share_elements(array))
    throw std::invalid_argument("out has elements that share memory with one another");
  return array;
}

PyArrayObject* out_argument(PyObject* out, int type) {
  const Reference descriptor =
      Reference::checked(reinterpret_cast<PyObject*>(PyArray_DescrFromType(type)));
  return out_argument(out, reinterpret_cast<PyArray_Descr*>(descriptor.get()));
}

void require_shape(PyArrayObject* out, int dimensions, const npy_intp* shape) {
  if (PyArray_NDIM(out) != dimensions || !std::equal(shape, shape + dimensions, PyArray_DIMS(out)))
    throw std::invalid_argument("out has shape " + shape_text(out) + ", the result has " +
                                shape_text(dimensions, shape));
}

void require_contiguous(PyArrayObject* out) {
  if (!PyArray_IS_C_CONTIGUOUS(out) || !PyArray_ISALIGNED(out))
    throw std::invalid_argument("out must be C-contiguous and aligned");
}

void require_apart(const void* out, std::size_t out_size, const void* data, std::size_t size,
                   const char* name) {
  const char* const a = static_cast<const char*>(out);
  const char* const b = static_cast<const char*>(data);
  if (a < b + size && b < a + out_size)
    throw std::invalid_argument(std::string("out shares memory with ") + name);
}

Reference result_array(PyObject* out, int dimensions, const npy_intp* shape, bool float32) {
  const int type = float32 ? NPY_FLOAT : NPY_DOUBLE;
  if (out == nullptr || out == Py_None)
    return Reference::checked(PyArray_SimpleNew(dimensions, const_cast<npy_intp*>(shape), type));
  require_shape(out_argument(out, type), dimensions, shape);
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
