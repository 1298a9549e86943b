// Docstrings of the measures, the first line in the form that inspect.signature reads.
#pragma once

namespace pyinfo::bindings::docs {

#define PYINFO_REDUCTION "axis=-1, keepdims=False, normalize=None, out=None, threads=1)\n--\n\n"

#define PYINFO_P                                                                              \
  "p : array_like\n"                                                                          \
  "    Probabilities along `axis`: floats that sum to 1, or counts (integers, booleans),\n"   \
  "    which are divided by their sum.\n"
#define PYINFO_P_Q                                                                            \
  "p, q : array_like\n"                                                                       \
  "    Distributions along `axis`: floats that sum to 1, or counts (integers, booleans),\n"   \
  "    which are divided by their sum. They broadcast against each other.\n"
#define PYINFO_BASE                                                                           \
  "base : float, default 2\n"                                                                 \
  "    Base of the logarithm: 2 gives bits, math.e nats, 10 hartleys.\n"
#define PYINFO_COMMON                                                                         \
  "axis : int, tuple of int or None, default -1\n"                                            \
  "    The axes that hold a distribution; None: all of them.\n"                               \
  "keepdims : bool, default False\n"                                                          \
  "    Keep the reduced axes with length 1.\n"                                                \
  "normalize : bool or None, default None\n"                                                  \
  "    None: floats must sum to 1 within sqrt(eps) of their type. True: everything is\n"      \
  "    divided by its sum. False: everything is taken as it is.\n"                            \
  "out : ndarray, optional\n"                                                                 \
  "    Receives the result; of its shape and dtype.\n"                                        \
  "threads : int, default 1\n"                                                                \
  "    Threads for large inputs, 0 for all cores. The result does not depend on it.\n"        \
  "\n"                                                                                        \
  "Returns\n"                                                                                 \
  "-------\n"                                                                                 \
  "float or ndarray\n"                                                                        \
  "    float32 if all input is float32, float64 otherwise; a scalar for 1-D input. NaN for\n" \
  "    a slice that holds a NaN.\n"                                                           \
  "\n"                                                                                        \
  "Raises\n"                                                                                  \
  "------\n"                                                                                  \
  "ValueError\n"                                                                              \
  "    A value is negative or above 1, a sum is not 1 (or is 0), an axis is empty.\n"         \
  "TypeError\n"                                                                               \
  "    An array does not hold real numbers.\n"

inline constexpr char kInformationContent[] =
    "information_content($module, /, p, *, base=2, out=None)\n--\n\n"
    "Information content -log p of events of probability p, element by element.\n"
    "\n"
    "Within 2 ULP for every input; 0 for p = 1, inf for p = 0.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "p : array_like\n"
    "    Probabilities, each in [0, 1]; integers and booleans are the probabilities 0 and "
    "1.\n" PYINFO_BASE
    "out : ndarray, optional\n"
    "    Receives the result; of its shape and dtype. May be p itself.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "float or ndarray\n"
    "    Of p's shape; float32 for float32, float64 otherwise. NaN where p is NaN.\n"
    "\n"
    "Raises\n"
    "------\n"
    "ValueError\n"
    "    A value is negative or above 1 (by more than sqrt(eps), which counts as rounding).\n"
    "\n"
    "Notes\n"
    "-----\n"
    "C. E. Shannon, A Mathematical Theory of Communication, 1948.\n";

inline constexpr char kEntropy[] =
    "entropy($module, /, p, *, base=2, " PYINFO_REDUCTION
    "Shannon entropy -sum p log p, the mean information content.\n"
    "\n"
    "0 log 0 is 0. The relative error is at most 4 eps of the result's type.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "C. E. Shannon, A Mathematical Theory of Communication, 1948.\n";

inline constexpr char kCrossEntropy[] =
    "cross_entropy($module, /, p, q, *, base=2, " PYINFO_REDUCTION
    "Cross-entropy -sum p log q, the mean cost of coding p with the code book of q.\n"
    "\n"
    "Infinite where p > 0 = q. entropy(p) + kl_divergence(p, q).\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_BASE PYINFO_COMMON;

inline constexpr char kKlDivergence[] =
    "kl_divergence($module, /, p, q, *, base=2, " PYINFO_REDUCTION
    "Kullback-Leibler divergence sum p log(p / q), what coding p as q wastes.\n"
    "\n"
    "Never negative, 0 only for p = q, and as accurate for nearly equal p and q as for others:\n"
    "it is summed as q phi(p / q), phi(t) = t ln t - t + 1, without cancellation. Infinite\n"
    "where p > 0 = q. With normalize=False the sum of p - q is added, which makes it\n"
    "sum p log(p / q) of the numbers as they are.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "S. Kullback and R. A. Leibler, On Information and Sufficiency, 1951.\n";

#define PYINFO_WEIGHTS                                                                        \
  "weights : pair of float, optional\n"                                                       \
  "    Weights of p and q in the mixture, non-negative with sum 1; one half each by default.\n"

inline constexpr char kJsDivergence[] =
    "js_divergence($module, /, p, q, *, weights=None, base=2, " PYINFO_REDUCTION
    "Jensen-Shannon divergence, the mean divergence of p and q from their mixture.\n"
    "\n"
    "w_p KL(p || m) + w_q KL(q || m) with m = w_p p + w_q q. Symmetric for equal weights,\n"
    "between 0 and 1 bit, never negative nor NaN, accurate for nearly equal p and q.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_WEIGHTS PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "J. Lin, Divergence Measures Based on the Shannon Entropy, 1991.\n";

inline constexpr char kJsDistance[] =
    "js_distance($module, /, p, q, *, weights=None, base=2, " PYINFO_REDUCTION
    "Jensen-Shannon distance, the square root of the divergence: a metric.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_WEIGHTS PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "D. M. Endres and J. E. Schindelin, A New Metric for Probability Distributions, 2003.\n";

#define PYINFO_ALPHA(limits)                                                                  \
  "alpha : float\n"                                                                           \
  "    The order, at least 0. " limits "\n"

inline constexpr char kRenyiEntropy[] =
    "renyi_entropy($module, /, p, alpha, *, base=2, " PYINFO_REDUCTION
    "Renyi entropy log(sum p^alpha) / (1 - alpha).\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P PYINFO_ALPHA(
        "0: log of the support's size; 1: Shannon's; inf: -log max p.") PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "A. Renyi, On Measures of Entropy and Information, 1961.\n";

