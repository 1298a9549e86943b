// Arguments that are plain bytes, whatever object holds them.
#pragma once

#include <pybind11/pybind11.h>

#include <cstddef>
#include <stdexcept>
#include <string>

#include "bindings/arguments.hpp"
#include "bindings/arrays.hpp"
#include "bindings/dlpack.hpp"

namespace pyinfo::bindings {

// Any C-contiguous buffer as plain bytes. No format is asked for, so that arrays of dtypes which
// the buffer protocol has no letter for (datetime64, bfloat16) are read as well. Tensors that know
// DLPack alone are read, too.
class ByteBuffer {
 public:
  // TypeError or std::invalid_argument naming the argument.
  explicit ByteBuffer(pybind11::handle object, const char* name = "data") {
    // First, since JAX's buffers are not those of all its types. A subclass may have a mask.
    if (PyArray_Check(object.ptr())
            ? !PyArray_CheckExact(object.ptr())
            : !PyBytes_CheckExact(object.ptr()) && speaks_dlpack(object.ptr())) {
      array_ = borrow(object.ptr(), name).array;
      object = array_.get();
    }
    if (!PyObject_CheckBuffer(object.ptr()))
      throw TypeError(std::string(name) + " must support the buffer protocol, not " +
                      type_name(object.ptr()));
    if (PyArray_Check(object.ptr()) &&
        PyDataType_REFCHK(PyArray_DESCR(reinterpret_cast<PyArrayObject*>(object.ptr()))))
      throw TypeError(std::string(name) + " holds Python objects, not data");
    if (PyObject_GetBuffer(object.ptr(), &view_, PyBUF_SIMPLE) == 0) return;
    if (!PyErr_ExceptionMatches(PyExc_BufferError) && !PyErr_ExceptionMatches(PyExc_ValueError))
      throw PythonError();
    PyErr_Clear();
    throw std::invalid_argument(std::string(name) + " must be a C-contiguous buffer");
  }
  ~ByteBuffer() { PyBuffer_Release(&view_); }
  ByteBuffer(const ByteBuffer&) = delete;
  ByteBuffer& operator=(const ByteBuffer&) = delete;

  const unsigned char* data() const noexcept {
    return static_cast<const unsigned char*>(view_.buf);
  }
  std::size_t size() const noexcept { return std::size_t(view_.len); }

 private:
  Reference array_;  // over the memory of a tensor
  Py_buffer view_{};
};

}  // namespace pyinfo::bindings
