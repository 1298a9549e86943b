// Losses and divergences of the distributions that rows of logits stand for, p = softmax(x).
//
// Results are one double for each row, in nats times `unit`; gradients are of the sum of the rows'
// results times `scale`, in the type of the logits, and may be written over these. A row has no
// distribution, and gives a NaN, if all its logits are -inf or one is +inf or a NaN; -inf otherwise
// is a probability of 0. Rows are worked on by several threads, each by one: the results do not
// depend on how many.
#pragma once

#include <cstddef>
#include <cstdint>

#include "elements/strided.hpp"

namespace pyinfo::logits {

// Contiguous rows anywhere in memory, of one of the first four elements.
class Rows {
 public:
  Rows() noexcept {}
  Rows(void* data, elements::Element type, std::size_t classes) noexcept;
  // Of the axes that there are: room for all is a KiB, which takes longer than a small row.
  Rows(const Rows& other) noexcept { *this = other; }
  Rows& operator=(const Rows& other) noexcept;

  // One axis more, the outermost first; at most elements::kMaxDimensions times.
  void append(std::size_t extent, std::ptrdiff_t stride) noexcept;

  char* row(std::size_t i) const noexcept;
  std::size_t count() const noexcept { return count_; }
  std::size_t classes() const noexcept { return classes_; }
  elements::Element type() const noexcept { return type_; }
  std::size_t row_bytes() const noexcept { return classes_ * elements::element_size(type_); }

 private:
  char* data_ = nullptr;
  elements::Element type_ = elements::Element::float32;
  std::size_t classes_ = 0;
  std::size_t count_ = 1;
  int dimensions_ = 0;
  std::size_t shape_[elements::kMaxDimensions];
  std::ptrdiff_t strides_[elements::kMaxDimensions];
};

// The element that results and targets of such logits have: float64 for float64, else float32.
constexpr elements::Element result_element(elements::Element logits) noexcept {
  return logits == elements::Element::float64 ? logits : elements::Element::float32;
}

inline constexpr std::size_t kNoRow = std::size_t(-1);
inline constexpr std::int64_t kIgnored = -1;

// Copies labels of any integer type: kIgnored for those that are `ignored`. Returns the place of
// the first that is neither that nor below `classes`, kNoRow if there is none.
std::size_t read_labels(const elements::Operand& operand, const elements::Space& space,
                        std::size_t classes, std::int64_t ignored, std::int64_t* labels) noexcept;

// Copies the weights of classes. Returns the place of the first that is negative or not finite.
std::size_t read_weight(const elements::Operand& operand, const elements::Space& space,
                        double* weight) noexcept;

// What is asked of every function: where results go, and how large gradients are.
struct Results {
  double* values = nullptr;        // one for each row
  const Rows* gradient = nullptr;  // of the type of the logits; null: none
  double unit = 1;
  double scale = 1;
  int threads = 1;
};

// What targets may be: distributions; weights that are divided by their sum; weights as they are.
enum class Targets : std::uint8_t { distributions, divided, as_is };

// Of labels, or of targets: of the type result_element(logits).
//
// With t = weight (1 - smoothing) target + weight smoothing / (number of logits that are not -inf),
// a row's loss is sum t (lse - x) + z_loss lse^2, lse the logarithm of the sum of e^x. Its gradient
// is p (sum t + 2 z_loss lse) - t. Of ignored rows both are 0.
struct CrossEntropy {
  const Rows& logits;
  const std::int64_t* labels = nullptr;  // kIgnored, or below the number of classes
  const Rows* targets = nullptr;
  const double* weight = nullptr;  // of each class, finite and not negative
  double smoothing = 0;
  double z_loss = 0;
  Targets kind = Targets::distributions;
};
// What a mean is divided by: the weights of the rows' labels, or the number of targets.
double total_weight(const CrossEntropy& of) noexcept;
// Returns the first row whose target is not what it may be, kNoRow if there is none; results are
// unspecified then.
std::size_t cross_entropy(const CrossEntropy& of, const Results& results);

// The temperatures whose inverses, times logits, are within float32.
constexpr bool is_temperature(double temperature) noexcept {
  return temperature >= 1e-30 && temperature <= 1e30;
}

// KL(p || q) of p = softmax(a / temperature) and q = softmax(b / temperature), with the gradient in
// b. Never negative; infinite where a logit of b is -inf and that of a is not.
void kl_divergence(const Rows& a, const Rows& b, double temperature, const Results& results);

// weight_a KL(p || m) + weight_b KL(q || m) with m = weight_a p + weight_b q, gradient in b.
void js_divergence(const Rows& a, const Rows& b, double temperature, double weight_a,
                   double weight_b, const Results& results);

// H(softmax(x / temperature)).
void entropy(const Rows& x, double temperature, const Results& results);

// ln sum e^x: -inf of a row of -inf, inf where +inf is.
void logsumexp(const Rows& x, double* values, int threads);

// x - lse, to rows of the type result_element(x), which may be the same memory as x if that has it.
void log_softmax(const Rows& x, const Rows& out, int threads);

// Where each row's largest logit is first; 0 if all are -inf or NaN.
void top(const Rows& x, std::int64_t* indices, int threads);

// A compensated sum of the rows' results.
double sum(const double* values, std::size_t n) noexcept;

}  // namespace pyinfo::logits
