#include "bindings/plain_lists.hpp"

#include <algorithm>

#include "bindings/owned_array.hpp"

namespace pyinfo::bindings {
namespace {

bool is_plain(PyObject* object) noexcept {
  return PyList_CheckExact(object) || PyTuple_CheckExact(object);
}

// No code of Python's runs while a list is read, and where there is no GIL, the list is locked. Its
// size is asked for each time nevertheless.
class Items {
 public:
  explicit Items(PyObject* sequence) noexcept : sequence_(sequence) {
#ifdef Py_GIL_DISABLED
    PyCriticalSection_Begin(&section_, sequence);
#endif
  }
  ~Items() {
#ifdef Py_GIL_DISABLED
    PyCriticalSection_End(&section_);
#endif
  }
  Items(const Items&) = delete;
  Items& operator=(const Items&) = delete;

  Py_ssize_t size() const noexcept { return PySequence_Fast_GET_SIZE(sequence_); }
  PyObject* operator[](Py_ssize_t i) const noexcept {
    return PySequence_Fast_GET_ITEM(sequence_, i);
  }
  PyObject* const* all() const noexcept { return PySequence_Fast_ITEMS(sequence_); }

 private:
  PyObject* sequence_;
#ifdef Py_GIL_DISABLED
  PyCriticalSection section_;
#endif
};

// One of Python's own integers, if it fits.
bool read_integer(PyObject* item, std::int64_t& value) noexcept {
  if (!PyLong_CheckExact(item)) return false;
  int overflow = 0;
  value = PyLong_AsLongLongAndOverflow(item, &overflow);
  return overflow == 0;
}
bool read_integer(PyObject* item, std::int32_t& value) noexcept {
  if (!PyLong_CheckExact(item)) return false;
  const auto* const integer = reinterpret_cast<const PyLongObject*>(item);
  // Of one digit, which has at most 30 bits: without a call.
#if PY_VERSION_HEX >= 0x030c0000
  if (PyUnstable_Long_IsCompact(integer)) {
    value = static_cast<std::int32_t>(PyUnstable_Long_CompactValue(integer));
    return true;
  }
#else
  const Py_ssize_t digits = Py_SIZE(item);
  if (digits >= -1 && digits <= 1) {
    value = static_cast<std::int32_t>(digits) * static_cast<std::int32_t>(integer->ob_digit[0]);
    return true;
  }
#endif
  std::int64_t whole = 0;
  if (!read_integer(item, whole)) return false;
  value = static_cast<std::int32_t>(whole);
  return value == whole;
}

void prefetch([[maybe_unused]] const void* p) noexcept {
#if defined(__GNUC__)
  __builtin_prefetch(p);
#endif
}

// Reads n elements from the first on, if all of them can be.
bool read_integers(const Items& items, std::int32_t* out, Py_ssize_t n) noexcept {
  constexpr Py_ssize_t ahead = 24;  // integers are anywhere in memory
  PyObject* const* const from = items.all();
  const Py_ssize_t last = n - std::min(n, ahead);
  Py_ssize_t i = 0;
  for (; i < last; ++i) {
    prefetch(from[i + ahead]);
    if (!read_integer(from[i], out[i])) return false;
  }
  for (; i < n; ++i)
    if (!read_integer(from[i], out[i])) return false;
  return true;
}

// An array of int32 without values that is not kept for long: fresh memory would take longer than
// to read a list does.
Reference passing_vector(std::size_t n) {
  return owned_array(memory::Buffer<std::int32_t>(n), n, PyArray_DescrFromType(NPY_INT32));
}

// An array of the elements that `read(item, element)` takes, all of them, or none.
template <class Element, class Read>
Reference array_of(const Items& items, int type, Read read) {
  npy_intp n = items.size();
  Reference array = Reference::checked(PyArray_SimpleNew(1, &n, type));
  Element* const out = static_cast<Element*>(PyArray_DATA(array.array()));
  for (npy_intp i = 0; i < n; ++i)
    if (i >= items.size() || !read(items[i], out[i])) return Reference();
  return array;
}

Reference text_of_one_width(const Items& items) {
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
  if (!is_plain(object)) return Reference();
  const Items items(object);
  if (items.size() == 0) return Reference();
  if (PyLong_CheckExact(items[0])) {
    return array_of<std::int64_t>(items, NPY_INT64, [](PyObject* item, std::int64_t& element) {
      return read_integer(item, element);
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

Reference int32_vector(PyObject* object) {
  if (!is_plain(object)) return Reference();
  const Items items(object);
  const npy_intp n = items.size();
  Reference array = passing_vector(std::size_t(n));
  auto* const out = static_cast<std::int32_t*>(PyArray_DATA(array.array()));
  return n == items.size() && read_integers(items, out, n) ? std::move(array) : Reference();
}

Reference list_of(const std::int32_t* values, std::size_t n) {
  Reference list = Reference::checked(PyList_New(static_cast<Py_ssize_t>(n)));
  // Most values come again: of a number that the list has already, the same object. The list keeps
  // it alive.
  constexpr std::size_t kKnown = 1024;
  PyObject* known[kKnown] = {};
  std::int32_t value_of[kKnown];
  for (std::size_t i = 0; i < n; ++i) {
    const std::int32_t value = values[i];
    const std::size_t slot = static_cast<std::uint32_t>(value) % kKnown;
    if (known[slot] == nullptr || value_of[slot] != value) {
      known[slot] = PyLong_FromLong(value);
      if (known[slot] == nullptr) throw PythonError();
      value_of[slot] = value;
    } else {
      Py_INCREF(known[slot]);
    }
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), known[slot]);
  }
  return list;
}

template <class Step>
bool PlainRows::each_row(PyObject* rows, std::size_t count, const Step& step) {
  if (!is_plain(rows)) return false;
  const Reference all = Reference::checked(PySequence_Tuple(rows));
  if (std::size_t(PyTuple_GET_SIZE(all.get())) != count) return false;
  for (std::size_t k = 0; k < count; ++k) {
    PyObject* const row = PyTuple_GET_ITEM(all.get(), Py_ssize_t(k));
    if (!is_plain(row) || !step(row, k)) return false;
  }
  return true;
}

std::optional<PlainRows> PlainRows::read(PyObject* rows, const std::int32_t* sizes,
                                         std::size_t count, std::vector<std::int32_t>& elements) {
  PlainRows found;
  const bool are_plain = each_row(rows, count, [&](PyObject* row, std::size_t k) {
    if (sizes[k] < 0) return false;
    found.copies_.push_back(Reference::checked(PySequence_GetSlice(row, 0, sizes[k])));
    const Items items(found.copies_.back().get());
    if (items.size() != sizes[k]) return false;
    const std::size_t first = elements.size();
    elements.resize(first + std::size_t(items.size()));
    return read_integers(items, elements.data() + first, items.size());
  });
  if (!are_plain) return std::nullopt;
  return found;
}

bool PlainRows::are_of(PyObject* rows) const {
  return each_row(rows, copies_.size(), [&](PyObject* row, std::size_t k) {
    const Items items(row);
    PyObject* const copy = copies_[k].get();
    const Py_ssize_t n = PySequence_Fast_GET_SIZE(copy);
    return items.size() >= n &&
           std::equal(items.all(), items.all() + n, PySequence_Fast_ITEMS(copy));
  });
}

}  // namespace pyinfo::bindings
