// Losses of logits as Python functions: raw METH_FASTCALL entries, as those of the measures.
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "bindings/arguments.hpp"
#include "bindings/fastcall.hpp"
#include "bindings/gil.hpp"
#include "bindings/logit_arguments.hpp"
#include "bindings/logit_docs.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"

namespace pyinfo::bindings {
namespace {

// Rows whose results and labels need no memory of their own.
constexpr std::size_t kFewRows = 16;
template <class T>
using FewRows = memory::SmallBuffer<T, kFewRows>;

std::size_t work(const LogitRows& logits) noexcept {
  return logits.rows().count() * logits.rows().classes();
}

// An array of one double for each row, in the place or the shape of what is returned.
PyObject* each_value(const double* values, const LogitRows& logits, PyObject* out) {
  const int dimensions = logits.outer_dimensions();
  const npy_intp* const shape = logits.outer_shape();
  const bool given = out != nullptr && out != Py_None;
  if (dimensions == 0 && !given) return scalar(values[0], logits.float_result());
  const Reference source = Reference::checked(PyArray_SimpleNewFromData(
      dimensions, const_cast<npy_intp*>(shape), NPY_DOUBLE, const_cast<double*>(values)));
  Reference result = result_array(out, dimensions, shape, logits.float_result());
  if (PyArray_CopyInto(result.array(), source.array()) < 0) throw PythonError();
  return result.release();
}

// The reduced values; `divisor` is what a mean is divided by, and 0 / 0 is 0.
PyObject* reduced(const double* values, const LogitRows& logits, Reduction reduction,
                  double divisor, PyObject* out) {
  if (reduction == Reduction::none) return each_value(values, logits, out);
  double value = logits::sum(values, logits.rows().count());
  if (reduction == Reduction::mean) value = divisor == 0 ? 0 : value / divisor;
  if (out == nullptr || out == Py_None) return scalar(value, logits.float_result());
  Reference result = result_array(out, 0, nullptr, logits.float_result());
  const Reference source =
      Reference::checked(PyArray_SimpleNewFromData(0, nullptr, NPY_DOUBLE, &value));
  if (PyArray_CopyInto(result.array(), source.array()) < 0) throw PythonError();
  return result.release();
}

// `out` before anything is computed or written.
void check_out(PyObject* out, const LogitRows& logits, Reduction reduction) {
  if (out == nullptr || out == Py_None) return;
  const bool whole = reduction == Reduction::none;
  result_array(out, whole ? logits.outer_dimensions() : 0, whole ? logits.outer_shape() : nullptr,
               logits.float_result());
}

double gradient_scale(Reduction reduction, double divisor) noexcept {
  if (reduction != Reduction::mean) return 1;
  return divisor == 0 ? 0 : 1 / divisor;
}

// ---- cross-entropy

// Whether labels are distributions: floats of the shape of the logits.
bool are_targets(const Input& labels, const LogitRows& logits) {
  const bool whole = PyArray_SAMESHAPE(labels.get(), logits.given());
  if (!labels.is_count()) {
    if (whole) return true;
    throw TypeError("labels must be integers of shape " +
                    shape_text(logits.outer_dimensions(), logits.outer_shape()) +
                    ", or floats of shape " + shape_text(logits.given()) +
                    " that are distributions, not floats of shape " + shape_text(labels.get()));
  }
  if (labels.dimensions() != logits.outer_dimensions() ||
      !PyArray_CompareLists(PyArray_DIMS(labels.get()), logits.outer_shape(), labels.dimensions()))
    throw std::invalid_argument("labels must have shape " +
                                shape_text(logits.outer_dimensions(), logits.outer_shape()) +
                                ", as the rows of the logits, not " + shape_text(labels.get()) +
                                (whole ? ": distributions must be floats" : ""));
  return false;
}

// Copies the labels; or returns the targets, if they are distributions.
std::unique_ptr<LogitRows> read_labels_or_targets(const Arguments& arguments, const LogitRows& x,
                                                  std::int64_t* to) {
  PyObject* const ignore_index = arguments[kIgnoreIndex];
  if (read_single_label(arguments[kLabels], x, ignore_index, to)) return nullptr;
  const Input labels = as_input(arguments[kLabels], "labels");
  if (are_targets(labels, x)) return std::make_unique<LogitRows>(labels, x);
  read_labels_argument(labels, x, ignore_index, to);
  return nullptr;
}

logits::Targets targets_argument(PyObject* normalize) {
  const std::optional<bool> given = normalize_argument(normalize);
  if (!given) return logits::Targets::distributions;
  return *given ? logits::Targets::divided : logits::Targets::as_is;
}

const char* wrong_target(logits::Targets kind) noexcept {
  switch (kind) {
    case logits::Targets::divided:
      return " of labels must be non-negative and have a positive sum";
    case logits::Targets::as_is:
      return " of labels must be non-negative";
    default:
      return " of labels is no distribution: it must be non-negative and sum to 1";
  }
}

std::size_t run(const logits::CrossEntropy& of, logits::Results& results, Reduction reduction,
                double& divisor, std::size_t size) {
  return without_gil(size, [&] {
    divisor = logits::total_weight(of);
    results.scale = gradient_scale(reduction, divisor);
    return logits::cross_entropy(of, results);
  });
}

PyObject* cross_entropy(PyObject*, PyObject* const* args, Py_ssize_t given,
                        PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {
        "cross_entropy",
        2,
        13,
        {kLogits, kLabels, kGrad, kWeight, kIgnoreIndex, kLabelSmoothing, kReduction, kZLoss, kBase,
         kOut, kAxis, kThreads, kNormalize}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const LogitRows x(arguments[kLogits], "logits", arguments[kAxis]);
    const Reduction reduction = reduction_argument(arguments[kReduction], Reduction::mean);
    const std::size_t rows = x.rows().count();

    logits::CrossEntropy of{x.rows()};
    of.smoothing = share_argument(arguments[kLabelSmoothing], "label_smoothing", 1);
    of.z_loss =
        share_argument(arguments[kZLoss], "z_loss", std::numeric_limits<double>::infinity());
    of.kind = targets_argument(arguments[kNormalize]);
    FewRows<std::int64_t> own_labels(rows);
    const auto targets = read_labels_or_targets(arguments, x, own_labels.data());
    if (targets != nullptr)
      of.targets = &targets->rows();
    else
      of.labels = own_labels.data();
    const bool weighted = arguments[kWeight] != nullptr && arguments[kWeight] != Py_None;
    FewRows<double> weight(weighted ? x.rows().classes() : 0);
    if (weighted) {
      weight_argument(arguments[kWeight], x.rows().classes(), weight.data());
      of.weight = weight.data();
    }
    check_out(arguments[kOut], x, reduction);
    const LogitRows* const read[2] = {&x, targets.get()};
    WrittenRows gradient(grad_argument(arguments[kGrad], x), x.axis(), x.type(), read,
                         targets == nullptr ? 1 : 2);
    FewRows<double> values(rows);
    logits::Results results;
    results.values = values.data();
    results.gradient = gradient.rows();
    results.unit = nat_argument(arguments[kBase]);
    results.threads = threads_argument(arguments[kThreads]);
    double divisor = 0;
    const std::size_t wrong = run(of, results, reduction, divisor, work(x));
    if (wrong != logits::kNoRow)
      throw std::invalid_argument("row " + std::to_string(wrong) + wrong_target(of.kind));
    gradient.finish();
    return reduced(values.data(), x, reduction, divisor, arguments[kOut]);
  });
}

// ---- entropy and divergences

// What they have in common: compute(results) fills the values, and the gradient in `x`.
template <class Compute>
PyObject* mean_of_rows(const LogitRows& x, const LogitRows& other, const Arguments& arguments,
                       Reduction otherwise, const Compute& compute) {
  const Reduction reduction = reduction_argument(arguments[kReduction], otherwise);
  const std::size_t rows = x.rows().count();
  check_out(arguments[kOut], x, reduction);
  const LogitRows* const read[2] = {&x, &other};
  WrittenRows gradient(grad_argument(arguments[kGrad], x), x.axis(), x.type(), read, 2);
  FewRows<double> values(rows);
  logits::Results results;
  results.values = values.data();
  results.gradient = gradient.rows();
  results.unit = nat_argument(arguments[kBase]);
  results.scale = gradient_scale(reduction, double(rows));
  results.threads = threads_argument(arguments[kThreads]);
  without_gil(work(x), [&] { compute(results); });
  gradient.finish();
  return reduced(values.data(), x, reduction, double(rows), arguments[kOut]);
}

PyObject* kl_divergence(PyObject*, PyObject* const* args, Py_ssize_t given,
                        PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {
        "kl_divergence",
        2,
        9,
        {kPLogits, kQLogits, kTemperature, kReduction, kGrad, kBase, kOut, kAxis, kThreads}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const LogitRows p(arguments[kPLogits], "p_logits", arguments[kAxis]);
    const LogitRows q(arguments[kQLogits], "q_logits", p);
    const double temperature = temperature_argument(arguments[kTemperature]);
    return mean_of_rows(q, p, arguments, Reduction::mean, [&](const logits::Results& results) {
      logits::kl_divergence(p.rows(), q.rows(), temperature, results);
    });
  });
}

