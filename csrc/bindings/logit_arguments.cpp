#include "bindings/logit_arguments.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "bindings/arguments.hpp"
#include "bindings/result_array.hpp"

namespace pyinfo::bindings {
namespace {

using elements::Element;

bool is_row_element(Element type) noexcept { return type <= Element::bfloat16; }

int axis_of(PyObject* axis, const Input& input) {
  if (input.dimensions() == 0)
    throw std::invalid_argument(std::string(input.name) +
                                " must have at least one dimension, that of the classes");
  return axis == nullptr ? input.dimensions() - 1 : axis_argument(axis, input.dimensions());
}

// The array with an axis moved to the end.
Reference moved_to_end(PyArrayObject* array, int axis) {
  npy_intp order[elements::kMaxDimensions];
  const int dimensions = PyArray_NDIM(array);
  for (int d = 0; d < dimensions; ++d) order[d] = d < axis ? d : d + 1;
  order[dimensions - 1] = axis;
  PyArray_Dims permutation{order, dimensions};
  return Reference::checked(PyArray_Transpose(array, &permutation));
}

bool is_side_by_side(PyArrayObject* array, int axis) noexcept {
  return !PyArray_ISBYTESWAPPED(array) &&
         (PyArray_DIM(array, axis) == 1 || PyArray_STRIDE(array, axis) == PyArray_ITEMSIZE(array));
}

bool same_place(PyArrayObject* a, PyArrayObject* b) noexcept {
  bool same = PyArray_DATA(a) == PyArray_DATA(b) && PyArray_ITEMSIZE(a) == PyArray_ITEMSIZE(b);
  const int dimensions = PyArray_NDIM(a);
  for (int d = 0; same && d < dimensions; ++d)
    same = PyArray_STRIDE(a, d) == PyArray_STRIDE(b, d) || PyArray_DIM(a, d) == 1;
  return same;
}

void require_shape_of(PyArrayObject* array, const char* name, const LogitRows& logits) {
  PyArrayObject* const wanted = logits.given();
  if (!PyArray_SAMESHAPE(array, wanted))
    throw std::invalid_argument(std::string(name) + " has shape " + shape_text(array) + ", " +
                                logits.name() + " has " + shape_text(wanted));
}

// labels[2, 1] of a place counted in C order.
std::string place(const char* name, int dimensions, const npy_intp* shape, std::size_t at) {
  std::string text;
  for (int k = 0; k < dimensions; ++k) {
    const std::size_t extent = std::size_t(shape[dimensions - 1 - k]);
    text = std::to_string(at % extent) + (k == 0 ? "" : ", ") + text;
    at /= extent;
  }
  return dimensions == 0 ? name : name + ("[" + text + "]");
}

elements::Space space_of(PyArrayObject* array) noexcept {
  elements::Space space;
  const int dimensions = PyArray_NDIM(array);
  for (int d = 0; d < dimensions; ++d)
    space.append(PyArray_DIM(array, d), PyArray_STRIDE(array, d), 0);
  return space;
}

// What NumPy may have no conversion for.
Reference as_doubles(PyArrayObject* array) {
  Reference doubles =
      Reference::checked(PyArray_SimpleNew(PyArray_NDIM(array), PyArray_DIMS(array), NPY_DOUBLE));
  const elements::Operand operand{PyArray_BYTES(array), Element::bfloat16,
                                  PyArray_ISBYTESWAPPED(array) != 0};
  elements::load_slice<double>(operand, space_of(array), 0,
                               static_cast<double*>(PyArray_DATA(doubles.array())));
  return doubles;
}

std::string element_text(PyArrayObject* array, std::size_t at) {
  const Reference flat = Reference::checked(PyArray_Ravel(array, NPY_CORDER));
  return text_of(
      Reference::checked(PySequence_GetItem(flat.get(), static_cast<Py_ssize_t>(at))).get());
}

std::int64_t ignored_label(PyObject* ignore_index) {
  if (ignore_index == nullptr) return -100;
  const Reference index = index_argument(ignore_index, "ignore_index must be an integer");
  int overflow = 0;
  const std::int64_t ignored = PyLong_AsLongLongAndOverflow(index.get(), &overflow);
  if (overflow != 0)
    throw std::invalid_argument("ignore_index must be an integer of 64 bits, not " +
                                text_of(index.get()));
  return ignored;
}

[[noreturn]] void refuse_label(const std::string& where, const std::string& label,
                               const LogitRows& logits) {
  const std::size_t classes = logits.rows().classes();
  throw std::invalid_argument(where + " = " + label + " is out of range for " +
                              std::to_string(classes) + " class" + (classes == 1 ? "" : "es"));
}

}  // namespace

logits::Rows rows_along(PyArrayObject* array, int axis, Element type) {
  logits::Rows rows(PyArray_DATA(array), type, std::size_t(PyArray_DIM(array, axis)));
  const int dimensions = PyArray_NDIM(array);
  for (int d = 0; d < dimensions; ++d)
    if (d != axis) rows.append(std::size_t(PyArray_DIM(array, d)), PyArray_STRIDE(array, d));
  return rows;
}

LogitRows::LogitRows(PyObject* object, const char* name, PyObject* axis)
    : input_(as_input(object, name)), axis_(axis_of(axis, input_)) {
  find_rows(is_row_element(input_.type) ? input_.type : Element::float64);
}

LogitRows::LogitRows(PyObject* object, const char* name, const LogitRows& like)
    : input_(as_input(object, name)), axis_(like.axis()) {
  require_shape_of(given(), name, like);
  const Element type = is_row_element(input_.type) ? input_.type : Element::float64;
  if (type != like.type())
    throw TypeError(std::string(name) + " must have the type of " + like.input_.name + ", " +
                    text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(like.given()))) + ", not " +
                    text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(given()))));
  find_rows(type);
}

