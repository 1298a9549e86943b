// Logits as arguments: rows along an axis, gradients that are written back, labels and weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bindings/arrays.hpp"
#include "logits/logits.hpp"
#include "memory/small_buffer.hpp"

namespace pyinfo::bindings {

// An array of logits, seen as rows along one of its axes. Read where it is if the elements of a row
// lie side by side; else from a copy.
class LogitRows {
 public:
  LogitRows(PyObject* object, const char* name, PyObject* axis);
  // On the axis of other logits: of their shape, computed in their type.
  LogitRows(PyObject* object, const char* name, const LogitRows& like);
  // Distributions of the shape of other logits, in the type they are computed in.
  LogitRows(const Input& input, const LogitRows& like);

  const logits::Rows& rows() const noexcept { return rows_; }
  PyArrayObject* given() const noexcept { return input_.get(); }
  elements::Element type() const noexcept { return rows_.type(); }
  const char* name() const noexcept { return input_.name; }
  int axis() const noexcept { return axis_; }
  bool is_copied() const noexcept { return rows_array_.array() != input_.get(); }
  // Results, but for those of float64, are float32.
  bool float_result() const noexcept { return type() != elements::Element::float64; }
  // The shape without the axis.
  int outer_dimensions() const noexcept { return PyArray_NDIM(given()) - 1; }
  const npy_intp* outer_shape() const noexcept { return outer_shape_; }

 private:
  void find_rows(elements::Element type);

  Input input_;
  int axis_;
  Reference rows_array_;
  logits::Rows rows_;
  npy_intp outer_shape_[elements::kMaxDimensions];
};

// `grad` as an array that gradients of these logits can be written to; null if it was not given.
PyArrayObject* grad_argument(PyObject* grad, const LogitRows& logits);

// An array that rows are written to: in its place, or copied there at the end.
class WrittenRows {
 public:
  // No rows of a null array. `others` are read while rows are written.
  WrittenRows(PyArrayObject* array, int axis, elements::Element type,
              const LogitRows* const* others, int count);
  const logits::Rows* rows() const noexcept { return written_.get() == nullptr ? nullptr : &rows_; }
  void finish();

 private:
  Reference given_;
  Reference written_;
  logits::Rows rows_;
};

// Rows along an axis of any array whose elements lie side by side there.
logits::Rows rows_along(PyArrayObject* array, int axis, elements::Element type);

// The label of a single row, if it is one of Python's numbers: an array of it would take longer
// than the loss. False if it is anything else.
bool read_single_label(PyObject* label, const LogitRows& logits, PyObject* ignore_index,
                       std::int64_t* to);

// Class labels, one for each row; the buffer has room for these.
void read_labels_argument(const Input& labels, const LogitRows& logits, PyObject* ignore_index,
                          std::int64_t* to);

// A weight for each class.
void weight_argument(PyObject* object, std::size_t classes, double* to);

enum class Reduction : std::uint8_t { mean, sum, none };
Reduction reduction_argument(PyObject* object, Reduction otherwise);
double temperature_argument(PyObject* object);
// From `least` up to `most`, finite; 0 if not given.
double share_argument(PyObject* object, const char* name, double most);
// What a nat is in the unit of a base: 1 if not given.
double nat_argument(PyObject* base);

}  // namespace pyinfo::bindings
