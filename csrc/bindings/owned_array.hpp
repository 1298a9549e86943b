// Arrays on memory that was allocated without NumPy.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "bindings/numpy.hpp"
#include "bindings/python_object.hpp"
#include "memory/buffer.hpp"

namespace pyinfo::bindings {

// An array of one dimension that owns the buffer, of its first elements; `type` is taken over.
// Throws PythonError.
template <class T>
Reference owned_array(memory::Buffer<T>&& buffer, std::size_t size, PyArray_Descr* type) {
  using Memory = memory::Buffer<T>;
  npy_intp n = npy_intp(size);
  Reference descr = Reference::checked(reinterpret_cast<PyObject*>(type));
  auto memory = std::make_unique<Memory>(std::move(buffer));
  static_cast<void>(descr.release());  // by the call, also if it fails
  Reference array = Reference::checked(PyArray_NewFromDescr(
      &PyArray_Type, type, 1, &n, nullptr, memory->data(), NPY_ARRAY_CARRAY, nullptr));
  Reference owner = Reference::checked(PyCapsule_New(memory.get(), nullptr, [](PyObject* capsule) {
    delete static_cast<Memory*>(PyCapsule_GetPointer(capsule, nullptr));
  }));
  static_cast<void>(memory.release());
  if (PyArray_SetBaseObject(array.array(), owner.release()) != 0) throw PythonError();
  return array;
}

}  // namespace pyinfo::bindings
