// Histograms of floats and the scores of thresholds: what calibration is made of.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/contiguous_array.hpp"
#include "bindings/float_values.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "quantization/clipping.hpp"
#include "quantization/histogram.hpp"
#include "quantization/thresholds.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

using Core = quantization::FloatHistogram;

void require_bins(std::size_t bins) {
  if (bins < Core::kLeastBins || bins > Core::kMostBins || (bins & (bins - 1)) != 0)
    throw std::invalid_argument("bins must be a power of two from " +
                                std::to_string(Core::kLeastBins) + " to " +
                                std::to_string(Core::kMostBins));
}

// Several threads may use one: each sees it before or after what another one adds.
class FloatHistogram {
 public:
  explicit FloatHistogram(Core core) : core_(std::move(core)) {}

  static PyObject* make(PyTypeObject*, PyObject* arguments, PyObject* keywords) {
    Py_ssize_t bins = 0;
    int is_signed = 0;
    static const char* const names[] = {"bins", "is_signed", nullptr};
    if (!PyArg_ParseTupleAndKeywords(arguments, keywords, "np:FloatHistogram",
                                     const_cast<char**>(names), &bins, &is_signed))
      return nullptr;
    return new_whole([&] {
      require_bins(bins < 0 ? 0 : std::size_t(bins));
      return std::make_unique<FloatHistogram>(Core(std::size_t(bins), is_signed != 0));
    });
  }

  void add(const py::object& object, int threads) {
    const FloatValues x(object.ptr(), "x");
    Core added(copy().counts().size(), core_.is_signed());
    without_gil(x.size(), [&] { added.add(x.values(), threads); });
    merge(added);
  }
  void merge_with(const FloatHistogram& other) {
    const Core added = other.copy();
    if (added.counts().size() != core_.counts().size() || added.is_signed() != core_.is_signed())
      throw std::invalid_argument("histograms must have the same bins to be merged");
    merge(added);
  }

  // exponent, counts, NaNs, infinities below and above, the least and the most.
  py::tuple state() const {
    const Core now = copy();
    return py::make_tuple(now.exponent(),
                          py::array_t<std::uint64_t>(static_cast<py::ssize_t>(now.counts().size()),
                                                     now.counts().data()),
                          now.nans(), now.infinities(false), now.infinities(true), now.least(),
                          now.most());
  }
  void restore(int exponent, const ContiguousArray<std::uint64_t>& counts, std::uint64_t nans,
               std::uint64_t below, std::uint64_t above, double least, double most) {
    const std::size_t bins = core_.counts().size();
    if (std::size_t(counts.size()) != bins ||
        !Core::is_state(bins, core_.is_signed(), exponent, least, most))
      throw std::invalid_argument("this is no state of such a histogram");
    const std::lock_guard<std::mutex> lock(mutex_);
    core_.restore(exponent, counts.data(), nans, below, above, least, most);
  }

 private:
  Core copy() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return core_;
  }
  void merge(const Core& added) {
    const std::lock_guard<std::mutex> lock(mutex_);
    core_.merge(added);
  }

  mutable std::mutex mutex_;
  Core core_;
};

py::array_t<double> array_of(const std::vector<double>& values) {
  return py::array_t<double>(static_cast<py::ssize_t>(values.size()), values.data());
}

// In memory of its own: prefix sums must be those of the counts they are used with.
std::vector<double> own(const ContiguousArray<double>& counts) {
  return std::vector<double>(counts.data(), counts.data() + counts.size());
}

py::tuple clipping_curve(const ContiguousArray<std::uint64_t>& counts, bool is_signed,
                         double largest, int bits, int criterion, std::size_t candidates) {
  require_bins(std::size_t(counts.size()));
  if (bits < 2 || bits > 16 || criterion < 0 || criterion > 2)
    throw std::invalid_argument("there is no such criterion");
  const std::vector<std::uint64_t> copy(counts.data(), counts.data() + counts.size());
  const quantization::ClippingCurve curve = without_gil(copy.size() << (bits - 1), [&] {
    return quantization::clipping_curve(copy, is_signed, largest, bits,
                                        quantization::Criterion(criterion), candidates);
  });
  return py::make_tuple(array_of(curve.thresholds), array_of(curve.scores), curve.best);
}

py::array_t<double> grid_errors(const ContiguousArray<double>& counts, double origin,
                                const ContiguousArray<double>& steps,
                                const ContiguousArray<std::int32_t>& lows,
                                const ContiguousArray<std::int32_t>& highs) {
  require_same_length("steps", std::size_t(steps.size()), "lows", std::size_t(lows.size()));
  require_same_length("steps", std::size_t(steps.size()), "highs", std::size_t(highs.size()));
  const std::vector<double> copy = own(counts);
  const std::size_t tried = std::size_t(steps.size());
  return array_of(without_gil(tried * copy.size(), [&] {
    return quantization::GridErrors(copy.data(), copy.size(), origin)
        .each({steps.data(), lows.data(), highs.data(), tried});
  }));
}

}  // namespace

void bind_calibration(py::module_& m) {
  whole_class<FloatHistogram>(m, "FloatHistogram", "Counts of floats in bins of equal width.",
                              &FloatHistogram::make)
      .def("add", &FloatHistogram::add, py::arg("x"), py::arg("threads"), "Count an array.")
      .def("merge", &FloatHistogram::merge_with, py::arg("other"), "Add the counts of another.")
      .def("state", &FloatHistogram::state,
           "Return the exponent of the width, counts, NaNs, infinities below and above, and the "
           "least and the most of the finite values.")
      .def("restore", &FloatHistogram::restore, py::arg("exponent"), py::arg("counts"),
           py::arg("nans"), py::arg("below"), py::arg("above"), py::arg("least"), py::arg("most"),
           "Become what had this state.");
  m.def(
      "clipping_curve", &clipping_curve, py::arg("counts"), py::arg("is_signed"),
      py::arg("largest"), py::arg("bits"), py::arg("criterion"), py::arg("candidates"),
      "Return thresholds in bins, their scores, and which is the best, by the criterion of NVIDIA "
      "(0), onnxruntime (1), or squared error (2).");
  m.def("grid_errors", &grid_errors, py::arg("counts"), py::arg("origin"), py::arg("steps"),
        py::arg("lows"), py::arg("highs"),
        "Return the squared error of each step, in bins, with integers from its low to its high.");
}

}  // namespace pyinfo::bindings
