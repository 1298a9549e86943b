#include "bindings/arguments.hpp"

#include <cmath>

#include "elements/elements.hpp"
#include "measures/measure.hpp"
#include "simd/assert.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::bindings {
namespace {

constexpr const char* kPairOfWeights = "weights must be a pair of numbers, those of p and of q";

}  // namespace

std::string text_of(PyObject* object) {
  const Reference text = Reference::checked(PyObject_Str(object));
  const char* const characters = PyUnicode_AsUTF8(text.get());
  if (characters == nullptr) throw PythonError();
  return characters;
}

std::string number_text(double value) {
  char* const text = PyOS_double_to_string(value, 'r', 0, 0, nullptr);
  if (text == nullptr) throw PythonError();
  std::string result(text);
  PyMem_Free(text);
  return result;
}

std::string type_name(PyObject* object) { return Py_TYPE(object)->tp_name; }

void refuse_argument_count(const char* function, Py_ssize_t wanted, Py_ssize_t given) {
  throw TypeError(std::string(function) + "() takes " + std::to_string(wanted) +
                  " positional argument" + (wanted == 1 ? "" : "s") + " but " +
                  std::to_string(given) + " were given");
}

double real_argument(PyObject* object, const char* name) {
  // NumPy would drop the imaginary part.
  if (PyArray_IsScalar(object, ComplexFloating))
    throw TypeError(std::string(name) + " must be a real number, not " + type_name(object));
  const double value = PyFloat_AsDouble(object);
  if (value == -1 && PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw PythonError();
    PyErr_Clear();
    throw TypeError(std::string(name) + " must be a real number, not " + type_name(object));
  }
  return value;
}

Reference index_argument(PyObject* object, const char* what) {
  if (!PyIndex_Check(object)) throw TypeError(std::string(what) + ", not " + type_name(object));
  return Reference::checked(PyNumber_Index(object));
}

std::size_t size_argument(PyObject* object, const char* name, std::size_t least, std::size_t most) {
  PYINFO_ASSERT(least <= most && most <= kNoLimit);
  const Reference index =
      index_argument(object, (std::string(name) + " must be an integer").c_str());
  const Py_ssize_t size = PyNumber_AsSsize_t(index.get(), nullptr);  // clips what is too large
  if (size == -1 && PyErr_Occurred() != nullptr) throw PythonError();
  if (size < 0 || std::size_t(size) < least || std::size_t(size) > most) {
    const std::string range = most == kNoLimit
                                  ? "at least " + std::to_string(least)
                                  : "from " + std::to_string(least) + " to " + std::to_string(most);
    throw std::invalid_argument(std::string(name) + " must be " + range + ", not " +
                                text_of(index.get()));
  }
  return std::size_t(size);
}

double base_argument(PyObject* object) {
  if (object == nullptr) return 2;
  const double base = real_argument(object, "base");
  if (!measures::is_base(base))
    throw std::invalid_argument("base must be positive, finite and not 1, not " +
                                number_text(base));
  return base;
}

double alpha_argument(PyObject* object) {
  PYINFO_ASSERT(object != nullptr);
  const double alpha = real_argument(object, "alpha");
  if (!(alpha >= 0))
    throw std::invalid_argument("alpha must be at least 0, not " + number_text(alpha));
  return alpha;
}

int threads_argument(PyObject* object) {
  if (object == nullptr) return 1;
  const Reference index = index_argument(object, "threads must be an integer");
  int overflow = 0;
  const long threads = PyLong_AsLongAndOverflow(index.get(), &overflow);
  if (overflow != 0 || threads < 0 || threads > threads::kMostThreads)
    throw std::invalid_argument("threads must be 0 (all cores) or a positive number up to " +
                                std::to_string(threads::kMostThreads) + ", not " +
                                text_of(index.get()));
  return threads::resolve(int(threads));
}