LogitRows::LogitRows(const Input& input, const LogitRows& like)
    : input_{Reference::borrowed(input.array.get()), input.type, input.name}, axis_(like.axis()) {
  find_rows(logits::result_element(like.type()));
}

void LogitRows::find_rows(Element type) {
  const int dimensions = PyArray_NDIM(given());
  require_not_empty(std::size_t(PyArray_DIM(given(), axis_)), input_.name, axis_);
  for (int d = 0, k = 0; d < dimensions; ++d)
    if (d != axis_) outer_shape_[k++] = PyArray_DIM(given(), d);
  if (input_.type == type && is_side_by_side(given(), axis_)) {
    rows_array_ = Reference::borrowed(input_.array.get());
    rows_ = rows_along(given(), axis_, type);
    return;
  }
  Reference source = moved_to_end(given(), axis_);
  PyArray_Descr* descriptor;
  if (input_.type == type) {
    descriptor = PyArray_DescrNewByteorder(PyArray_DESCR(given()), NPY_NATIVE);
  } else {
    if (input_.type == Element::bfloat16) source = as_doubles(source.array());
    descriptor = PyArray_DescrFromType(type == Element::float64 ? NPY_DOUBLE : NPY_FLOAT);
  }
  if (descriptor == nullptr) throw PythonError();
  rows_array_ = Reference::checked(PyArray_FromArray(
      source.array(), descriptor,
      NPY_ARRAY_CARRAY_RO | NPY_ARRAY_ENSUREARRAY | NPY_ARRAY_FORCECAST | NPY_ARRAY_ENSURECOPY));
  rows_ = rows_along(rows_array_.array(), dimensions - 1, type);
}

PyArrayObject* grad_argument(PyObject* grad, const LogitRows& logits) {
  if (grad == nullptr || grad == Py_None) return nullptr;
  if (!PyArray_Check(grad)) throw TypeError("grad must be an array, not " + type_name(grad));
  PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(grad);
  // What holds bfloat16 without ml_dtypes: integers of 16 bits.
  const bool stands_for_bfloat16 =
      logits.type() == Element::bfloat16 &&
      (PyArray_TYPE(array) == NPY_UINT16 || PyArray_TYPE(array) == NPY_INT16);
  // Plain arrays of one type are known by its number: more takes longer than the gradient.
  const int type = PyArray_TYPE(array);
  const bool is_like = PyArray_CheckExact(array) && type == PyArray_TYPE(logits.given()) &&
                       (type == NPY_FLOAT || type == NPY_DOUBLE || type == NPY_HALF);
  if (!is_like && !stands_for_bfloat16 && as_input(grad, "grad").type != logits.type())
    throw TypeError("grad must have the type of the logits, not " +
                    text_of(reinterpret_cast<PyObject*>(PyArray_DESCR(array))));
  require_shape_of(array, "grad", logits);
  if (!PyArray_ISWRITEABLE(array)) throw std::invalid_argument("grad is read-only");
  return array;
}

