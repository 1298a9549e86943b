// Counting: bytes, overlapping blocks of bytes, values and pairs of values.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/byte_buffer.hpp"
#include "bindings/gil.hpp"
#include "bindings/owned_array.hpp"
#include "bindings/python_object.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "counting/byte_counts.hpp"
#include "counting/count_values.hpp"
#include "counting/joint_histogram.hpp"
#include "counting/label_values.hpp"
#include "counting/ngrams.hpp"
#include "counting/rows.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using counting::Column;
using counting::Kind;
using counting::Rows;

// ---- Bytes

// Counts of `itemsize` planes: `out` or, if it is None, zeros.
Reference plane_counts(PyObject* out, std::size_t itemsize) {
  npy_intp shape[2] = {npy_intp(itemsize), npy_intp(counting::kByteValues)};
  if (out == Py_None) return Reference::checked(PyArray_ZEROS(2, shape, NPY_UINT64, 0));
  PyArrayObject* const array = out_argument(out, NPY_UINT64);
  require_shape(array, 2, shape);
  require_contiguous(array);
  return Reference::borrowed(out);
}

// By hand, because pybind11's own message for an argument that does not fit prints all the data.
py::object byte_counts(const py::object& data, const py::object& item_bytes,
                       const py::object& out) {
  const std::size_t itemsize = size_argument(item_bytes.ptr(), "itemsize", 1);
  const ByteBuffer bytes(data);
  const std::size_t items = whole_items(bytes.size(), itemsize, "data");
  Reference counts = plane_counts(out.ptr(), itemsize);
  auto* const numbers = static_cast<std::uint64_t*>(PyArray_DATA(counts.array()));
  std::size_t full;
  {
    const WithoutGil released(bytes.size());
    full = counting::checked_byte_counts(bytes.data(), items, itemsize, numbers);
  }
  if (full < itemsize * counting::kByteValues) {
    PyErr_Format(PyExc_OverflowError, "out[%zu, %zu] and what is added are more than 64 bits hold",
                 full / counting::kByteValues, full % counting::kByteValues);
    throw PythonError();
  }
  return py::reinterpret_steal<py::object>(counts.release());
}

py::array ngram_keys(const py::object& data, const py::object& length_object) {
  const std::size_t length = size_argument(length_object.ptr(), "length", 1, counting::kMaxNgram);
  const ByteBuffer bytes(data);
  if (bytes.size() < length)
    throw std::invalid_argument("data must not be shorter than a block, of " +
                                std::to_string(length) + " bytes");
  const auto key_size = counting::ngram_key_size(length);
  py::array keys(py::dtype("u" + std::to_string(key_size)), py::ssize_t(bytes.size() - length + 1));
  void* const out = keys.mutable_data();
  {
    const WithoutGil released(bytes.size());
    counting::ngram_keys(bytes.data(), bytes.size(), length, out);
  }
  return keys;
}

// ---- Values
//
// Arrays come as they can be read: contiguous, aligned, native. pyinfo/_samples/samples.py makes
// them so.

// Arrays of fewer elements are copied into memory of NumPy's own.
constexpr std::size_t kWorthKeeping = 4096;

// A one-dimensional array, of strings or of something that has keys.
class Samples {
 public:
  Samples(const py::object& object, const char* name) : name_(name) {
    if (!PyArray_Check(object.ptr())) throw py::type_error(name_ + " must be a NumPy array");
    array_ = py::reinterpret_borrow<py::array>(object);
    PyArrayObject* const array = reinterpret_cast<PyArrayObject*>(array_.ptr());
    if (PyArray_NDIM(array) != 1 || !PyArray_ISCARRAY_RO(array)) {
      throw py::value_error(name_ + " must have one dimension and be contiguous and native");
    }
    type_number_ = PyArray_TYPE(array);
    if (!is_strings() && !kind()) {
      throw py::type_error(name_ + " must hold integers, floats, dates or strings, not " +
                           py::str(array_.dtype()).cast<std::string>());
    }
  }

  std::size_t size() const { return std::size_t(array_.shape(0)); }
  bool is_strings() const noexcept {
    return type_number_ == NPY_STRING || type_number_ == NPY_UNICODE;
  }
  bool is_integers() const noexcept { return kind() == Kind::natural || kind() == Kind::integer; }
  Column column() const {
    const auto itemsize = static_cast<unsigned char>(array_.itemsize());
    return {array_.data(), size(), {*kind(), itemsize}};
  }
  Rows rows() const {
    return {static_cast<const unsigned char*>(array_.data()), size(),
            std::size_t(array_.itemsize()), type_number_ == NPY_UNICODE};
  }
  py::dtype dtype() const { return array_.dtype(); }
  // An array of that dtype for `size` different values.
  py::array values(std::size_t size) const {
    return py::array(array_.dtype(), py::array::ShapeContainer{py::ssize_t(size)});
  }
  const std::string& name() const noexcept { return name_; }

