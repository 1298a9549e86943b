// What each room of the library gives to Python; module.cpp calls them all.
#pragma once

#include <pybind11/pybind11.h>

namespace pyinfo::bindings {

void bind_abi(pybind11::module_& m);
void bind_allocation(pybind11::module_& m);
void bind_arguments(pybind11::module_& m);
void bind_calibration(pybind11::module_& m);
void bind_checksums(pybind11::module_& m);
void bind_counting(pybind11::module_& m);
void bind_dependence(pybind11::module_& m);
void bind_entropy_models(pybind11::module_& m);
void bind_frames(pybind11::module_& m);
void bind_learned_streams(pybind11::module_& m);
void bind_logits(pybind11::module_& m);
void bind_measures(pybind11::module_& m);
void bind_messages(pybind11::module_& m);
void bind_neighbours(pybind11::module_& m);
void bind_patches(pybind11::module_& m);
void bind_quantization(pybind11::module_& m);
void bind_serial(pybind11::module_& m);
void bind_simd(pybind11::module_& m);

}  // namespace pyinfo::bindings
