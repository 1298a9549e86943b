// One function per area of the library; module.cpp calls them.
#pragma once

#include <pybind11/pybind11.h>

namespace pyinfo::bindings {

void bind_abi(pybind11::module_& m);
void bind_arrays(pybind11::module_& m);
void bind_blocks(pybind11::module_& m);
void bind_coding(pybind11::module_& m);
void bind_config(pybind11::module_& m);
void bind_counting(pybind11::module_& m);
void bind_dependence(pybind11::module_& m);
void bind_frames(pybind11::module_& m);
void bind_measures(pybind11::module_& m);
void bind_tables(pybind11::module_& m);

}  // namespace pyinfo::bindings
