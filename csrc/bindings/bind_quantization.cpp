// Quantisation: what pyinfo/quantization/ is made of. Shapes are Python's affair: arrays are read
// in C order, in groups of neighbours.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/float_values.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/rooms.hpp"
#include "quantization/quantizers.hpp"
#include "quantization/rate_distortion.hpp"
#include "quantization/scales.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

template <class T>
std::size_t size_of(const ContiguousArray<T>& array) {
  return std::size_t(array.size());
}

void require_groups(std::size_t size, std::size_t group, const char* name) {
  if (group == 0 || size % group != 0)
    throw std::invalid_argument(std::string(name) + " is no whole number of groups");
}

[[noreturn]] void refuse_not_finite(const char* name) {
  throw std::invalid_argument(std::string(name) + " must be finite numbers of float32's range");
}

// ---- Quantisers

quantization::IntegerFormat integer_format(int storage, bool is_signed, std::int32_t low,
                                           std::int32_t high) {
  if (storage < 0 || storage > 2 || low > high || low < -32768 || high > 65535)
    throw std::invalid_argument("there is no such format");
  return {low, high, quantization::Storage(storage), is_signed};
}

quantization::Steps steps_of(const ContiguousArray<double>& scale,
                             const ContiguousArray<std::int32_t>& zero, std::size_t size,
                             std::size_t group) {
  require_groups(size, group, "x");
  require_same_length("scale", size_of(scale), "groups", size / group);
  if (size_of(zero) != 0) require_same_length("zero_point", size_of(zero), "scale", size_of(scale));
  return {scale.data(), size_of(zero) == 0 ? nullptr : zero.data(), group};
}

py::array quantize(const py::object& object, const ContiguousArray<double>& scale,
                   const ContiguousArray<std::int32_t>& zero, std::size_t group, int storage,
                   bool is_signed, std::int32_t low, std::int32_t high, double dead_zone,
                   int threads) {
  const FloatValues x(object.ptr(), "x");
  quantization::Steps steps = steps_of(scale, zero, x.size(), group);
  steps.dead_zone = dead_zone;
  const quantization::IntegerFormat format = integer_format(storage, is_signed, low, high);
  py::array_t<std::uint8_t> bytes(static_cast<py::ssize_t>(format.bytes(x.size())));
  void* const out = bytes.mutable_data();
  const bool complete = without_gil(
      x.size(), [&] { return quantization::quantize(x.values(), steps, format, threads, out); });
  if (!complete) throw std::invalid_argument("x must not hold NaNs");
  return bytes;
}

py::array dequantize(const ContiguousArray<std::uint8_t>& bytes, std::size_t size,
                     const ContiguousArray<double>& scale,
                     const ContiguousArray<std::int32_t>& zero, std::size_t group, int storage,
                     bool is_signed, bool is_double, int threads) {
  const quantization::Steps steps = steps_of(scale, zero, size, group);
  const quantization::IntegerFormat format = integer_format(storage, is_signed, 0, 0);
  if (size_of(bytes) != format.bytes(size))
    throw std::invalid_argument("q has " + std::to_string(size_of(bytes)) + " bytes, not " +
                                std::to_string(format.bytes(size)));
  const auto count = static_cast<py::ssize_t>(size);
  py::array result =
      is_double ? py::array(py::array_t<double>(count)) : py::array(py::array_t<float>(count));
  void* const out = result.mutable_data();
  without_gil(size, [&] {
    quantization::dequantize(bytes.data(), size, steps, format,
                             is_double ? elements::Element::float64 : elements::Element::float32,
                             threads, out);
  });
  return result;
}

// ---- Rate against distortion

quantization::Weights weights_of(const FloatValues& w, std::size_t group,
                                 const ContiguousArray<float>& importance) {
  require_groups(w.size(), group, "w");
  const std::size_t columns = size_of(importance);
  if (columns != 0 && w.size() % columns != 0)
    throw std::invalid_argument("importance does not fit w");
  return {w.values(), group, columns == 0 ? nullptr : importance.data(), columns};
}

