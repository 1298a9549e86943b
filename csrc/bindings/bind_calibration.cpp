// Histograms of floats and the scores of thresholds: what calibration is made of.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "bindings/arguments.hpp"
#include "bindings/float_values.hpp"
#include "bindings/gil.hpp"
#include "bindings/python_object.hpp"
#include "bindings/rooms.hpp"
#include "bindings/whole_class.hpp"
#include "quantization/histogram.hpp"
#include "quantization/thresholds.hpp"

namespace py = pybind11;

namespace pyinfo::bindings {
namespace {

template <class T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

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
  void restore(int exponent, const Array<std::uint64_t>& counts, std::uint64_t nans,
               std::uint64_t below, std::uint64_t above, double least, double most) {
    if (exponent < Core::kLeastExponent || exponent > Core::kMostExponent ||
        std::size_t(counts.size()) != core_.counts().size())
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

void require_levels(const Array<double>& counts, std::size_t levels, std::size_t least) {
  if (levels < least || levels > std::size_t(counts.size()))
    throw std::invalid_argument("levels must be from " + std::to_string(least) +
                                " to the number of bins");
}

// In memory of its own: prefix sums must be those of the counts they are used with.
std::vector<double> own(const Array<double>& counts) {
  return std::vector<double>(counts.data(), counts.data() + counts.size());
}

py::array_t<double> grouped_divergences(const Array<double>& counts, std::size_t levels) {
  require_levels(counts, levels, 1);
  const std::vector<double> copy = own(counts);
  return array_of(without_gil(copy.size() * levels, [&] {
    return quantization::grouped_divergences(copy.data(), copy.size(), levels);
  }));
}

py::array_t<double> smoothed_divergences(const Array<double>& counts, std::size_t levels) {
  require_levels(counts, levels, 2);
  if (counts.size() < 4) throw std::invalid_argument("there must be at least 4 bins");
  const std::vector<double> copy = own(counts);
  return array_of(without_gil(copy.size() * levels, [&] {
    return quantization::smoothed_divergences(copy.data(), copy.size(), levels);
  }));
}

py::array_t<double> grid_errors(const Array<double>& counts, double origin,
                                const Array<double>& steps, const Array<std::int32_t>& lows,
                                const Array<std::int32_t>& highs) {
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
  m.def("grouped_divergences", &grouped_divergences, py::arg("counts"), py::arg("levels"),
        "Return NVIDIA's divergence of each threshold from `levels` bins on.");
  m.def("smoothed_divergences", &smoothed_divergences, py::arg("counts"), py::arg("levels"),
        "Return onnxruntime's divergence of each window from `levels` // 2 bins on.");
  m.def("grid_errors", &grid_errors, py::arg("counts"), py::arg("origin"), py::arg("steps"),
        py::arg("lows"), py::arg("highs"),
        "Return the squared error of each step, in bins, with integers from its low to its high.");
}

}  // namespace pyinfo::bindings
