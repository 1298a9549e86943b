// The measures as Python functions: raw METH_FASTCALL entries, 15 ns a call instead of 130.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bindings/aligned_operands.hpp"
#include "bindings/arguments.hpp"
#include "bindings/arrays.hpp"
#include "bindings/fastcall.hpp"
#include "bindings/gil.hpp"
#include "bindings/measure_docs.hpp"
#include "bindings/operand_errors.hpp"
#include "bindings/result_array.hpp"
#include "bindings/rooms.hpp"
#include "measures/batches.hpp"
#include "measures/information.hpp"

namespace pyinfo::bindings {
namespace {

using measures::Fault;
using measures::Measure;
using measures::Normalization;
using measures::Request;
using measures::Slice;

// ---- what the keyword arguments mean

// One bit in units of `base`, as a double-double.
void bit_in_base(PyObject* object, double& high, double& low) {
  high = 1;
  low = 0;
  if (object == nullptr) return;
  const measures::Unit bit = measures::bit_in_base(base_argument(object));
  high = bit.high;
  low = bit.low;
}

// None: floats must be distributions, integers are counts.
Normalization normalization(PyObject* object, const Input& input) {
  const std::optional<bool> given = normalize_argument(object);
  if (!given) return input.is_count() ? Normalization::divide : Normalization::check;
  return *given ? Normalization::divide : Normalization::as_is;
}

// ---- a call on any arrays

// The common shape of p and q, and their strides in it (0 where broadcast).
struct Broadcast {
  int dimensions = 0;
  npy_intp shape[elements::kMaxDimensions];
  npy_intp strides[2][elements::kMaxDimensions];
};

// What else integers of different number may be, or fewer of them than there are rows.
const char* hint_for_integers(const Input& p, const Input& q) noexcept {
  if (p.is_count() && q.is_count())
    return "; if these are samples, not counts, pass pyinfo.Counts.from_samples of each";
  if (q.is_count() && q.dimensions() < p.dimensions())
    return "; if these are logits and labels, use pyinfo.logits.cross_entropy";
  return "";
}

Broadcast broadcast(const Input& p, const Input* q) {
  Broadcast common;
  common.dimensions = std::max(p.dimensions(), q != nullptr ? q->dimensions() : 0);
  const Input* const inputs[2] = {&p, q};
  for (int d = 0; d < common.dimensions; ++d) {
    common.shape[d] = 1;
    for (int i = 0; i < 2; ++i) {
      common.strides[i][d] = 0;
      if (inputs[i] == nullptr) continue;
      const int own = d - (common.dimensions - inputs[i]->dimensions());
      if (own < 0) continue;
      const npy_intp extent = PyArray_DIM(inputs[i]->get(), own);
      if (extent == 1) continue;
      if (common.shape[d] != 1 && common.shape[d] != extent)
        throw std::invalid_argument("p and q do not broadcast: their shapes are " +
                                    shape_text(p.get()) + " and " + shape_text(q->get()) +
                                    hint_for_integers(p, *q));
      common.shape[d] = extent;
      common.strides[i][d] = PyArray_STRIDE(inputs[i]->get(), own);
    }
  }
  return common;
}

npy_intp extent_of(const Input& input, int axis_from_end) {
  const int d = input.dimensions() - axis_from_end;
  return d < 0 ? 1 : PyArray_DIM(input.get(), d);
}

// Batches broadcast, distributions do not: one of length 1 is not that of more values.
void require_same_values(const Input& p, const Input& q, const Broadcast& common,
                         const bool* reduced) {
  for (int d = 0; d < common.dimensions; ++d) {
    const int from_end = common.dimensions - d;
    const npy_intp of_p = extent_of(p, from_end), of_q = extent_of(q, from_end);
    if (reduced[d] && of_p != of_q)
      throw std::invalid_argument("p has " + std::to_string(of_p) + " element" +
                                  (of_p == 1 ? "" : "s") + " along axis -" +
                                  std::to_string(from_end) + ", q has " + std::to_string(of_q));
  }
}

// What arrays of text and objects are.
constexpr const char* kHintForLabels =
    "; pyinfo.entropy_of and pyinfo.Counts.from_samples take samples";

// Other packages have one function for the entropy of p and the divergence of p and q.
void require_one_distribution(const Measure& measure, Py_ssize_t given) {
  if (given == 2 && measure.operands == 1 && !measure.takes(measures::kAlpha))
    throw TypeError(std::string(measure.name) +
                    "() takes 1 positional argument but 2 were given: of two distributions, "
                    "kl_divergence(p, q) is the relative entropy, cross_entropy(p, q) the "
                    "cross-entropy, and the base is base=");
}

PyObject* evaluate(const Measure& measure, const Arguments& arguments) {
  measures::Problem problem(measure);
  Request& request = problem.request;
  const bool two = measure.operands == 2;
  PyObject* named[2] = {arguments[kP], two ? arguments[kQ] : nullptr};
  const Reference aligned = aligned_operands(named[0], named[1]);
  if (aligned.get() != nullptr) {
    named[0] = PyTuple_GetItem(aligned.get(), 0);
    if (two) named[1] = PyTuple_GetItem(aligned.get(), 1);
  }
  Input p = as_input(named[0], "p", kHintForLabels);
  Input q = two ? as_input(named[1], "q", kHintForLabels) : Input{Reference(), p.type, "q"};

  double unit_rest;
  bit_in_base(arguments[kBase], request.unit, unit_rest);
  if (arguments[kAlpha] != nullptr) request.alpha = alpha_argument(arguments[kAlpha]);
  weights_argument(arguments[kWeights], request.weight_p, request.weight_q);
  request.p = normalization(arguments[kNormalize], p);
  request.p_tolerance = p.tolerance();
  if (two) {
    request.q = normalization(arguments[kNormalize], q);
    request.q_tolerance = q.tolerance();
  }
  problem.threads = threads_argument(arguments[kThreads]);
  problem.float_result = p.is_float32() && (!two || q.is_float32());

  const Broadcast common = broadcast(p, two ? &q : nullptr);
  bool reduced[elements::kMaxDimensions] = {};
  axes_argument(arguments[kAxis], common.dimensions, reduced);
  if (two) require_same_values(p, q, common, reduced);
  const bool keepdims = flag_argument(arguments[kKeepdims]);
  npy_intp shape[elements::kMaxDimensions];
  int dimensions = 0;
  for (int d = 0; d < common.dimensions; ++d) {
    if (!reduced[d]) {
      shape[dimensions++] = common.shape[d];
    } else {
      require_not_empty(std::size_t(common.shape[d]), "p", d);
      if (keepdims) shape[dimensions++] = 1;
      problem.inner.append(common.shape[d], common.strides[0][d], common.strides[1][d]);
    }
  }

  // Results are written while slices are read: not over the operands.
  PyObject* const out = arguments[kOut];
  Reference result = result_array(out, dimensions, shape, problem.float_result);
  Reference target = Reference::borrowed(result.get());
  if (may_overlap(result.array(), p.get()) || (two && may_overlap(result.array(), q.get())))
    target = result_array(nullptr, dimensions, shape, problem.float_result);

  int result_axis = 0;
  std::size_t slices = 1;
  for (int d = 0; d < common.dimensions; ++d) {
    if (reduced[d]) {
      result_axis += keepdims ? 1 : 0;
      continue;
    }
    elements::OuterSpace& outer = problem.outer;
    const int i = outer.dimensions++;
    outer.shape[i] = common.shape[d];
    outer.strides[0][i] = common.strides[0][d];
    outer.strides[1][i] = common.strides[1][d];
    outer.strides[2][i] = PyArray_STRIDE(target.array(), result_axis++);
    slices *= std::size_t(common.shape[d]);
  }
  problem.p = p.operand();
  if (two) problem.q = q.operand();
  problem.out = PyArray_BYTES(target.array());
  const std::size_t fault =
      without_gil(slices * problem.inner.size, [&] { return measures::evaluate(problem); });
  if (fault != measures::kNoSlice) {
    const FailedOperand operands[2] = {{&p, request.p, request.p_tolerance},
                                       {&q, request.q, request.q_tolerance}};
    throw std::invalid_argument(
        slice_error(operands, two ? 2 : 1, common.dimensions, common.shape, reduced, fault));
  }
  if (target.get() != result.get() && PyArray_CopyInto(result.array(), target.array()) < 0)
    throw PythonError();
  const bool given = out != nullptr && out != Py_None;
  if (dimensions > 0 || given) return result.release();
  if (problem.float_result)
    return scalar(double(*static_cast<const float*>(PyArray_DATA(result.array()))), true);
  return scalar(*static_cast<const double*>(PyArray_DATA(result.array())), false);
}

// ---- a call on plain vectors

template <class T>
constexpr int kNumpyType = sizeof(T) == 8 ? NPY_DOUBLE : NPY_FLOAT;

// The measure of contiguous vectors of T with every keyword at its default; null if it is not to be
// had this way, be it that the arguments are of another kind or that they are wrong.
template <class T>
PyObject* evaluate_vectors(const Measure& measure, PyObject* const* args) {
  const bool two = measure.operands == 2;
  if (!is_plain_vector(args[0], kNumpyType<T>)) return nullptr;
  PyArrayObject* const p = reinterpret_cast<PyArrayObject*>(args[0]);
  PyArrayObject* const q = two ? reinterpret_cast<PyArrayObject*>(args[1]) : p;
  const npy_intp n = PyArray_DIM(p, 0);
  if (two && (!is_plain_vector(args[1], kNumpyType<T>) || PyArray_DIM(q, 0) != n)) return nullptr;
  Request request;
  if (measure.takes(measures::kAlpha)) {
    PyObject* const alpha = args[measure.operands];
    if (!PyFloat_CheckExact(alpha)) return nullptr;
    request.alpha = PyFloat_AS_DOUBLE(alpha);
    if (!(request.alpha >= 0)) return nullptr;
  }
  request.p_tolerance = request.q_tolerance = elements::kSumTolerance<T>;
  const Slice<T> slice(static_cast<const T*>(PyArray_DATA(p)),
                       two ? static_cast<const T*>(PyArray_DATA(q)) : nullptr, std::size_t(n));
  const measures::Result result =
      n < npy_intp(WithoutGil::kThreshold)
          ? measures::measure_slice(measure, request, slice)
          : without_gil(
                std::size_t(n), [&] { return measures::measure_slice(measure, request, slice); });
  if (result.fault != Fault::none) return nullptr;
  return scalar(result.value, sizeof(T) == 4);
}

constexpr Signature signature_of(const Measure& measure) {
  Signature signature = {measure.name, 0, 0, {}};
  const auto append = [&signature](bool taken, Parameter parameter) {
    if (taken) signature.parameters[signature.count++] = parameter;
  };
  append(true, kP);
  append(measure.operands == 2, kQ);
  append(measure.takes(measures::kAlpha), kAlpha);
  signature.positional = signature.count;
  append(measure.takes(measures::kWeights), kWeights);
  append(measure.takes(measures::kBase), kBase);
  for (const Parameter parameter : {kAxis, kKeepdims, kNormalize, kOut, kThreads})
    append(true, parameter);
  return signature;
}

template <std::size_t row>
PyObject* call(PyObject*, PyObject* const* args, Py_ssize_t given, PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    constexpr const Measure& measure = measures::kMeasures[row];
    static constexpr Signature signature = signature_of(measure);
    if (keywords == nullptr && given == signature.positional) {
      PyObject* result = evaluate_vectors<double>(measure, args);
      if constexpr (measure.has_float_kernels())
        if (result == nullptr && !PyErr_Occurred()) result = evaluate_vectors<float>(measure, args);
      if (result != nullptr || PyErr_Occurred()) return result;
    }
    if (measure.takes(measures::kWeights) && given > measure.operands) {  // of any number
      const Reference room = Reference::checked(PyImport_ImportModule("pyinfo.measures.mixtures"));
      const Reference function =
          Reference::checked(PyObject_GetAttrString(room.get(), measure.name));
      return PyObject_Vectorcall(function.get(), args, std::size_t(given), keywords);
    }
    require_one_distribution(measure, given);
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    return evaluate(measure, arguments);
  });
}

