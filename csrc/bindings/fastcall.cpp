#include "bindings/fastcall.hpp"

#include "bindings/arguments.hpp"

namespace pyinfo::bindings {
namespace {

constexpr const char* kNames[kParameterCount] = {"p",
                                                 "q",
                                                 "alpha",
                                                 "weights",
                                                 "base",
                                                 "axis",
                                                 "keepdims",
                                                 "normalize",
                                                 "out",
                                                 "threads",
                                                 "logits",
                                                 "labels",
                                                 "p_logits",
                                                 "q_logits",
                                                 "weight",
                                                 "ignore_index",
                                                 "label_smoothing",
                                                 "reduction",
                                                 "z_loss",
                                                 "temperature",
                                                 "grad"};
PyObject* interned[kParameterCount];

// The parameter a keyword names, kParameterCount if none.
int find(const Signature& signature, PyObject* keyword) noexcept {
  for (int i = 0; i < signature.count; ++i)
    if (keyword == interned[signature.parameters[i]]) return signature.parameters[i];
  for (int i = 0; i < signature.count; ++i)
    if (PyUnicode_Compare(keyword, interned[signature.parameters[i]]) == 0)
      return signature.parameters[i];
  return kParameterCount;
}

std::string text(PyObject* keyword) {
  const char* const text = PyUnicode_AsUTF8(keyword);
  if (text == nullptr) throw PythonError();
  return text;
}

}  // namespace

void intern_parameter_names() {
  for (int i = 0; i < kParameterCount; ++i) {
    if (interned[i] == nullptr)
      interned[i] = Reference::checked(PyUnicode_InternFromString(kNames[i])).release();
  }
}

void Signature::parse(PyObject* const* args, Py_ssize_t given, PyObject* keywords,
                      Arguments& arguments) const {
  for (PyObject*& argument : arguments) argument = nullptr;
  if (given > positional) refuse_argument_count(function, positional, given);
  for (Py_ssize_t i = 0; i < given; ++i) arguments[parameters[i]] = args[i];
  const Py_ssize_t named = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
  for (Py_ssize_t k = 0; k < named; ++k) {
    PyObject* const keyword = PyTuple_GET_ITEM(keywords, k);
    const int parameter = find(*this, keyword);
    if (parameter == kParameterCount)
      throw TypeError(std::string(function) + "() got an unexpected keyword argument '" +
                      text(keyword) + "'");
    if (arguments[parameter] != nullptr)
      throw TypeError(std::string(function) + "() got multiple values for argument '" +
                      kNames[parameter] + "'");
    arguments[parameter] = args[given + k];
  }
  for (int i = 0; i < positional; ++i) {
    if (arguments[parameters[i]] == nullptr)
      throw TypeError(std::string(function) + "() missing required argument '" +
                      kNames[parameters[i]] + "'");
  }
}

}  // namespace pyinfo::bindings
