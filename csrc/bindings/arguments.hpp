// What the arguments of Python functions mean, and the sentences about those that are wrong.
//
// A null object is an argument that was not given. Every function throws TypeError or
// std::invalid_argument naming the argument, or PythonError with what Python code raised.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "bindings/python_object.hpp"

namespace pyinfo::bindings {

// ---- Text for such sentences

// str(object).
std::string text_of(PyObject* object);
// The shortest text that is this number: 2 and 0.1.
std::string number_text(double value);
// "int" for 3; without quotes.
std::string type_name(PyObject* object);

// ---- Numbers of arguments

// TypeError in the words of Python itself.
[[noreturn]] void refuse_argument_count(const char* function, Py_ssize_t wanted, Py_ssize_t given);

// ---- Numbers

double real_argument(PyObject* object, const char* name);

// What __index__ returns; `what` says what else would have been right.
Reference index_argument(PyObject* object, const char* what);

// An integer from `least` to `most`; without a limit if that is kNoLimit.
inline constexpr std::size_t kNoLimit = std::size_t(PY_SSIZE_T_MAX);
std::size_t size_argument(PyObject* object, const char* name, std::size_t least,
                          std::size_t most = kNoLimit);

// ---- Arguments that many functions have

// The base of the logarithm: positive, finite and not 1; 2 if not given.
double base_argument(PyObject* object);

// The order of an entropy or divergence, which must be given: at least 0, infinity included.
double alpha_argument(PyObject* object);

// How many threads may work; 1 if not given, and 0 is replaced by the number of cores.
int threads_argument(PyObject* object);

// Weights of a mixture of p and q: non-negative, of sum 1. Unchanged if not given or None.
void weights_argument(PyObject* object, double& p, double& q);

// None and not given are std::nullopt: the default depends on the data.
std::optional<bool> normalize_argument(PyObject* object);

// The truth of any object; false if not given.
bool flag_argument(PyObject* object);

// One of `dimensions` axes; negative ones count from the last.
int axis_argument(PyObject* object, int dimensions);

// Marks, in `dimensions` flags, the axes that are summed over: one, several, all if None, the last
// if not given.
void axes_argument(PyObject* object, int dimensions, bool* reduced);

// ---- Sizes of data

// `axis` says along which axis, if not negative.
void require_not_empty(std::size_t size, const char* name, int axis = -1);

void require_same_length(const char* a_name, std::size_t a, const char* b_name, std::size_t b);

// How many items of that size the bytes of `name` hold: a whole number.
std::size_t whole_items(std::size_t bytes, std::size_t itemsize, const char* name);

}  // namespace pyinfo::bindings
