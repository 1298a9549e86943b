// What results are written to: new arrays and bytes, and those that callers give.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>

#include "bindings/python_object.hpp"
#include "memory/page_cache.hpp"

namespace pyinfo::bindings {

// `out` as a writable array of that type (in the machine's byte order, as the type says), of the
// caller's. TypeError or std::invalid_argument; so are those of the others.
PyArrayObject* out_argument(PyObject* out, PyArray_Descr* type);
PyArrayObject* out_argument(PyObject* out, int type);
void require_shape(PyArrayObject* out, int dimensions, const npy_intp* shape);
void require_contiguous(PyArrayObject* out);
// `name` is the argument whose bytes these are.
void require_apart(const void* out, std::size_t out_size, const void* data, std::size_t size,
                   const char* name);

// A new array for results, or `out` if it fits (null and None: not given).
Reference result_array(PyObject* out, int dimensions, const npy_intp* shape, bool float32);

// True if writing to `out` could change what is read from `array`.
bool may_overlap(PyArrayObject* out, PyArrayObject* array) noexcept;

// A NumPy or Python scalar: float32, or float.
PyObject* scalar(double value, bool float32) noexcept;

// A bytes object that is written into before anybody else sees it, and cut to what was written.
class NewBytes {
 public:
  explicit NewBytes(std::size_t most)
      : object_(PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(most))) {
    if (object_ == nullptr) throw pybind11::error_already_set();
    use_huge_pages();
  }
  ~NewBytes() { Py_XDECREF(object_); }
  NewBytes(const NewBytes&) = delete;
  NewBytes& operator=(const NewBytes&) = delete;

  unsigned char* data() noexcept {
    return reinterpret_cast<unsigned char*>(PyBytes_AS_STRING(object_));
  }
  std::size_t size() const noexcept { return static_cast<std::size_t>(PyBytes_GET_SIZE(object_)); }
  // Keeps what has been written so far.
  void resize(std::size_t most) {
    cut(most);
    use_huge_pages();
  }
  pybind11::bytes finish(std::size_t size) {
    cut(size);
    PyObject* const object = object_;
    object_ = nullptr;
    return pybind11::reinterpret_steal<pybind11::bytes>(object);
  }

 private:
  void cut(std::size_t size) {
    // An empty one is a constant that everybody shares: it is not to be resized.
    if (this->size() == 0 && size > 0) {
      Py_SETREF(object_, PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size)));
    } else if (this->size() != size) {
      _PyBytes_Resize(&object_, static_cast<Py_ssize_t>(size));
    }
    if (object_ == nullptr) throw pybind11::error_already_set();
  }

  // As NumPy does for its arrays: the first write to fresh memory costs as much as coding does.
  void use_huge_pages() noexcept {
    if (size() >= 2 * memory::kHugePage) memory::advise_huge_pages(data(), size());
  }

  PyObject* object_;
};

// A C-contiguous buffer that may be written to.
class WritableBuffer {
 public:
  WritableBuffer(PyObject* object, const char* name) {
    if (PyObject_GetBuffer(object, &view_, PyBUF_WRITABLE) == 0) return;
    PyErr_Clear();
    throw std::invalid_argument(std::string(name) + " must be a C-contiguous, writable buffer");
  }
  ~WritableBuffer() { PyBuffer_Release(&view_); }
  WritableBuffer(const WritableBuffer&) = delete;
  WritableBuffer& operator=(const WritableBuffer&) = delete;

  unsigned char* data() const noexcept { return static_cast<unsigned char*>(view_.buf); }
  std::size_t size() const noexcept { return static_cast<std::size_t>(view_.len); }

 private:
  Py_buffer view_{};
};

}  // namespace pyinfo::bindings
