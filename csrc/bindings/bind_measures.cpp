// The measures as Python functions: raw METH_FASTCALL entries, 15 ns a call instead of 130.
#include <cmath>
#include <limits>

#include "bindings/areas.hpp"
#include "bindings/arrays.hpp"
#include "bindings/diagnose.hpp"
#include "bindings/fastcall.hpp"
#include "bindings/measure_docs.hpp"
#include "measures/evaluate.hpp"
#include "measures/information.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::bindings {
namespace {

using measures::Fault;
using measures::Measure;
using measures::Normalization;
using measures::Request;
using measures::Source;

// ---- what the keyword arguments mean
// -------------------------------------------------------------

double number(PyObject* object, const char* name) {
  const double value = PyFloat_AsDouble(object);
  if (value == -1 && PyErr_Occurred()) {
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw PythonError();
    PyErr_Clear();
    throw TypeError(std::string(name) + " must be a real number, not " + Py_TYPE(object)->tp_name);
  }
  return value;
}

// One bit in units of `base`, as a double-double.
void bit_in_base(PyObject* object, double& high, double& low) {
  high = 1;
  low = 0;
  if (object == nullptr) return;
  const double base = number(object, "base");
  if (!measures::is_base(base))
    throw std::invalid_argument("base must be positive, finite and not 1, not " +
                                number_text(base));
  const measures::Unit bit = measures::bit_in_base(base);
  high = bit.high;
  low = bit.low;
}

double order(PyObject* object) {
  const double alpha = number(object, "alpha");
  if (!(alpha >= 0))
    throw std::invalid_argument("alpha must be at least 0, not " + number_text(alpha));
  return alpha;
}

void mixture_weights(PyObject* object, double& p, double& q) {
  if (object == nullptr || object == Py_None) return;
  const Reference pair = Reference::checked(
      PySequence_Fast(object, "weights must be a pair of numbers, those of p and of q"));
  if (PySequence_Fast_GET_SIZE(pair.get()) != 2)
    throw std::invalid_argument("weights must be a pair of numbers, those of p and of q");
  p = number(PySequence_Fast_GET_ITEM(pair.get(), 0), "weights[0]");
  q = number(PySequence_Fast_GET_ITEM(pair.get(), 1), "weights[1]");
  if (!(p >= 0) || !(q >= 0) || !(std::abs(p + q - 1) <= 0x1p-26))
    throw std::invalid_argument("weights must be non-negative and sum to 1, not " + number_text(p) +
                                " and " + number_text(q));
}

// None: floats must be distributions, integers are counts.
Normalization normalization(PyObject* object, const Input& input) {
  if (object == nullptr || object == Py_None)
    return input.is_count() ? Normalization::divide : Normalization::check;
  if (!PyBool_Check(object) && !PyArray_IsScalar(object, Bool))
    throw TypeError(std::string("normalize must be None, True or False, not ") +
                    Py_TYPE(object)->tp_name);
  const int truth = PyObject_IsTrue(object);
  if (truth < 0) throw PythonError();
  return truth != 0 ? Normalization::divide : Normalization::as_is;
}

// An index; `what` says what else would have been right. What __index__ raises comes through.
Reference index_of(PyObject* object, const char* what) {
  if (!PyIndex_Check(object))
    throw TypeError(std::string(what) + ", not " + Py_TYPE(object)->tp_name);
  return Reference::checked(PyNumber_Index(object));
}

int thread_count(PyObject* object) {
  if (object == nullptr) return 1;
  const Reference index = index_of(object, "threads must be an integer");
  int overflow = 0;
  const long threads = PyLong_AsLongAndOverflow(index.get(), &overflow);
  if (overflow != 0 || threads < 0 || threads > 4096)
    throw std::invalid_argument("threads must be 0 (all cores) or a positive number up to 4096");
  return threads::resolve(int(threads));
}

int axis_index(PyObject* object, int dimensions) {
  const Reference index = index_of(object, "axis must be an integer, a tuple of integers or None");
  int overflow = 0;
  const long axis = PyLong_AsLongAndOverflow(index.get(), &overflow);
  if (overflow != 0 || axis < -dimensions || axis >= dimensions)
    throw std::invalid_argument("axis " + text_of(index.get()) + " is out of bounds for " +
                                std::to_string(dimensions) + " dimension" +
                                (dimensions == 1 ? "" : "s"));
  return int(axis < 0 ? axis + dimensions : axis);
}

void reduced_axes(PyObject* object, int dimensions, bool* reduced) {
  if (dimensions == 0)
    throw std::invalid_argument(
        "p must have at least one dimension: a single number is no "
        "distribution");
  for (int d = 0; d < dimensions; ++d) reduced[d] = object == Py_None;
  if (object == Py_None) return;
  if (object == nullptr) {
    reduced[dimensions - 1] = true;
  } else if (PyTuple_Check(object) || PyList_Check(object)) {
    const Py_ssize_t count = PySequence_Size(object);
    if (count == 0) throw std::invalid_argument("axis names no axis to sum over");
    for (Py_ssize_t i = 0; i < count; ++i) {
      const Reference item = Reference::checked(PySequence_GetItem(object, i));
      const int axis = axis_index(item.get(), dimensions);
      if (reduced[axis])
        throw std::invalid_argument("axis " + std::to_string(axis) + " is given twice");
      reduced[axis] = true;
    }
  } else {
    reduced[axis_index(object, dimensions)] = true;
  }
}

// ---- a call on any arrays
// ------------------------------------------------------------------------

// The common shape of p and q, and their strides in it (0 where broadcast).
struct Broadcast {
  int dimensions = 0;
  npy_intp shape[measures::kMaxDimensions];
  npy_intp strides[2][measures::kMaxDimensions];
};

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
                                    shape_text(p.get()) + " and " + shape_text(q->get()));
      common.shape[d] = extent;
      common.strides[i][d] = PyArray_STRIDE(inputs[i]->get(), own);
    }
  }
  return common;
}