// ---- information content, element by element

PyObject* information_content(PyObject*, PyObject* const* args, Py_ssize_t given,
                              PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = {"information_content", 1, 3, {kP, kBase, kOut}};
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    const Input p = as_input(arguments[kP], "p");
    measures::InformationRequest request;
    bit_in_base(arguments[kBase], request.factor_high, request.factor_low);
    request.tolerance = p.tolerance();
    request.float_result = p.is_float32();
    const int dimensions = p.dimensions();
    const npy_intp* const shape = PyArray_DIMS(p.get());
    PyObject* const out = arguments[kOut];
    Reference result = result_array(out, dimensions, shape, request.float_result);
    // Blocks are read before they are written, so a result exactly over p is safe, another is not.
    Reference target = Reference::borrowed(result.get());
    bool same = PyArray_BYTES(result.array()) == PyArray_BYTES(p.get()) &&
                PyArray_TYPE(result.array()) == PyArray_TYPE(p.get());
    for (int d = 0; same && d < dimensions; ++d)
      same = PyArray_STRIDE(result.array(), d) == PyArray_STRIDE(p.get(), d);
    if (!same && may_overlap(result.array(), p.get()))
      target = result_array(nullptr, dimensions, shape, request.float_result);
    elements::Space space;
    for (int d = 0; d < dimensions; ++d)
      space.append(shape[d], PyArray_STRIDE(p.get(), d), PyArray_STRIDE(target.array(), d));
    const bool valid = without_gil(space.size, [&] {
      return measures::information_content(request, p.operand(), space,
                                           PyArray_BYTES(target.array()));
    });
    if (!valid) throw std::invalid_argument(element_error(p, request.tolerance));
    if (target.get() != result.get() && PyArray_CopyInto(result.array(), target.array()) < 0)
      throw PythonError();
    if (dimensions > 0 || (out != nullptr && out != Py_None)) return result.release();
    if (request.float_result)
      return scalar(double(*static_cast<const float*>(PyArray_DATA(result.array()))), true);
    return scalar(*static_cast<const double*>(PyArray_DATA(result.array())), false);
  });
}

template <std::size_t... rows>
void append_measures(std::vector<PyMethodDef>& methods, std::vector<std::string>& texts,
                     std::index_sequence<rows...>) {
  (texts.push_back(measure_documentation(measures::kMeasures[rows])), ...);
  (methods.push_back(method(measures::kMeasures[rows].name, call<rows>, texts[rows].c_str())), ...);
}

// Python keeps the pointers.
PyMethodDef* all_methods() {
  static std::vector<PyMethodDef> methods;
  static std::vector<std::string> texts;
  if (methods.empty()) {
    append_measures(methods, texts, std::make_index_sequence<measures::kMeasureCount>());
    methods.push_back(
        method("information_content", information_content, kInformationContentDocumentation));
    methods.push_back({nullptr, nullptr, 0, nullptr});
  }
  return methods.data();
}

}  // namespace

void bind_measures(pybind11::module_& m) {
  try {
    import_numpy();
    intern_parameter_names();
    if (PyModule_AddFunctions(m.ptr(), all_methods()) < 0) throw PythonError();
  } catch (const PythonError&) {
    throw pybind11::error_already_set();
  }
}

}  // namespace pyinfo::bindings
