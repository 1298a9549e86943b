#include "bindings/plain_lists.hpp"

#include <algorithm>
#include <cstdint>

namespace pyinfo::bindings {
namespace {

// No code of Python's runs while a list is read; its size is asked for each time nevertheless.
struct Items {
  PyObject* sequence;

  Py_ssize_t size() const noexcept { return PySequence_Fast_GET_SIZE(sequence); }
  PyObject* operator[](Py_ssize_t i) const noexcept {
    return PySequence_Fast_GET_ITEM(sequence, i);
  }
};

// An array of the elements that `read(item, element)` takes, all of them, or none.
template <class Element, class Read>
Reference array_of(Items items, int type, Read read) {
  npy_intp n = items.size();
  Reference array = Reference::checked(PyArray_SimpleNew(1, &n, type));
  Element* const out = static_cast<Element*>(PyArray_DATA(array.array()));
  for (npy_intp i = 0; i < n; ++i)
    if (i >= items.size() || !read(items[i], out[i])) return Reference();
  return array;
}

Reference text_of_one_width(Items items) {
  Py_ssize_t width = 1;
  const npy_intp n = items.size();
  for (npy_intp i = 0; i < n; ++i) {
    if (!PyUnicode_CheckExact(items[i])) return Reference();
#if PY_VERSION_HEX < 0x030c0000
    if (PyUnicode_READY(items[i]) < 0) throw PythonError();
#endif
    width = std::max(width, PyUnicode_GET_LENGTH(items[i]));
  }
  if (width > NPY_MAX_INT / Py_ssize_t(sizeof(Py_UCS4))) return Reference();
  npy_intp size = n;
  Reference array =
      Reference::checked(PyArray_New(&PyArray_Type, 1, &size, NPY_UNICODE, nullptr, nullptr,
                                     int(width * Py_ssize_t(sizeof(Py_UCS4))), 0, nullptr));
  Py_UCS4* out = static_cast<Py_UCS4*>(PyArray_DATA(array.array()));
  for (npy_intp i = 0; i < n; ++i, out += width) {
    if (i >= items.size() || !PyUnicode_CheckExact(items[i])) return Reference();
    const Py_ssize_t length = PyUnicode_GET_LENGTH(items[i]);
    if (length > width) return Reference();
    const int kind = PyUnicode_KIND(items[i]);
    const void* const characters = PyUnicode_DATA(items[i]);
    for (Py_ssize_t k = 0; k < length; ++k) {
      out[k] = PyUnicode_READ(kind, characters, k);
      if (out[k] == 0) return Reference();
    }
    std::fill(out + length, out + width, Py_UCS4{0});
  }
  return array;
}

}  // namespace

Reference plain_vector(PyObject* object) {
  if (!PyList_CheckExact(object) && !PyTuple_CheckExact(object)) return Reference();
  const Items items{object};
  if (items.size() == 0) return Reference();
  if (PyLong_CheckExact(items[0])) {
    return array_of<std::int64_t>(items, NPY_INT64, [](PyObject* item, std::int64_t& element) {
      if (!PyLong_CheckExact(item)) return false;
      int overflow = 0;
      element = PyLong_AsLongLongAndOverflow(item, &overflow);
      return overflow == 0;
    });
  }
  if (PyFloat_CheckExact(items[0])) {
    return array_of<double>(items, NPY_DOUBLE, [](PyObject* item, double& element) {
      if (!PyFloat_CheckExact(item)) return false;
      element = PyFloat_AS_DOUBLE(item);
      return true;
    });
  }
  if (PyBool_Check(items[0])) {
    return array_of<npy_bool>(items, NPY_BOOL, [](PyObject* item, npy_bool& element) {
      element = item == Py_True ? 1 : 0;
      return bool(PyBool_Check(item));
    });
  }
  return text_of_one_width(items);
}

}  // namespace pyinfo::bindings
