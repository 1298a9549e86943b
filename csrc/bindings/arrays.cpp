#define PYINFO_IMPORTS_NUMPY
#include "bindings/arrays.hpp"

#include <pybind11/pybind11.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "bindings/dlpack.hpp"
#include "measures/measure.hpp"

namespace pyinfo::bindings {
namespace {

using measures::Element;

// ml_dtypes registers bfloat16 with NumPy at run time; its scalar type's name tells.
bool is_bfloat16(PyArray_Descr* type) noexcept {
  if (type->type_num < NPY_USERDEF || PyDataType_ELSIZE(type) != 2) return false;
  const char* const name = std::strrchr(type->typeobj->tp_name, '.');
  return std::strcmp(name == nullptr ? type->typeobj->tp_name : name + 1, "bfloat16") == 0;
}

template <class Integer>
constexpr Element integer_element() {
  constexpr bool is_signed = Integer(-1) < Integer(0);
  switch (sizeof(Integer)) {
    case 1:
      return is_signed ? Element::int8 : Element::uint8;
    case 2:
      return is_signed ? Element::int16 : Element::uint16;
    case 4:
      return is_signed ? Element::int32 : Element::uint32;
    default:
      return is_signed ? Element::int64 : Element::uint64;
  }
}

bool find_element(PyArray_Descr* type, Element& element) noexcept {
  switch (type->type_num) {
    case NPY_DOUBLE:
      element = Element::float64;
      return true;
    case NPY_FLOAT:
      element = Element::float32;
      return true;
    case NPY_HALF:
      element = Element::float16;
      return true;
    case NPY_LONGDOUBLE:
      element = Element::long_double;
      return true;
    case NPY_BOOL:
      element = Element::boolean;
      return true;
    case NPY_BYTE:
      element = integer_element<npy_byte>();
      return true;
    case NPY_UBYTE:
      element = integer_element<npy_ubyte>();
      return true;
    case NPY_SHORT:
      element = integer_element<npy_short>();
      return true;
    case NPY_USHORT:
      element = integer_element<npy_ushort>();
      return true;
    case NPY_INT:
      element = integer_element<npy_int>();
      return true;
    case NPY_UINT:
      element = integer_element<npy_uint>();
      return true;
    case NPY_LONG:
      element = integer_element<npy_long>();
      return true;
    case NPY_ULONG:
      element = integer_element<npy_ulong>();
      return true;
    case NPY_LONGLONG:
      element = integer_element<npy_longlong>();
      return true;
    case NPY_ULONGLONG:
      element = integer_element<npy_ulonglong>();
      return true;
    default:
      element = Element::bfloat16;
      return is_bfloat16(type);
  }
}

bool has_attribute(PyObject* object, const char* name) noexcept {
  return PyObject_HasAttrString(object, name) == 1;
}

// Those that are converted element by element; nothing else of them is of interest.
bool is_built_in(PyObject* object) noexcept {
  return PyList_CheckExact(object) || PyTuple_CheckExact(object) || PyFloat_CheckExact(object) ||
         PyLong_CheckExact(object);
}

bool is_convertible(PyObject* object) noexcept {
  return has_attribute(object, "__array__") || has_attribute(object, "__array_interface__") ||
         PyObject_CheckBuffer(object);
}

// What an exception says. Those that are no answer to the question for an array go on.
std::string caught() {
  if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
    throw PythonError();
  return text_of(pybind11::error_already_set().value().ptr());
}

// Arrow's arrays have them; NumPy would turn integers into floats to say NaN instead.
void refuse_nulls(PyObject* object, const char* name) {
  const Reference count(PyObject_GetAttrString(object, "null_count"));
  if (count.get() == nullptr) {
    PyErr_Clear();
    return;
  }
  if (PyLong_Check(count.get()) && PyObject_IsTrue(count.get()) == 1)
    throw std::invalid_argument(std::string(name) + " has nulls: fill or drop them first");
}

void extent_in_memory(PyArrayObject* array, const char*& first, const char*& last) noexcept {
  first = PyArray_BYTES(array);
  last = first + PyArray_ITEMSIZE(array);
  for (int d = 0; d < PyArray_NDIM(array); ++d) {
    const npy_intp reach = (PyArray_DIM(array, d) - 1) * PyArray_STRIDE(array, d);
    (reach < 0 ? first : last) += reach;
  }
}

}  // namespace

measures::Operand Input::operand() const noexcept {
  return {PyArray_BYTES(get()), type, PyArray_ISBYTESWAPPED(get()) != 0};
}

double Input::tolerance() const noexcept {
  switch (type) {
    case Element::float64:
    case Element::long_double:
      return measures::kSumTolerance<double>;
    case Element::float32:
      return measures::kSumTolerance<float>;
    case Element::float16:
      return 0x1p-5;
    case Element::bfloat16:
      return 0.08838834764831845;  // sqrt(2^-7)
    default:
      return 0;
  }
}

Borrowed borrow(PyObject* object, const char* name) {
  if (PyArray_Check(object)) return {Reference::borrowed(object)};
  if (is_built_in(object)) return {Reference::checked(PyArray_FROM_O(object))};
  if (!speaks_dlpack(object)) {
    refuse_nulls(object, name);
    return {Reference::checked(PyArray_FROM_O(object))};
  }
  // Before __array__, which torch's bfloat16 tensors do not answer, and which may copy.
  std::string reason;
  try {
    return from_dlpack(object, name);
  } catch (const PythonError&) {
    reason = caught();
  }
  refuse_nulls(object, name);
  if (is_convertible(object)) {
    Reference array(PyArray_FROM_O(object));
    if (array.get() != nullptr) return {std::move(array)};
    caught();
  }
  throw std::invalid_argument(std::string(name) + " cannot be read as an array: " + reason);
}

Reference as_array(PyObject* object, const char* name) {
  Borrowed borrowed = borrow(object, name);
  if (borrowed.extension == nullptr) return std::move(borrowed.array);
  const Reference types(PyImport_ImportModule("ml_dtypes"));
  if (types.get() == nullptr) {
    caught();
    PyErr_Format(PyExc_ImportError, "arrays of %s need the package ml_dtypes", borrowed.extension);
    throw PythonError();
  }
  const Reference type =
      Reference::checked(PyObject_GetAttrString(types.get(), borrowed.extension));
  return Reference::checked(PyObject_CallMethod(borrowed.array.get(), "view", "O", type.get()));
}

Input as_input(PyObject* object, const char* name) {
  Borrowed borrowed = borrow(object, name);
  Input input{std::move(borrowed.array), Element::float64, name};
  if (borrowed.extension != nullptr) {
    if (std::strcmp(borrowed.extension, "bfloat16") != 0)
      throw TypeError(std::string(name) + " must hold real numbers, not " + borrowed.extension);
    input.type = Element::bfloat16;
  } else if (!find_element(PyArray_DESCR(input.get()), input.type)) {
    throw TypeError(std::string(name) + " must hold real numbers, not " +
                    text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(input.get()))));
  }
  return input;
}

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

std::string text_of(PyObject* object) {
  const Reference text = Reference::checked(PyObject_Str(object));
  const char* const characters = PyUnicode_AsUTF8(text.get());
  if (characters == nullptr) throw PythonError();
  return characters;
}

std::string shape_text(PyArrayObject* array) {
  std::string text = "(";
  for (int d = 0; d < PyArray_NDIM(array); ++d)
    text += (d == 0 ? "" : ", ") + std::to_string(PyArray_DIM(array, d));
  return text + (PyArray_NDIM(array) == 1 ? ",)" : ")");
}

std::string number_text(double value) {
  char* const text = PyOS_double_to_string(value, 'r', 0, 0, nullptr);
  if (text == nullptr) throw PythonError();
  std::string result(text);
  PyMem_Free(text);
  return result;
}

void import_numpy() {
  if (_import_array() < 0) throw PythonError();
}

}  // namespace pyinfo::bindings