PyObject* js_divergence(PyObject*, PyObject* const* args, Py_ssize_t given,
                        PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {"js_divergence",
                                            2,
                                            10,
                                            {kPLogits, kQLogits, kWeights, kTemperature, kReduction,
                                             kGrad, kBase, kOut, kAxis, kThreads}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const LogitRows p(arguments[kPLogits], "p_logits", arguments[kAxis]);
    const LogitRows q(arguments[kQLogits], "q_logits", p);
    const double temperature = temperature_argument(arguments[kTemperature]);
    double weight_p = 0.5, weight_q = 0.5;
    weights_argument(arguments[kWeights], weight_p, weight_q);
    return mean_of_rows(q, p, arguments, Reduction::mean, [&](const logits::Results& results) {
      logits::js_divergence(p.rows(), q.rows(), temperature, weight_p, weight_q, results);
    });
  });
}

PyObject* entropy(PyObject*, PyObject* const* args, Py_ssize_t given, PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {
        "entropy", 1, 8, {kLogits, kTemperature, kReduction, kGrad, kBase, kOut, kAxis, kThreads}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const LogitRows x(arguments[kLogits], "logits", arguments[kAxis]);
    const double temperature = temperature_argument(arguments[kTemperature]);
    return mean_of_rows(x, x, arguments, Reduction::none, [&](const logits::Results& results) {
      logits::entropy(x.rows(), temperature, results);
    });
  });
}

