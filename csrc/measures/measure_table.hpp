// The table of measures: one row says all about a measure. Dispatch, tests, Python's functions and
// their documentation are made of the rows. docs/adding-a-measure.md adds two.
#pragma once

#include <cmath>
#include <cstddef>
#include <string_view>

#include "measures/reference.hpp"

namespace pyinfo::measures {

// The fast formulas: what is made of a kernel's sums. entropy.cpp:
template <class T>
Result entropy(const Request& request, const Slice<T>& slice);
template <class T>
Result cross_entropy(const Request& request, const Slice<T>& slice);
Result renyi_entropy(const Request& request, const Slice<double>& slice);
Result tsallis_entropy(const Request& request, const Slice<double>& slice);
// divergence.cpp:
template <class T>
Result kl_divergence(const Request& request, const Slice<T>& slice);
template <class T>
Result js_divergence(const Request& request, const Slice<T>& slice);
template <class T>
Result js_distance(const Request& request, const Slice<T>& slice);
Result jeffreys_divergence(const Request& request, const Slice<double>& slice);
Result renyi_divergence(const Request& request, const Slice<double>& slice);
Result hellinger_distance(const Request& request, const Slice<double>& slice);
Result bhattacharyya_distance(const Request& request, const Slice<double>& slice);
Result total_variation_distance(const Request& request, const Slice<double>& slice);

// Arguments that some measures take beside those that all have.
enum Option : unsigned { kNoOption = 0, kAlpha = 1, kWeights = 2, kBase = 4 };

// When a formula's first kernel, with its parameters, is the same for every slice, so that it can
// run on many slices at once.
enum class Planned : unsigned char {
  never,
  unless_divided,  // a slice that is divided by its sum has a scale of its own
  always,
};

// Float kernels are optional: a measure without them computes floats in double.
struct Formula {
  Result (*f64)(const Request&, const Slice<double>&);
  Result (*f32)(const Request&, const Slice<float>&);
  bool has_f32;  // to gcc's sanitizers, a function that is compared with null is no constant

  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Formula(decltype(f64) in_double) : f64(in_double), f32(nullptr), has_f32(false) {}
  constexpr Formula(decltype(f64) in_double, decltype(f32) in_float)
      : f64(in_double), f32(in_float), has_f32(true) {}
};

// The definition: a sum of terms, or a function of the scalar reference.
struct Definition {
  using Term = double (*)(const Request&, double p, double q);  // of shares; q is 0 without a q
  using OfSum = double (*)(const Request&, double sum);

  Term term = nullptr;
  OfSum of_sum = nullptr;
  double (*f64)(const Request&, const Slice<double>&) = nullptr;
  double (*f32)(const Request&, const Slice<float>&) = nullptr;

  constexpr Definition(Term the_term, OfSum make) : term(the_term), of_sum(make) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Definition(decltype(f64) in_double, decltype(f32) in_float = nullptr)
      : f64(in_double), f32(in_float) {}
};

struct Documentation {
  const char* summary;       // one line
  const char* details;       // lines that end in \n, or nothing
  const char* source;        // who defined it, or nothing
  const char* limits = "";   // special values of alpha
  const char* example = "";  // a session of Python's, lines that end in \n, or nothing
};

struct Measure {
  const char* name;
  int operands;
  unsigned options;
  Kernel kernel;  // the first one its formula runs
  Planned planned;
  Formula formula;
  Definition definition;
  Documentation documentation;

