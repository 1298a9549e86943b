// The losses of logits as C functions: rows one after another.
#include "logits/logits.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "abi/errors.hpp"
#include "threads/parallel.hpp"

namespace pyinfo::abi {
namespace {

using elements::Element;

Element element_of(pyinfo_logit_type type) {
  switch (type) {
    case PYINFO_LOGITS_F64:
      return Element::float64;
    case PYINFO_LOGITS_F32:
      return Element::float32;
    case PYINFO_LOGITS_F16:
      return Element::float16;
    case PYINFO_LOGITS_BF16:
      return Element::bfloat16;
    default:
      throw Failure(PYINFO_ERROR_ARGUMENT, "there is no such type of logits");
  }
}

logits::Rows rows_of(const void* data, Element type, std::size_t rows, std::size_t classes) {
  logits::Rows all(const_cast<void*>(data), type, classes);
  all.append(rows, std::ptrdiff_t(classes * elements::element_size(type)));
  return all;
}

// compute(type, results), with `gradient` as rows if it is given.
template <class Compute>
pyinfo_error each_row(const void* x, pyinfo_logit_type kind, std::size_t rows, std::size_t classes,
                      int threads, double* values, void* gradient,
                      const Compute& compute) noexcept {
  return guard([&] {
    const Element type = element_of(kind);
    require(classes > 0, "rows without classes");
    require(threads >= 0 && threads <= threads::kMostThreads, "threads out of range");
    if (rows == 0) return;
    require_pointer(x, "logits");
    require_pointer(values, "values");
    logits::Results results;
    results.values = values;
    results.threads = threads::resolve(threads);
    logits::Rows slopes;
    if (gradient != nullptr) {
      slopes = rows_of(gradient, type, rows, classes);
      results.gradient = &slopes;
    }
    compute(type, results);
  });
}

void require_temperature(double temperature) {
  require(logits::is_temperature(temperature), "the temperature must be from 1e-30 to 1e30");
}

}  // namespace
}  // namespace pyinfo::abi

namespace abi = pyinfo::abi;
namespace logits = pyinfo::logits;

pyinfo_error pyinfo_logits_cross_entropy(const void* x, pyinfo_logit_type type, size_t rows,
                                         size_t classes, const int64_t* labels,
                                         int64_t ignore_index, double label_smoothing,
                                         double z_loss, int threads, double* values,
                                         void* gradient) {
  return abi::each_row(
      x, type, rows, classes, threads, values, gradient,
      [&](pyinfo::elements::Element element, const logits::Results& results) {
        abi::require_pointer(labels, "labels");
        abi::require(label_smoothing >= 0 && label_smoothing <= 1, "label_smoothing out of range");
        abi::require(z_loss >= 0 && !std::isinf(z_loss), "z_loss out of range");
        std::vector<std::int64_t> own(rows);
        pyinfo::elements::Operand operand;
        operand.data = reinterpret_cast<const char*>(labels);
        operand.type = pyinfo::elements::Element::int64;
        pyinfo::elements::Space space;
        space.append(std::ptrdiff_t(rows), sizeof *labels, 0);
        const std::size_t wrong =
            logits::read_labels(operand, space, classes, ignore_index, own.data());
        if (wrong != logits::kNoRow)
          throw abi::Failure(PYINFO_ERROR_VALUE,
                             "labels[" + std::to_string(wrong) + "] is out of range");
        const logits::Rows all = abi::rows_of(x, element, rows, classes);
        logits::CrossEntropy of{all};
        of.labels = own.data();
        of.smoothing = label_smoothing;
        of.z_loss = z_loss;
        logits::cross_entropy(of, results);
      });
}

pyinfo_error pyinfo_logits_kl_divergence(const void* p, const void* q, pyinfo_logit_type type,
                                         size_t rows, size_t classes, double temperature,
                                         int threads, double* values, void* gradient) {
  return abi::each_row(p, type, rows, classes, threads, values, gradient,
                       [&](pyinfo::elements::Element element, const logits::Results& results) {
                         abi::require_pointer(q, "q");
                         abi::require_temperature(temperature);
                         logits::kl_divergence(abi::rows_of(p, element, rows, classes),
                                               abi::rows_of(q, element, rows, classes), temperature,
                                               results);
                       });
}

pyinfo_error pyinfo_logits_js_divergence(const void* p, const void* q, pyinfo_logit_type type,
                                         size_t rows, size_t classes, double temperature,
                                         int threads, double* values, void* gradient) {
  return abi::each_row(p, type, rows, classes, threads, values, gradient,
                       [&](pyinfo::elements::Element element, const logits::Results& results) {
                         abi::require_pointer(q, "q");
                         abi::require_temperature(temperature);
                         logits::js_divergence(abi::rows_of(p, element, rows, classes),
                                               abi::rows_of(q, element, rows, classes), temperature,
                                               0.5, 0.5, results);
                       });
}

pyinfo_error pyinfo_logits_entropy(const void* x, pyinfo_logit_type type, size_t rows,
                                   size_t classes, double temperature, int threads, double* values,
                                   void* gradient) {
  return abi::each_row(x, type, rows, classes, threads, values, gradient,
                       [&](pyinfo::elements::Element element, const logits::Results& results) {
                         abi::require_temperature(temperature);
                         logits::entropy(abi::rows_of(x, element, rows, classes), temperature,
                                         results);
                       });
}

pyinfo_error pyinfo_logits_logsumexp(const void* x, pyinfo_logit_type type, size_t rows,
                                     size_t classes, int threads, double* values) {
  return abi::each_row(x, type, rows, classes, threads, values, nullptr,
                       [&](pyinfo::elements::Element element, const logits::Results& results) {
                         logits::logsumexp(abi::rows_of(x, element, rows, classes), values,
                                           results.threads);
                       });
}
