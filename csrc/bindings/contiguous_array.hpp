// Arguments that are read as C arrays.
#pragma once

#include <pybind11/numpy.h>

namespace pyinfo::bindings {

// pybind11 itself takes arrays whose elements stand where none of C's may.
inline constexpr int kContiguous =
    pybind11::array::c_style | pybind11::detail::npy_api::NPY_ARRAY_ALIGNED_;

// An array of that type in C order, or what is made of one that is not.
template <class T>
using ContiguousArray = pybind11::array_t<T, kContiguous | pybind11::array::forcecast>;

// The same of any type.
inline pybind11::array contiguous(const pybind11::array& array) {
  return pybind11::array::ensure(array, kContiguous);
}

}  // namespace pyinfo::bindings
