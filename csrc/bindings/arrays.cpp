#define PYINFO_IMPORTS_NUMPY
#include "bindings/arrays.hpp"

#include <pybind11/pybind11.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "bindings/arguments.hpp"
#include "bindings/dlpack.hpp"

namespace pyinfo::bindings {
namespace {

using elements::Element;

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

// Lists in lists deeper than arrays have dimensions are none of numbers.
constexpr int kDeepest = NPY_MAXDIMS;

// A number, or a list or tuple of such, that NumPy reads as nobody could read it otherwise. Lists
// may hold what it guesses about: that is sorted out by pyinfo.arrays.
bool is_plain(PyObject* object, int depth = 0) noexcept {
  if (PyFloat_CheckExact(object) || PyBool_Check(object)) return true;
  if (PyLong_CheckExact(object)) {  // larger ones might become floats
    int overflow = 0;
    PyLong_AsLongLongAndOverflow(object, &overflow);
    return overflow == 0;
  }
  if (PyArray_IsScalar(object, Floating)) return true;
  if ((!PyList_CheckExact(object) && !PyTuple_CheckExact(object)) || depth == kDeepest)
    return false;
  // The size is asked for each time. No code of Python's runs meanwhile.
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(object); ++i)
    if (!is_plain(PySequence_Fast_GET_ITEM(object, i), depth + 1)) return false;
  return true;
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

// What is no array, tensor or list of numbers, as pyinfo.arrays reads it.
Reference converted(PyObject* object, const char* name, const std::string& reason = {}) {
  const Reference room = Reference::checked(PyImport_ImportModule("pyinfo.arrays"));
  Reference array = Reference::checked(
      PyObject_CallMethod(room.get(), "numbers", "Oss", object, name, reason.c_str()));
  if (!PyArray_Check(array.get())) throw TypeError(std::string(name) + " cannot be read");
  return array;
}

}  // namespace

bool is_more(PyObject* array) noexcept {
  return !PyArray_CheckExact(array) &&
         (has_attribute(array, "mask") || has_attribute(array, "to_value"));
}

elements::Operand Input::operand() const noexcept {
  return {PyArray_BYTES(get()), type, PyArray_ISBYTESWAPPED(get()) != 0};
}

Borrowed borrow(PyObject* object, const char* name) {
  if (PyArray_Check(object) && !is_more(object)) return {Reference::borrowed(object)};
  if (is_plain(object)) {
    Reference array(PyArray_FROM_O(object));
    if (array.get() != nullptr) return {std::move(array)};
    if (!PyErr_ExceptionMatches(PyExc_ValueError)) throw PythonError();
    PyErr_Clear();  // rows of several lengths: pyinfo.arrays says which
    return {converted(object, name)};
  }
  if (PyArray_Check(object) || !speaks_dlpack(object)) return {converted(object, name)};
  // Before __array__, which torch's bfloat16 tensors do not answer, and which may copy.
  std::string reason;
  try {
    return from_dlpack(object, name);
  } catch (const PythonError&) {
    reason = caught();
  }
  if (is_convertible(object)) return {converted(object, name, reason)};
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

Input as_input(PyObject* object, const char* name, const char* hint) {
  Borrowed borrowed = borrow(object, name);
  Input input{std::move(borrowed.array), Element::float64, name};
  if (borrowed.extension != nullptr) {
    if (std::strcmp(borrowed.extension, "bfloat16") != 0)
      throw TypeError(std::string(name) + " must hold real numbers, not " + borrowed.extension);
    input.type = Element::bfloat16;
  } else if (!find_element(PyArray_DESCR(input.get()), input.type)) {
    throw TypeError(std::string(name) + " must hold real numbers, not " +
                    text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(input.get()))) +
                    (PyTypeNum_ISCOMPLEX(PyArray_TYPE(input.get())) ? "" : hint));
  }
  return input;
}

std::string shape_text(int dimensions, const npy_intp* shape) {
  std::string text = "(";
  for (int d = 0; d < dimensions; ++d) text += (d == 0 ? "" : ", ") + std::to_string(shape[d]);
  return text + (dimensions == 1 ? ",)" : ")");
}

std::string shape_text(PyArrayObject* array) {
  return shape_text(PyArray_NDIM(array), PyArray_DIMS(array));
}

void import_numpy() {
  if (_import_array() < 0) throw PythonError();
}

}  // namespace pyinfo::bindings
