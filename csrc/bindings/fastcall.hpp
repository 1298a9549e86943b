// Arguments of METH_FASTCALL | METH_KEYWORDS functions.
#pragma once

#include <Python.h>

#include <string>

#include "bindings/arrays.hpp"

namespace pyinfo::bindings {

// Every parameter that some such function has; a call's arguments are filed under these.
enum Parameter : unsigned char {
  kP,
  kQ,
  kAlpha,
  kWeights,
  kBase,
  kAxis,
  kKeepdims,
  kNormalize,
  kOut,
  kThreads,
  kLogits,
  kLabels,
  kPLogits,
  kQLogits,
  kWeight,
  kIgnoreIndex,
  kLabelSmoothing,
  kReduction,
  kZLoss,
  kTemperature,
  kGrad,
  kParameterCount,
};

// Borrowed references; null where an argument was not given.
using Arguments = PyObject* [kParameterCount];

// Once, before the first call: keyword names then compare by address.
void intern_parameter_names();

// A function's parameters: the first `positional` ones may be given by position and are required,
// the others are keyword-only.
struct Signature {
  const char* function;
  int positional;
  int count;
  Parameter parameters[kParameterCount];

  void parse(PyObject* const* args, Py_ssize_t given, PyObject* keywords,
             Arguments& arguments) const;
};

}  // namespace pyinfo::bindings