WrittenRows::WrittenRows(PyArrayObject* array, int axis, Element type,
                         const LogitRows* const* others, int count) {
  if (array == nullptr) return;
  bool direct = is_side_by_side(array, axis);
  for (int i = 0; i < count; ++i) {
    if (others[i]->is_copied() || !may_overlap(array, others[i]->given())) continue;
    direct = direct && same_place(array, others[i]->given());
  }
  if (direct) {
    given_ = Reference::borrowed(reinterpret_cast<PyObject*>(array));
    written_ = Reference::borrowed(given_.get());
    rows_ = rows_along(array, axis, type);
    return;
  }
  given_ = moved_to_end(array, axis);
  PyArray_Descr* const native = PyArray_DescrNewByteorder(PyArray_DESCR(array), NPY_NATIVE);
  if (native == nullptr) throw PythonError();
  written_ = Reference::checked(PyArray_NewLikeArray(given_.array(), NPY_CORDER, native, 0));
  rows_ = rows_along(written_.array(), PyArray_NDIM(array) - 1, type);
}

void WrittenRows::finish() {
  if (given_.get() != written_.get() && PyArray_CopyInto(given_.array(), written_.array()) < 0)
    throw PythonError();
}

bool read_single_label(PyObject* label, const LogitRows& logits, PyObject* ignore_index,
                       std::int64_t* to) {
  if (!PyLong_CheckExact(label) || logits.outer_dimensions() != 0) return false;
  int overflow = 0;
  const std::int64_t value = PyLong_AsLongLongAndOverflow(label, &overflow);
  if (overflow != 0) return false;
  const bool ignored = value == ignored_label(ignore_index);
  if (!ignored && (value < 0 || std::size_t(value) >= logits.rows().classes()))
    refuse_label("labels", std::to_string(value), logits);
  *to = ignored ? logits::kIgnored : value;
  return true;
}

void read_labels_argument(const Input& labels, const LogitRows& logits, PyObject* ignore_index,
                          std::int64_t* to) {
  const std::size_t wrong =
      logits::read_labels(labels.operand(), space_of(labels.get()), logits.rows().classes(),
                          ignored_label(ignore_index), to);
  if (wrong != logits::kNoRow)
    refuse_label(place("labels", labels.dimensions(), PyArray_DIMS(labels.get()), wrong),
                 element_text(labels.get(), wrong), logits);
}

void weight_argument(PyObject* object, std::size_t classes, double* to) {
  const Input weight = as_input(object, "weight");
  if (weight.dimensions() != 1 || std::size_t(PyArray_DIM(weight.get(), 0)) != classes)
    throw std::invalid_argument("weight must have one element for each of " +
                                std::to_string(classes) + " classes, not shape " +
                                shape_text(weight.get()));
  const std::size_t wrong = logits::read_weight(weight.operand(), space_of(weight.get()), to);
  if (wrong != logits::kNoRow)
    throw std::invalid_argument("weight[" + std::to_string(wrong) +
                                "] = " + number_text(to[wrong]) + " must be finite and at least 0");
}

Reduction reduction_argument(PyObject* object, Reduction otherwise) {
  if (object == nullptr) return otherwise;
  if (PyUnicode_Check(object)) {
    if (PyUnicode_CompareWithASCIIString(object, "mean") == 0) return Reduction::mean;
    if (PyUnicode_CompareWithASCIIString(object, "sum") == 0) return Reduction::sum;
    if (PyUnicode_CompareWithASCIIString(object, "none") == 0) return Reduction::none;
  }
  throw std::invalid_argument("reduction must be 'mean', 'sum' or 'none', not " +
                              text_of(Reference::checked(PyObject_Repr(object)).get()));
}

double temperature_argument(PyObject* object) {
  if (object == nullptr) return 1;
  const double temperature = real_argument(object, "temperature");
  if (!(temperature > 0) || std::isinf(temperature))
    throw std::invalid_argument("temperature must be positive and finite, not " +
                                number_text(temperature));
  if (!logits::is_temperature(temperature))
    throw std::invalid_argument("temperature must be from 1e-30 to 1e30, not " +
                                number_text(temperature));
  return temperature;
}

double share_argument(PyObject* object, const char* name, double most) {
  if (object == nullptr) return 0;
  const double value = real_argument(object, name);
  if (!(value >= 0 && value <= most) || std::isinf(value))
    throw std::invalid_argument(
        std::string(name) + " must be " +
        (std::isinf(most) ? "finite and at least 0" : "from 0 to " + number_text(most)) + ", not " +
        number_text(value));
  return value;
}

double nat_argument(PyObject* base) {
  if (base == nullptr) return 1;
  const double given = base_argument(base);
  return given == 2.718281828459045 ? 1 : 1 / std::log(given);
}

}  // namespace pyinfo::bindings
