#include "bindings/measure_docs.hpp"

namespace pyinfo::bindings {
namespace {

using measures::Measure;

constexpr char kP[] =
    "p : array_like\n"
    "    Probabilities along `axis`: floats that sum to 1, or counts (integers, booleans),\n"
    "    which are divided by their sum; or pyinfo.Counts.\n";
constexpr char kPAndQ[] =
    "p, q : array_like\n"
    "    Distributions along `axis`: floats that sum to 1, or counts (integers, booleans),\n"
    "    which are divided by their sum. They broadcast against each other. Counts and tables\n"
    "    of value_counts() are aligned by their values.\n";
constexpr char kWeights[] =
    "*more : array_like\n"
    "    More distributions, if it is a mixture of more than two.\n"
    "weights : sequence of float, optional\n"
    "    Weights of the distributions in the mixture, non-negative with sum 1; equal by default.\n";
constexpr char kBase[] =
    "base : float, default 2\n"
    "    Base of the logarithm: 2 gives bits, math.e nats, 10 hartleys.\n";
constexpr char kCommon[] =
    "axis : int, tuple of int or None, default -1\n"
    "    The axes that hold a distribution; None: all of them.\n"
    "keepdims : bool, default False\n"
    "    Keep the reduced axes with length 1.\n"
    "normalize : bool or None, default None\n"
    "    None: floats must sum to 1 within sqrt(eps) of their type. True: everything is\n"
    "    divided by its sum. False: everything is taken as it is.\n"
    "out : ndarray, optional\n"
    "    Receives the result; of its shape and dtype.\n"
    "threads : int, default 1\n"
    "    Threads for large inputs, 0 for all cores. The result does not depend on it.\n"
    "\n"
    "Returns\n"
    "-------\n"
    "float or ndarray\n"
    "    float32 if all input is float32, float64 otherwise; a scalar for 1-D input. NaN for\n"
    "    a slice that holds a NaN.\n"
    "\n"
    "Raises\n"
    "------\n"
    "ValueError\n"
    "    A value is negative or above 1, a sum is not 1 (or is 0), an axis is empty.\n"
    "TypeError\n"
    "    An array does not hold real numbers.\n";

}  // namespace

const char* const kInformationContentDocumentation =
    "information_content($module, /, p, *, base=2, out=None)\n--\n\n"
    "Information content -log p of events of probability p, element by element.\n"
    "\n"
    "Within 2 ULP for every input; 0 for p = 1, inf for p = 0.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "p : array_like\n"
    "    Probabilities, each in [0, 1]; integers and booleans are the probabilities 0 and "
    "1.\n"
    "base : float, default 2\n"
    "    Base of the logarithm: 2 gives bits, math.e nats, 10 hartleys.\n"
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
    "C. E. Shannon, A Mathematical Theory of Communication, 1948.\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> pyinfo.information_content([1.0, 0.5, 0.125])\n"
    "array([0., 1., 3.])\n";

std::string measure_documentation(const Measure& measure) {
  const bool two = measure.operands == 2;
  const bool alpha = measure.takes(measures::kAlpha);
  const bool weights = measure.takes(measures::kWeights);
  const bool base = measure.takes(measures::kBase);
  const measures::Documentation& words = measure.documentation;

  std::string text = measure.name;
  text += two ? "($module, /, p, q, " : "($module, /, p, ";
  text += alpha ? "alpha, *, " : weights ? "*more, " : "*, ";
  text += weights ? "weights=None, " : "";
  text += base ? "base=2, " : "";
  text += "axis=-1, keepdims=False, normalize=None, out=None, threads=1)\n--\n\n";

  text += words.summary;
  text += "\n\n";
  if (words.details[0] != '\0') text += std::string(words.details) + "\n";
  text += "Parameters\n----------\n";
  text += two ? kPAndQ : kP;
  if (alpha)
    text += std::string("alpha : float\n    The order, at least 0. ") + words.limits + "\n";
  text += weights ? kWeights : "";
  text += base ? kBase : "";
  text += kCommon;
  if (words.source[0] != '\0') text += std::string("\nNotes\n-----\n") + words.source + "\n";
  if (words.example[0] != '\0') text += std::string("\nExamples\n--------\n") + words.example;
  return text;
}

}  // namespace pyinfo::bindings