 private:
  std::optional<Kind> kind() const noexcept {
    switch (type_number_) {
      case NPY_BOOL:
      case NPY_UBYTE:
      case NPY_USHORT:
      case NPY_UINT:
      case NPY_ULONG:
      case NPY_ULONGLONG:
        return Kind::natural;
      case NPY_BYTE:
      case NPY_SHORT:
      case NPY_INT:
      case NPY_LONG:
      case NPY_LONGLONG:
        return Kind::integer;
      case NPY_HALF:
      case NPY_FLOAT:
      case NPY_DOUBLE:
        return Kind::floating;
      case NPY_DATETIME:
      case NPY_TIMEDELTA:
        return Kind::time;
      default:
        return std::nullopt;
    }
  }

  std::string name_;
  py::array array_;
  int type_number_ = 0;
};

template <class T>
const T* weights_of(const py::object& object, const Samples& samples) {
  const auto weights = py::reinterpret_borrow<py::array_t<T>>(object);
  if (weights.ndim() != 1 || !PyArray_ISCARRAY_RO(reinterpret_cast<PyArrayObject*>(weights.ptr())))
    throw std::invalid_argument("weights must have one dimension and be contiguous and native");
  require_same_length("weights", std::size_t(weights.shape(0)), samples.name().c_str(),
                      samples.size());
  return weights.data();
}

// An array that owns the buffer. What is much larger than its contents is not kept.
template <class T>
py::array array_of(memory::Buffer<T>&& buffer, std::size_t size, const py::dtype& dtype) {
  if (size < buffer.size() / 2 || size < kWorthKeeping)
    return py::array(dtype, py::ssize_t(size), buffer.data());
  auto* const type = reinterpret_cast<PyArray_Descr*>(py::dtype(dtype).release().ptr());
  return py::reinterpret_steal<py::array>(owned_array(std::move(buffer), size, type).release());
}

template <class Count>
py::tuple table_of(const Samples& samples, counting::ValueCounts<Count>&& table) {
  const counting::Type type = samples.column().type;
  py::array values;
  if (type.size == sizeof(counting::Key)) {
    counting::write_elements(table, type, table.keys.data());  // in place
    values = array_of(std::move(table.keys), table.size, samples.dtype());
  } else {
    values = samples.values(table.size);
    counting::write_elements(table, type, values.mutable_data());
  }
  return py::make_tuple(values,
                        array_of(std::move(table.counts), table.size, py::dtype::of<Count>()));
}

template <class Count>
py::tuple table_of(const Samples& samples, std::vector<counting::RowEntry<Count>>&& entries) {
  py::array values = samples.values(entries.size());
  py::array_t<Count> counts{py::ssize_t(entries.size())};
  counting::write_rows(samples.rows(), entries, static_cast<unsigned char*>(values.mutable_data()),
                       counts.mutable_data());
  return py::make_tuple(values, counts);
}

template <class... Weights>
py::tuple counted(const Samples& samples, Weights... weights) {
  if (samples.is_strings()) {
    const Rows rows = samples.rows();
    auto entries =
        without_gil(rows.size * rows.width, [&] { return counting::count_rows(rows, weights...); });
    return table_of(samples, std::move(entries));
  }
  const Column column = samples.column();
  auto entries =
      without_gil(column.size, [&] { return counting::count_values(column, weights...); });
  return table_of(samples, std::move(entries));
}

py::tuple count_values(const py::object& samples_object, const py::object& weights) {
  const Samples samples(samples_object, "samples");
  if (weights.is_none()) return counted(samples);
  if (py::isinstance<py::array_t<std::uint64_t>>(weights)) {
    return counted(samples, weights_of<std::uint64_t>(weights, samples));
  }
  if (py::isinstance<py::array_t<double>>(weights)) {
    return counted(samples, weights_of<double>(weights, samples));
  }
  throw py::type_error("weights must be a NumPy array of uint64 or float64");
}

