// An extension module of another package: bits per symbol of a model's probabilities.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pyinfo/pyinfo.h>  // after Python.h, which pybind11 includes

namespace py = pybind11;

namespace {

const pyinfo_api* info = nullptr;

using Array = py::array_t<double, py::array::c_style | py::array::forcecast>;

void check(pyinfo_error error) {
  if (error == PYINFO_OK) return;
  pyinfo_set_exception(info, error);
  throw py::error_already_set();
}

double excess_bits(const Array& p, const Array& q) {
  if (p.size() != q.size()) throw py::value_error("p and q differ in length");
  double bits = 0;
  pyinfo_error error = PYINFO_OK;
  {
    const py::gil_scoped_release unlocked;
    error =
        info->kl_divergence_f64(p.data(), q.data(), std::size_t(p.size()), PYINFO_CHECK, 2, &bits);
  }
  check(error);
  return bits;
}

py::bytes compress(const py::bytes& data) {
  const std::string_view bytes = data;
  std::size_t size = 0;
  check(info->frame_compress_bound(bytes.size(), nullptr, &size));
  std::string frame(size, '\0');
  check(info->frame_compress(bytes.data(), bytes.size(), nullptr, &frame[0], frame.size(), &size));
  return py::bytes(frame.data(), size);
}

// The divergence of each row of a student's logits from its teacher's; the gradient in `slope`.
py::array_t<double> distill(const py::array_t<float, py::array::c_style>& teacher,
                            const py::array_t<float, py::array::c_style>& student,
                            double temperature, py::array_t<float, py::array::c_style>& slope) {
  if (student.ndim() != 2 || slope.size() != student.size() || teacher.size() != student.size())
    throw py::value_error("shapes differ");
  const auto rows = std::size_t(student.shape(0)), classes = std::size_t(student.shape(1));
  py::array_t<double> values(student.shape(0));
  check(info->logits_kl_divergence(teacher.data(), student.data(), PYINFO_LOGITS_F32, rows, classes,
                                   temperature, 1, values.mutable_data(), slope.mutable_data()));
  return values;
}

}  // namespace

PYBIND11_MODULE(pyinfo_cpp_consumer, m, py::mod_gil_not_used()) {
  info = pyinfo_import();
  if (info == nullptr) throw py::error_already_set();
  m.def("excess_bits", &excess_bits);
  m.def("compress", &compress);
  m.def("distill", &distill, py::arg("teacher"), py::arg("student"), py::arg("temperature"),
        py::arg("slope").noconvert());
}