  constexpr bool takes(Option option) const noexcept { return (options & option) != 0; }
  constexpr bool has_float_kernels() const noexcept { return formula.has_f32; }
};

// What is made of sums in nats, and of those that have no unit.
inline double in_unit(const Request& request, double nats) { return request.unit / kLn2 * nats; }
inline double js_term(const Request& request, double p, double q) {
  const double m = request.weight_p * p + request.weight_q * q;
  if (m == 0) return 0;
  return request.weight_p * reference::bregman(p, m) + request.weight_q * reference::bregman(q, m);
}

inline constexpr Measure kMeasures[] = {
    {"entropy",
     1,
     kBase,
     Kernel::x_log_x,
     Planned::always,
     {entropy<double>, entropy<float>},
     {reference::entropy<double>, reference::entropy<float>},
     {"Shannon entropy -sum p log p, the mean information content.",
      "0 log 0 is 0. The relative error is at most 4 eps of the result's type.\n",
      "C. E. Shannon, A Mathematical Theory of Communication, 1948.", "",
      ">>> pyinfo.entropy([0.5, 0.25, 0.25])\n"
      "1.5\n"
      ">>> pyinfo.entropy([[30, 30, 60], [1, 1, 2]], axis=1)\n"
      "array([1.5, 1.5])\n"}},

    {"cross_entropy",
     2,
     kBase,
     Kernel::x_log_y,
     Planned::unless_divided,
     {cross_entropy<double>, cross_entropy<float>},
     {reference::cross_entropy<double>, reference::cross_entropy<float>},
     {"Cross-entropy -sum p log q, the mean cost of coding p with the code book of q.",
      "Infinite where p > 0 = q. entropy(p) + kl_divergence(p, q).\n", "", "",
      ">>> pyinfo.cross_entropy([0.5, 0.5], [0.25, 0.75]) > pyinfo.entropy([0.5, 0.5])\n"
      "True\n"}},

    {"kl_divergence",
     2,
     kBase,
     Kernel::kl,
     Planned::unless_divided,
     {kl_divergence<double>, kl_divergence<float>},
     // Of distributions, the sum of (p - q) is 0 and adding p's and q's rounding errors is wrong.
     {[](const Request& request, double p, double q) {
        if (request.p != Normalization::as_is) return reference::bregman(p, q);
        if (p == 0) return 0.0;
        return q == 0 ? kInfinity : p * reference::log_ratio(p, q);
      },
      in_unit},
     {"Kullback-Leibler divergence sum p log(p / q), what coding p as q wastes.",
      "Never negative, 0 only for p = q, and as accurate for nearly equal p and q as for others:\n"
      "it is summed as q phi(p / q), phi(t) = t ln t - t + 1, without cancellation. Infinite\n"
      "where p > 0 = q. With normalize=False it is sum p log(p / q) of the numbers as they\n"
      "are, which may be negative.\n",
      "S. Kullback and R. A. Leibler, On Information and Sufficiency, 1951.", "",
      ">>> round(pyinfo.kl_divergence([0.5, 0.5, 0.0], [0.25, 0.25, 0.5]), 12)\n"
      "1.0\n"}},

    {"js_divergence",
     2,
     kWeights | kBase,
     Kernel::js,
     Planned::unless_divided,
     {js_divergence<double>, js_divergence<float>},
     {js_term, in_unit},
     {"Jensen-Shannon divergence, the mean divergence of p and q from their mixture.",
      "w_p KL(p || m) + w_q KL(q || m) with m = w_p p + w_q q. Symmetric for equal weights,\n"
      "never negative nor NaN, accurate for nearly equal p and q. At most the entropy of the\n"
      "weights: 1 bit for two of equal weight, log2(n) bits for n of equal weight.\n",
      "J. Lin, Divergence Measures Based on the Shannon Entropy, 1991.", "",
      ">>> pyinfo.js_divergence([1.0, 0.0], [0.0, 1.0])\n"
      "1.0\n"}},

    {"js_distance",
     2,
     kWeights | kBase,
     Kernel::js,
     Planned::unless_divided,
     {js_distance<double>, js_distance<float>},
     {js_term,
      [](const Request& request, double nats) { return std::sqrt(in_unit(request, nats)); }},
     {"Jensen-Shannon distance, the square root of the divergence: a metric.", "",
      "D. M. Endres and J. E. Schindelin, A New Metric for Probability Distributions, 2003.", "",
      ">>> pyinfo.js_distance([1.0, 0.0], [0.0, 1.0])\n"
      "1.0\n"}},

    {"renyi_entropy",
     1,
     kAlpha | kBase,
     Kernel::power,
     Planned::never,
     renyi_entropy,
     reference::renyi_entropy,
     {"Renyi entropy log(sum p^alpha) / (1 - alpha).", "",
      "A. Renyi, On Measures of Entropy and Information, 1961.",
      "0: log of the support's size; 1: Shannon's; inf: -log max p.",
      ">>> pyinfo.renyi_entropy([0.5, 0.25, 0.25], np.inf)\n"
      "1.0\n"}},

    {"tsallis_entropy",
     1,
     kAlpha,
     Kernel::power,
     Planned::never,
     tsallis_entropy,
     reference::tsallis_entropy,
     {"Tsallis entropy (1 - sum p^alpha) / (alpha - 1).", "",
      "C. Tsallis, Possible Generalization of Boltzmann-Gibbs Statistics, 1988.",
      "0: the support's size less 1; 1: Shannon's in nats; inf: 0.",
      ">>> pyinfo.tsallis_entropy([0.5, 0.5], 2)\n"
      "0.5\n"}},

    {"renyi_divergence",
     2,
     kAlpha | kBase,
     Kernel::ratio_power,
     Planned::never,
     renyi_divergence,
     reference::renyi_divergence,
     {"Renyi divergence log(sum p^alpha q^(1 - alpha)) / (alpha - 1).", "",
      "T. van Erven and P. Harremoes, Renyi Divergence and Kullback-Leibler Divergence, 2014.",
      "0: -log q(p > 0); 1: Kullback-Leibler; inf: log max p / q.",
      ">>> pyinfo.renyi_divergence([1.0, 0.0], [0.5, 0.5], 2)\n"
      "1.0\n"}},

    {"jeffreys_divergence",
     2,
     kBase,
     Kernel::jeffreys,
     Planned::unless_divided,
     jeffreys_divergence,
     {[](const Request&, double p, double q) {
        if (p == q) return 0.0;
        return p == 0 || q == 0 ? kInfinity : (p - q) * reference::log_ratio(p, q);
      },
      in_unit},
     {"Jeffreys divergence KL(p || q) + KL(q || p) = sum (p - q) log(p / q).",
      "Infinite where one of p and q is 0 and the other is not.\n",
      "H. Jeffreys, An Invariant Form for the Prior Probability in Estimation Problems, 1946.", "",
      ">>> pyinfo.jeffreys_divergence([0.75, 0.25], [0.75, 0.25])\n"
      "0.0\n"}},

    {"hellinger_distance",
     2,
     kNoOption,
     Kernel::hellinger,
     Planned::unless_divided,
     hellinger_distance,
     {[](const Request&, double p, double q) {
        const double root = std::sqrt(p) + std::sqrt(q);
        const double difference = root == 0 ? 0.0 : (p - q) / root;
        return difference * difference;
      },
      [](const Request&, double sum) { return std::sqrt(0.5 * sum); }},
     {"Hellinger distance sqrt(sum (sqrt p - sqrt q)^2 / 2), a metric between 0 and 1.", "",
      "E. Hellinger, 1909.", "",
      ">>> pyinfo.hellinger_distance([1.0, 0.0], [0.0, 1.0])\n"
      "1.0\n"}},

    {"bhattacharyya_distance",
     2,
     kBase,
     Kernel::hellinger,
     Planned::unless_divided,
     bhattacharyya_distance,
     {[](const Request&, double p, double q) { return std::sqrt(p) * std::sqrt(q); },
      [](const Request& request, double sum) { return -request.unit * std::log2(sum); }},
     {"Bhattacharyya distance -log sum sqrt(p q).",
      "Infinite for distributions without a common value.\n", "A. Bhattacharyya, 1943.", "",
      ">>> pyinfo.bhattacharyya_distance([1.0, 0.0], [0.25, 0.75])\n"
      "1.0\n"}},

    {"total_variation_distance",
     2,
     kNoOption,
     Kernel::total_variation,
     Planned::unless_divided,
     total_variation_distance,
     {[](const Request&, double p, double q) { return std::abs(p - q); },
      [](const Request&, double sum) { return 0.5 * sum; }},
     {"Total variation distance sum |p - q| / 2, the largest difference in any event's "
      "probability.",
      "", "", "",
      ">>> pyinfo.total_variation_distance([0.5, 0.5], [0.25, 0.75])\n"
      "0.25\n"}},
};
inline constexpr std::size_t kMeasureCount = sizeof kMeasures / sizeof kMeasures[0];

// The row of that name. In a constant expression, a name that has no row does not compile.
constexpr const Measure& row(std::string_view name) noexcept {
  std::size_t i = 0;
  while (name != kMeasures[i].name) ++i;
  return kMeasures[i];
}

// One slice, in the type that it is computed in; in float only if the measure has float kernels.
inline Result measure_slice(const Measure& measure, const Request& request,
                            const Slice<double>& slice) {
  return measure.formula.f64(request, slice);
}
inline Result measure_slice(const Measure& measure, const Request& request,
                            const Slice<float>& slice) {
  PYINFO_ASSERT(measure.has_float_kernels());
  return measure.formula.f32(request, slice);
}

}  // namespace pyinfo::measures