py::tuple factorize(const py::object& samples_object) {
  const Samples samples(samples_object, "samples");
  py::array_t<std::uint32_t> codes{py::ssize_t(samples.size())};
  std::uint32_t* const out = codes.mutable_data();
  if (samples.is_strings()) {
    const Rows rows = samples.rows();
    auto entries =
        without_gil(rows.size * rows.width, [&] { return counting::count_rows(rows, out); });
    return py::make_tuple(codes) + table_of(samples, std::move(entries));
  }
  const Column column = samples.column();
  auto entries = without_gil(column.size, [&] { return counting::label_values(column, out); });
  return py::make_tuple(codes) + table_of(samples, std::move(entries));
}

// The element that a key stands for, as a Python integer.
py::object integer_of(const Samples& samples, counting::Key key) {
  py::array value = samples.values(1);
  counting::ValueCounts<std::uint64_t> table(1);
  table.append(key, 1);
  counting::write_elements(table, samples.column().type, value.mutable_data());
  return py::int_(value.attr("item")());
}

py::object joint_table(const py::object& x_object, const py::object& y_object) {
  const Samples x(x_object, "x"), y(y_object, "y");
  require_same_length("x", x.size(), "y", y.size());
  if (!x.is_integers() || !y.is_integers()) return py::none();
  const Column column_x = x.column(), column_y = y.column();
  auto table =
      without_gil(column_x.size, [&] { return counting::joint_histogram(column_x, column_y); });
  if (!table) return py::none();
  const std::size_t rows = table->rows, columns = table->columns;
  const py::array counts =
      array_of(std::move(table->counts), rows * columns, py::dtype::of<std::uint64_t>())
          .reshape({py::ssize_t(rows), py::ssize_t(columns)});
  return py::make_tuple(counts, integer_of(x, table->first_x), integer_of(y, table->first_y));
}

// ---- Documentation

constexpr const char* kByteCountsDoc = R"(Count the byte values of a buffer, per byte plane.

Parameters
----------
data : bytes-like
    Any C-contiguous buffer: bytes, memoryview, mmap, a NumPy array of any dtype without
    Python objects.
itemsize : int, default 1
    Size of the items in bytes. Plane k holds the bytes number k of all items, in memory order.
    The length of `data` must be a multiple of it.
out : ndarray of uint64, shape (itemsize, 256), optional
    Counts are added to this array instead of to zeros. It must not share memory with `data`,
    nor be used by another thread meanwhile: the GIL is released.

Returns
-------
ndarray of uint64, shape (itemsize, 256)
    Element (k, v) says how many items have the value v as their byte number k. `out` if given.

Raises
------
OverflowError
    If a sum is 2**64 or more; `out` is then as it was.
)";

constexpr const char* kCountValuesDoc = R"(Count the different values of an array.

Parameters
----------
samples : ndarray, one-dimensional, contiguous, aligned and native
    Integers, bool, float16 to float64, dates and durations, or strings of fixed width. All NaNs are
    one value, so are both zeros, and so are all NaTs.
weights : ndarray of uint64 or float64, optional
    How many times each sample counts. They are added in the order of the samples.

Returns
-------
values : ndarray
    The different values in their order, NaN and NaT last. Those whose weights sum to zero are left
    out.
counts : ndarray of uint64, or of float64 for such weights
    How often each of them occurs.
)";

constexpr const char* kFactorizeDoc = R"(Say which of the different values each sample is.

Parameters
----------
samples : ndarray
    As for `count_values`.

Returns
-------
codes : ndarray of uint32
    ``values[codes]`` are the samples.
values, counts : ndarray
    As `count_values` returns them.
)";

constexpr const char* kJointTableDoc = R"(Count pairs of integers where both have a small range.

Parameters
----------
x, y : ndarray of integers or bool, of one length
    As for `count_values`.

Returns
-------
table : ndarray of uint64
    Element (i, j) says how often the pair (first_x + i, first_y + j) occurs. The first and the last
    row and column are not all zeros; others may be.
first_x, first_y : int
    The smallest x and the smallest y. In the place of all three there is None if x or y are no
    integers, there are none, or the table would be much larger than they are many.
)";

}  // namespace

void bind_counting(py::module_& m) {
  m.def("byte_counts", &byte_counts, py::arg("data"), py::arg("itemsize") = 1,
        py::arg("out") = py::none(), kByteCountsDoc);
  m.def("ngram_keys", &ngram_keys, py::arg("data"), py::arg("length"),
        "Overlapping blocks of bytes as big-endian numbers, in the smallest unsigned type.");
  m.def("count_values", &count_values, py::arg("samples"), py::arg("weights") = py::none(),
        kCountValuesDoc);
  m.def("factorize", &factorize, py::arg("samples"), kFactorizeDoc);
  m.def("joint_table", &joint_table, py::arg("x"), py::arg("y"), kJointTableDoc);
}

}  // namespace pyinfo::bindings