py::array_t<double> points_of(const std::vector<quantization::RatePoint>& points) {
  static_assert(sizeof(quantization::RatePoint) == 2 * sizeof(double));
  return py::array_t<double>({static_cast<py::ssize_t>(points.size()), py::ssize_t{2}},
                             reinterpret_cast<const double*>(points.data()));
}

py::array_t<double> array_of(const std::vector<double>& values) {
  return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

py::tuple rate_distortion(const py::object& object, std::size_t group,
                          const ContiguousArray<float>& importance,
                          const ContiguousArray<int>& levels, const ContiguousArray<double>& ratios,
                          const ContiguousArray<double>& steps, bool of_spread,
                          const ContiguousArray<double>& dead_zones, int threads) {
  require_same_length("dead_zone", size_of(dead_zones), "steps", size_of(steps));
  const FloatValues w(object.ptr(), "w");
  const quantization::Weights weights = weights_of(w, group, importance);
  py::array_t<float> largest(static_cast<py::ssize_t>(weights.groups()));
  float* const most = largest.mutable_data();
  const quantization::RateRequest request{levels.data(),   size_of(levels),  ratios.data(),
                                          size_of(ratios), steps.data(),     size_of(steps),
                                          of_spread,       dead_zones.data()};
  bool finite = true;
  const quantization::RateCurve curve = without_gil(w.size(), [&] {
    finite = quantization::find_largest(weights, threads, most);
    return finite ? quantization::rate_curve(weights, most, request, threads)
                  : quantization::RateCurve{};
  });
  if (!finite) refuse_not_finite("w");
  return py::make_tuple(largest, array_of(curve.ratios), points_of(curve.clipped),
                        array_of(curve.steps), points_of(curve.unclipped),
                        curve.differential_entropy);
}

// ---- Scales

py::tuple optimal_steps(const py::object& object, std::size_t group,
                        const ContiguousArray<float>& importance, int levels, int threads) {
  const FloatValues w(object.ptr(), "w");
  const quantization::Weights weights = weights_of(w, group, importance);
  if (levels < 1 || levels > quantization::kMostLevels)
    throw std::invalid_argument("levels are out of range");
  py::array_t<float> steps(static_cast<py::ssize_t>(weights.groups()));
  py::array_t<double> errors(static_cast<py::ssize_t>(weights.groups()));
  float* const step = steps.mutable_data();
  double* const error = errors.mutable_data();
  const bool finite = without_gil(
      w.size(), [&] { return quantization::optimal_steps(weights, levels, threads, step, error); });
  if (!finite) refuse_not_finite("w");
  return py::make_tuple(steps, errors);
}

}  // namespace

void bind_quantization(py::module_& m) {
  m.def("quantize", &quantize, py::arg("x"), py::arg("scale"), py::arg("zero_point"),
        py::arg("group"), py::arg("storage"), py::arg("is_signed"), py::arg("low"), py::arg("high"),
        py::arg("dead_zone"), py::arg("threads"),
        "Return the bytes of integers; `scale` and `zero_point` of each group of neighbours.");
  m.def("dequantize", &dequantize, py::arg("q"), py::arg("size"), py::arg("scale"),
        py::arg("zero_point"), py::arg("group"), py::arg("storage"), py::arg("is_signed"),
        py::arg("is_double"), py::arg("threads"), "Return the floats of such bytes.");
  m.def("rate_distortion", &rate_distortion, py::arg("w"), py::arg("group"), py::arg("importance"),
        py::arg("levels"), py::arg("ratios"), py::arg("steps"), py::arg("of_spread"),
        py::arg("dead_zones"), py::arg("threads"),
        "Return the largest magnitude of each group, the ratio, error and rate for each number of "
        "levels, the steps, error and rate of each, and the differential entropy in bits.");
  m.def("optimal_steps", &optimal_steps, py::arg("w"), py::arg("group"), py::arg("importance"),
        py::arg("levels"), py::arg("threads"),
        "Return the best step of each group for integers up to `levels`, and its error.");
}

}  // namespace pyinfo::bindings