void weights_argument(PyObject* object, double& p, double& q) {
  if (object == nullptr || object == Py_None) return;
  // A tuple of our own: a list might be emptied by the __float__ of what is in it.
  const Reference pair(PySequence_Tuple(object));
  if (pair.get() == nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw PythonError();
    PyErr_Clear();
    throw TypeError(kPairOfWeights);
  }
  if (PyTuple_GET_SIZE(pair.get()) != 2) throw std::invalid_argument(kPairOfWeights);
  p = real_argument(PyTuple_GET_ITEM(pair.get(), 0), "weights[0]");
  q = real_argument(PyTuple_GET_ITEM(pair.get(), 1), "weights[1]");
  if (!(p >= 0) || !(q >= 0) || !(std::abs(p + q - 1) <= elements::kSumTolerance<double>))
    throw std::invalid_argument("weights must be non-negative and sum to 1, not " + number_text(p) +
                                " and " + number_text(q));
}

std::optional<bool> normalize_argument(PyObject* object) {
  if (object == nullptr || object == Py_None) return std::nullopt;
  if (!PyBool_Check(object) && !PyArray_IsScalar(object, Bool))
    throw TypeError("normalize must be None, True or False, not " + type_name(object));
  return flag_argument(object);
}

bool flag_argument(PyObject* object) {
  if (object == nullptr) return false;
  const int truth = PyObject_IsTrue(object);
  if (truth < 0) throw PythonError();
  return truth != 0;
}

int axis_argument(PyObject* object, int dimensions) {
  PYINFO_ASSERT(object != nullptr && dimensions > 0);
  const Reference index =
      index_argument(object, "axis must be an integer, a tuple of integers or None");
  int overflow = 0;
  const long axis = PyLong_AsLongAndOverflow(index.get(), &overflow);
  if (overflow != 0 || axis < -dimensions || axis >= dimensions)
    throw std::invalid_argument("axis " + text_of(index.get()) + " is out of bounds for " +
                                std::to_string(dimensions) + " dimension" +
                                (dimensions == 1 ? "" : "s"));
  return int(axis < 0 ? axis + dimensions : axis);
}

void axes_argument(PyObject* object, int dimensions, bool* reduced) {
  PYINFO_ASSERT(dimensions >= 0 && reduced != nullptr);
  if (dimensions == 0)
    throw std::invalid_argument(
        "p must have at least one dimension: a single number is no distribution");
  for (int d = 0; d < dimensions; ++d) reduced[d] = object == Py_None;
  if (object == Py_None) return;
  if (object == nullptr) {
    reduced[dimensions - 1] = true;
  } else if (PyTuple_Check(object) || PyList_Check(object)) {
    const Py_ssize_t count = PySequence_Size(object);
    if (count == 0) throw std::invalid_argument("axis names no axis to sum over");
    for (Py_ssize_t i = 0; i < count; ++i) {
      const Reference item = Reference::checked(PySequence_GetItem(object, i));
      const int axis = axis_argument(item.get(), dimensions);
      if (reduced[axis])
        throw std::invalid_argument("axis " + std::to_string(axis) + " is given twice");
      reduced[axis] = true;
    }
  } else {
    reduced[axis_argument(object, dimensions)] = true;
  }
}

void require_not_empty(std::size_t size, const char* name, int axis) {
  if (size > 0) return;
  throw std::invalid_argument(std::string(name) + " must not be empty" +
                              (axis < 0 ? "" : " along axis " + std::to_string(axis)));
}

void require_same_length(const char* a_name, std::size_t a, const char* b_name, std::size_t b) {
  if (a != b)
    throw std::invalid_argument(std::string(a_name) + " and " + b_name +
                                " must have the same length, not " + std::to_string(a) + " and " +
                                std::to_string(b));
}

std::size_t whole_items(std::size_t bytes, std::size_t itemsize, const char* name) {
  if (itemsize == 0 || bytes % itemsize != 0)
    throw std::invalid_argument(std::string(name) + " holds " + std::to_string(bytes) +
                                " bytes, which is no whole number of items of " +
                                std::to_string(itemsize));
  return bytes / itemsize;
}

}  // namespace pyinfo::bindings
