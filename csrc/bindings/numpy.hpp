// NumPy's C interface, included the same way everywhere; arrays.cpp imports it.
#pragma once

#include <Python.h>

#define PY_ARRAY_UNIQUE_SYMBOL pyinfo_numpy_api
#ifndef PYINFO_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