inline constexpr char kTsallisEntropy[] =
    "tsallis_entropy($module, /, p, alpha, *, " PYINFO_REDUCTION
    "Tsallis entropy (1 - sum p^alpha) / (alpha - 1).\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P PYINFO_ALPHA(
        "0: the support's size less 1; 1: Shannon's in nats; inf: 0.") PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "C. Tsallis, Possible Generalization of Boltzmann-Gibbs Statistics, 1988.\n";

inline constexpr char kRenyiDivergence[] =
    "renyi_divergence($module, /, p, q, alpha, *, base=2, " PYINFO_REDUCTION
    "Renyi divergence log(sum p^alpha q^(1 - alpha)) / (alpha - 1).\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_ALPHA(
        "0: -log q(p > 0); 1: Kullback-Leibler; inf: log max p / q.") PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "T. van Erven and P. Harremoes, Renyi Divergence and Kullback-Leibler Divergence, 2014.\n";

inline constexpr char kJeffreysDivergence[] =
    "jeffreys_divergence($module, /, p, q, *, base=2, " PYINFO_REDUCTION
    "Jeffreys divergence KL(p || q) + KL(q || p) = sum (p - q) log(p / q).\n"
    "\n"
    "Infinite where one of p and q is 0 and the other is not.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "H. Jeffreys, An Invariant Form for the Prior Probability in Estimation Problems, 1946.\n";

inline constexpr char kHellingerDistance[] =
    "hellinger_distance($module, /, p, q, *, " PYINFO_REDUCTION
    "Hellinger distance sqrt(sum (sqrt p - sqrt q)^2 / 2), a metric between 0 and 1.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "E. Hellinger, 1909.\n";

inline constexpr char kBhattacharyyaDistance[] =
    "bhattacharyya_distance($module, /, p, q, *, base=2, " PYINFO_REDUCTION
    "Bhattacharyya distance -log sum sqrt(p q).\n"
    "\n"
    "Infinite for distributions without a common value.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_BASE PYINFO_COMMON
    "\n"
    "Notes\n"
    "-----\n"
    "A. Bhattacharyya, 1943.\n";

inline constexpr char kTotalVariationDistance[] =
    "total_variation_distance($module, /, p, q, *, " PYINFO_REDUCTION
    "Total variation distance sum |p - q| / 2, the largest difference in any event's probability.\n"
    "\n"
    "Parameters\n"
    "----------\n" PYINFO_P_Q PYINFO_COMMON;

#undef PYINFO_REDUCTION
#undef PYINFO_P
#undef PYINFO_P_Q
#undef PYINFO_BASE
#undef PYINFO_COMMON
#undef PYINFO_WEIGHTS
#undef PYINFO_ALPHA

}  // namespace pyinfo::bindings::docs