bool is_true(PyObject* object) {
  if (object == nullptr) return false;
  const int truth = PyObject_IsTrue(object);
  if (truth < 0) throw PythonError();
  return truth != 0;
}

PyObject* evaluate(Measure measure, const Arguments& arguments) {
  measures::Problem problem;
  Request& request = problem.request;
  request.measure = measure;
  const bool two = measures::operands(measure) == 2;
  Input p = as_input(arguments[kP], "p");
  Input q = two ? as_input(arguments[kQ], "q") : Input{Reference(), p.type, "q"};

  double unit_rest;
  bit_in_base(arguments[kBase], request.unit, unit_rest);
  if (arguments[kAlpha] != nullptr) request.alpha = order(arguments[kAlpha]);
  mixture_weights(arguments[kWeights], request.weight_p, request.weight_q);
  request.p = normalization(arguments[kNormalize], p);
  request.p_tolerance = p.tolerance();
  if (two) {
    request.q = normalization(arguments[kNormalize], q);
    request.q_tolerance = q.tolerance();
  }
  problem.threads = thread_count(arguments[kThreads]);
  problem.float_result = p.is_float32() && (!two || q.is_float32());

  const Broadcast common = broadcast(p, two ? &q : nullptr);
  bool reduced[measures::kMaxDimensions] = {};
  reduced_axes(arguments[kAxis], common.dimensions, reduced);
  const bool keepdims = is_true(arguments[kKeepdims]);
  npy_intp shape[measures::kMaxDimensions];
  int dimensions = 0;
  for (int d = 0; d < common.dimensions; ++d) {
    if (!reduced[d]) {
      shape[dimensions++] = common.shape[d];
    } else {
      if (common.shape[d] == 0)
        throw std::invalid_argument("p is empty along axis " + std::to_string(d));
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
    measures::OuterSpace& outer = problem.outer;
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
  std::size_t fault;
  {
    const WithoutGil released(slices * problem.inner.size > kReleaseGil);
    fault = measures::evaluate(problem);
  }
  if (fault != measures::kNoSlice) {
    const Suspect suspects[2] = {{&p, request.p, request.p_tolerance},
                                 {&q, request.q, request.q_tolerance}};
    throw std::invalid_argument(
        diagnose(suspects, two ? 2 : 1, common.dimensions, common.shape, reduced, fault));
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
// ---------------------------------------------------------------------

template <class T>
constexpr int kNumpyType = sizeof(T) == 8 ? NPY_DOUBLE : NPY_FLOAT;

// The measure of contiguous vectors of T with every keyword at its default; null if it is not to be
// had this way, be it that the arguments are of another kind or that they are wrong.
template <class T>
PyObject* evaluate_vectors(Request request, PyObject* const* args, PyObject* alpha) {
  const bool two = measures::operands(request.measure) == 2;
  if (!is_plain_vector(args[0], kNumpyType<T>)) return nullptr;
  PyArrayObject* const p = reinterpret_cast<PyArrayObject*>(args[0]);
  PyArrayObject* const q = two ? reinterpret_cast<PyArrayObject*>(args[1]) : p;
  const npy_intp n = PyArray_DIM(p, 0);
  if (two && (!is_plain_vector(args[1], kNumpyType<T>) || PyArray_DIM(q, 0) != n)) return nullptr;
  if (alpha != nullptr) {
    if (!PyFloat_CheckExact(alpha)) return nullptr;
    request.alpha = PyFloat_AS_DOUBLE(alpha);
    if (!(request.alpha >= 0)) return nullptr;
  }
  request.p_tolerance = request.q_tolerance = measures::kSumTolerance<T>;
  const Source<T> source(static_cast<const T*>(PyArray_DATA(p)),
                         two ? static_cast<const T*>(PyArray_DATA(q)) : nullptr, std::size_t(n));
  measures::Result result;
  if (std::size_t(n) > kReleaseGil) {
    const WithoutGil released(true);
    result = measures::measure_slice(request, source);
  } else {
    result = measures::measure_slice(request, source);
  }
  if (result.fault != Fault::none) return nullptr;
  return scalar(result.value, sizeof(T) == 4);
}

constexpr Signature signature_of(Measure measure) {
  switch (measure) {
    case Measure::entropy:
      return {"entropy", 1, 7, {kP, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::renyi_entropy:
      return {
          "renyi_entropy", 2, 8, {kP, kAlpha, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::tsallis_entropy:
      return {"tsallis_entropy", 2, 7, {kP, kAlpha, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::cross_entropy:
      return {"cross_entropy", 2, 8, {kP, kQ, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::kl_divergence:
      return {"kl_divergence", 2, 8, {kP, kQ, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::js_divergence:
      return {"js_divergence",
              2,
              9,
              {kP, kQ, kWeights, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::js_distance:
      return {"js_distance",
              2,
              9,
              {kP, kQ, kWeights, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::jeffreys_divergence:
      return {"jeffreys_divergence",
              2,
              8,
              {kP, kQ, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::renyi_divergence:
      return {"renyi_divergence",
              3,
              9,
              {kP, kQ, kAlpha, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::hellinger_distance:
      return {"hellinger_distance", 2, 7, {kP, kQ, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    case Measure::bhattacharyya_distance:
      return {"bhattacharyya_distance",
              2,
              8,
              {kP, kQ, kBase, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
    default:
      return {
          "total_variation_distance", 2, 7, {kP, kQ, kAxis, kKeepdims, kNormalize, kOut, kThreads}};
  }
}

template <Measure measure>
PyObject* call(PyObject*, PyObject* const* args, Py_ssize_t given, PyObject* keywords) noexcept {
  return guard([&]() -> PyObject* {
    static constexpr Signature signature = signature_of(measure);
    if (keywords == nullptr && given == signature.positional) {
      Request request;
      request.measure = measure;
      constexpr bool ordered = signature.parameters[signature.positional - 1] == kAlpha;
      PyObject* const alpha = ordered ? args[signature.positional - 1] : nullptr;
      PyObject* result = evaluate_vectors<double>(request, args, alpha);
      if constexpr (measures::has_float_kernels(measure))
        if (result == nullptr && !PyErr_Occurred())
          result = evaluate_vectors<float>(request, args, alpha);
      if (result != nullptr || PyErr_Occurred()) return result;
    }
    Arguments arguments;
    signature.parse(args, given, keywords, arguments);
    return evaluate(measure, arguments);
  });
}

// ---- information content, element by element
// -----------------------------------------------------

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
    measures::Space space;
    for (int d = 0; d < dimensions; ++d)
      space.append(shape[d], PyArray_STRIDE(p.get(), d), PyArray_STRIDE(target.array(), d));
    bool valid;
    {
      const WithoutGil released(space.size > kReleaseGil);
      valid =
          measures::information_content(request, p.operand(), space, PyArray_BYTES(target.array()));
    }
    if (!valid) throw std::invalid_argument(diagnose_values(p, request.tolerance));
    if (target.get() != result.get() && PyArray_CopyInto(result.array(), target.array()) < 0)
      throw PythonError();
    if (dimensions > 0 || (out != nullptr && out != Py_None)) return result.release();
    if (request.float_result)
      return scalar(double(*static_cast<const float*>(PyArray_DATA(result.array()))), true);
    return scalar(*static_cast<const double*>(PyArray_DATA(result.array())), false);
  });
}

using Fast = PyObject* (*)(PyObject*, PyObject* const*, Py_ssize_t, PyObject*) noexcept;

PyMethodDef method(const char* name, Fast function, const char* documentation) {
  // The detour over void (*)() is how CPython itself says that it will cast back by the flags.
  return {name, reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function)),
          METH_FASTCALL | METH_KEYWORDS, documentation};
}

}  // namespace

void bind_measures(pybind11::module_& m) {
  static PyMethodDef methods[] = {
      method("information_content", information_content, docs::kInformationContent),
      method("entropy", call<Measure::entropy>, docs::kEntropy),
      method("cross_entropy", call<Measure::cross_entropy>, docs::kCrossEntropy),
      method("kl_divergence", call<Measure::kl_divergence>, docs::kKlDivergence),
      method("js_divergence", call<Measure::js_divergence>, docs::kJsDivergence),
      method("js_distance", call<Measure::js_distance>, docs::kJsDistance),
      method("renyi_entropy", call<Measure::renyi_entropy>, docs::kRenyiEntropy),
      method("tsallis_entropy", call<Measure::tsallis_entropy>, docs::kTsallisEntropy),
      method("renyi_divergence", call<Measure::renyi_divergence>, docs::kRenyiDivergence),
      method("jeffreys_divergence", call<Measure::jeffreys_divergence>, docs::kJeffreysDivergence),
      method("hellinger_distance", call<Measure::hellinger_distance>, docs::kHellingerDistance),
      method("bhattacharyya_distance", call<Measure::bhattacharyya_distance>,
             docs::kBhattacharyyaDistance),
      method("total_variation_distance", call<Measure::total_variation_distance>,
             docs::kTotalVariationDistance),
      {nullptr, nullptr, 0, nullptr},
  };
  try {
    import_numpy();
    intern_parameter_names();
    if (PyModule_AddFunctions(m.ptr(), methods) < 0) throw PythonError();
  } catch (const PythonError&) {
    throw pybind11::error_already_set();
  }
}

}  // namespace pyinfo::bindings