// ---- of single rows

PyObject* logsumexp(PyObject*, PyObject* const* args, Py_ssize_t given,
                    PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {"logsumexp", 1, 4, {kLogits, kOut, kAxis, kThreads}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const LogitRows x(arguments[kLogits], "logits", arguments[kAxis]);
    check_out(arguments[kOut], x, Reduction::none);
    FewRows<double> values(x.rows().count());
    const int threads = threads_argument(arguments[kThreads]);
    without_gil(work(x), [&] { logits::logsumexp(x.rows(), values.data(), threads); });
    return each_value(values.data(), x, arguments[kOut]);
  });
}

PyObject* log_softmax(PyObject*, PyObject* const* args, Py_ssize_t given,
                      PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {"log_softmax", 1, 4, {kLogits, kOut, kAxis, kThreads}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const LogitRows x(arguments[kLogits], "logits", arguments[kAxis]);
    Reference result = result_array(arguments[kOut], PyArray_NDIM(x.given()),
                                    PyArray_DIMS(x.given()), x.float_result());
    const LogitRows* const read[1] = {&x};
    WrittenRows rows(result.array(), x.axis(), logits::result_element(x.type()), read, 1);
    const int threads = threads_argument(arguments[kThreads]);
    without_gil(work(x), [&] { logits::log_softmax(x.rows(), *rows.rows(), threads); });
    rows.finish();
    return result.release();
  });
}

// Where each row's largest logit is.
PyObject* top(PyObject*, PyObject* const* args, Py_ssize_t given, PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {"logits_top", 1, 3, {kLogits, kAxis, kThreads}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const LogitRows x(arguments[kLogits], "logits", arguments[kAxis]);
    const int threads = threads_argument(arguments[kThreads]);
    Reference result = Reference::checked(
        PyArray_SimpleNew(x.outer_dimensions(), const_cast<npy_intp*>(x.outer_shape()), NPY_INT64));
    without_gil(work(x), [&] {
      logits::top(x.rows(), static_cast<std::int64_t*>(PyArray_DATA(result.array())), threads);
    });
    return result.release();
  });
}

// Python keeps the pointers. The functions' names are those they have in pyinfo.logits.
PyMethodDef logit_methods[] = {
    method("cross_entropy", cross_entropy, kLogitCrossEntropyDocumentation),
    method("kl_divergence", kl_divergence, kLogitKlDocumentation),
    method("js_divergence", js_divergence, kLogitJsDocumentation),
    method("entropy", entropy, kLogitEntropyDocumentation),
    method("logsumexp", logsumexp, kLogsumexpDocumentation),
    method("log_softmax", log_softmax, kLogSoftmaxDocumentation),
    method("top", top, kLogitTopDocumentation),
};

}  // namespace

void bind_logits(pybind11::module_& m) {
  try {
    const Reference home = Reference::checked(PyModule_GetNameObject(m.ptr()));
    for (PyMethodDef& each : logit_methods) {
      const Reference function = Reference::checked(PyCFunction_NewEx(&each, m.ptr(), home.get()));
      const std::string name = std::string("logits_") + each.ml_name;
      if (PyModule_AddObjectRef(m.ptr(), name.c_str(), function.get()) < 0) throw PythonError();
    }
  } catch (const PythonError&) {
    throw pybind11::error_already_set();
  }
}

}  // namespace pyinfo::bindings
