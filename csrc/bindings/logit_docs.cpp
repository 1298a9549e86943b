#include "bindings/logit_docs.hpp"

namespace pyinfo::bindings {
namespace {

#define PYINFO_REDUCTION(default)                                                                \
  "reduction : {'mean', 'sum', 'none'}, default '" default "'\n"                                 \
  "    What becomes of the rows' results; 'none' keeps the shape of the logits without `axis`.\n"
#define PYINFO_GRAD(of)                                                                          \
  "grad : ndarray, optional\n"                                                                   \
  "    Receives the gradient of the result (of the sum, if it is not reduced) in " of ":\n"      \
  "    of their shape and type. May be " of " themselves. Gradients of bfloat16 may be written\n" \
  "    to integers of 16 bits.\n"
#define PYINFO_BASE                                                                              \
  "base : float, default math.e\n"                                                               \
  "    Base of the logarithm: math.e gives nats, 2 bits.\n"
#define PYINFO_OUT                                                                               \
  "out : ndarray, optional\n"                                                                    \
  "    Receives the result; of its shape and dtype.\n"
#define PYINFO_COMMON_PARAMETERS                                                                 \
  "axis : int, default -1\n"                                                                     \
  "    The axis of the classes. Rows along another than the last are copied.\n"                  \
  "threads : int, default 1\n"                                                                   \
  "    Threads for many rows, 0 for all cores. The result does not depend on it.\n"
#define PYINFO_COMMON PYINFO_COMMON_PARAMETERS "\n"
#define PYINFO_RETURNS                                                                           \
  "Returns\n"                                                                                    \
  "-------\n"                                                                                    \
  "float or ndarray\n"                                                                           \
  "    float64 for logits of float64 or integers, float32 for all others. NaN for rows that\n"   \
  "    have no distribution: all -inf, with +inf or with NaN. Other -inf are probabilities of\n" \
  "    0.\n"
#define PYINFO_RAISES                                                                            \
  "\n"                                                                                           \
  "Raises\n"                                                                                     \
  "------\n"                                                                                     \
  "ValueError\n"                                                                                 \
  "    Shapes do not fit, a number is out of range, there are no classes.\n"                     \
  "TypeError\n"                                                                                  \
  "    An array has another type than it must have.\n"

}  // namespace

const char* const kLogitCrossEntropyDocumentation =
    "cross_entropy($module, /, logits, labels, *, weight=None, ignore_index=-100, "
    "label_smoothing=0.0, reduction='mean', z_loss=0.0, base=2.718281828459045, grad=None, "
    "out=None, axis=-1, threads=1, normalize=None)\n--\n\n"
    "Cross-entropy of labels and softmax(logits), the loss of classifiers and language models.\n"
    "\n"
    "Within 4 eps of the exact loss, relative to it, and never negative. Every row is read once,\n"
    "and once more from the cache for the gradient.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "logits : array_like\n"
    "    Logarithms of weights of classes, along `axis`.\n"
    "labels : array_like\n"
    "    Integers of any width, the class of each row: of the shape of the logits without `axis`.\n"
    "    Or floats of the shape of the logits that are distributions over the classes.\n"
    "weight : array_like, optional\n"
    "    A weight for each class, which its part of the loss is multiplied by.\n"
    "ignore_index : int, default -100\n"
    "    Rows with this label have no loss, no gradient and no weight in the mean.\n"
    "label_smoothing : float, default 0.0\n"
    "    How much of the label's probability is shared by all classes whose logits are not -inf.\n"
    PYINFO_REDUCTION("mean")
    "    A mean is divided by the sum of the labels' weights; by the number of rows for\n"
    "    distributions. It is 0 if every row is ignored.\n"
    "z_loss : float, default 0.0\n"
    "    This much times the square of log sum e^logits is added to each row's loss in nats.\n"
    PYINFO_BASE PYINFO_GRAD("the logits") PYINFO_OUT PYINFO_COMMON_PARAMETERS
    "normalize : bool, optional\n"
    "    For labels that are weights of classes: True divides each row by its sum, False takes\n"
    "    them as they are. By default they must be distributions.\n"
    "\n"
    PYINFO_RETURNS PYINFO_RAISES
    "\n"
    "Notes\n"
    "-----\n"
    "As torch.nn.functional.cross_entropy, but for masked classes with label smoothing (torch:\n"
    "inf) and means over nothing (torch: NaN).\n"
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> from pyinfo import logits\n"
    ">>> x = np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 0.5]])\n"
    ">>> slope = np.empty_like(x)\n"
    ">>> round(logits.cross_entropy(x, [0, 2], grad=slope), 6)\n"
    "0.634229\n"
    ">>> slope.round(3)\n"
    "array([[-0.078,  0.057,  0.021],\n"
    "       [ 0.167,  0.167, -0.333]])\n";

const char* const kLogitKlDocumentation =
    "kl_divergence($module, /, p_logits, q_logits, *, temperature=1.0, reduction='mean', "
    "grad=None, base=2.718281828459045, out=None, axis=-1, threads=1)\n--\n\n"
    "KL divergence of q = softmax(q_logits / temperature) from p = softmax(p_logits / "
    "temperature).\n"
    "\n"
    "The loss of distillation, p being the teacher. Never negative; 0 for logits that are equal "
    "up\n"
    "to a constant; accurate however close they are. Infinite where q has a masked class (-inf)\n"
    "and p does not.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "p_logits, q_logits : array_like\n"
    "    Logits along `axis`, of one shape and type.\n"
    "temperature : float, default 1.0\n"
    "    What both are divided by. (The loss is not multiplied by its square.)\n" PYINFO_REDUCTION(
        "mean") PYINFO_GRAD("q_logits")
        PYINFO_BASE PYINFO_OUT PYINFO_COMMON PYINFO_RETURNS PYINFO_RAISES
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> from pyinfo import logits\n"
    ">>> teacher, student = np.log([0.5, 0.5]), np.log([0.25, 0.75])\n"
    ">>> round(logits.kl_divergence(teacher, student, base=2), 6)\n"
    "0.207519\n"
    ">>> logits.kl_divergence(teacher, teacher + 7)\n"
    "0.0\n";

const char* const kLogitJsDocumentation =
    "js_divergence($module, /, p_logits, q_logits, *, weights=None, temperature=1.0, "
    "reduction='mean', grad=None, base=2.718281828459045, out=None, axis=-1, threads=1)\n--\n\n"
    "Jensen-Shannon divergence of softmax(p_logits / temperature) and softmax(q_logits / "
    "temperature).\n"
    "\n"
    "Never negative; 0 for logits that are equal up to a constant; finite for masked classes.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "p_logits, q_logits : array_like\n"
    "    Logits along `axis`, of one shape and type.\n"
    "weights : pair of float, optional\n"
    "    Weights of p and q in their mixture, non-negative with sum 1; equal by default.\n"
    "temperature : float, default 1.0\n"
    "    What both are divided by.\n" PYINFO_REDUCTION("mean") PYINFO_GRAD("q_logits")
        PYINFO_BASE PYINFO_OUT PYINFO_COMMON PYINFO_RETURNS PYINFO_RAISES
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> from pyinfo import logits\n"
    ">>> certain, other = [0.0, -np.inf], [-np.inf, 0.0]\n"
    ">>> logits.js_divergence(certain, other, base=2)\n"
    "1.0\n";

const char* const kLogitEntropyDocumentation =
    "entropy($module, /, logits, *, temperature=1.0, reduction='none', grad=None, "
    "base=2.718281828459045, out=None, axis=-1, threads=1)\n--\n\n"
    "Entropy of softmax(logits / temperature).\n"
    "\n"
    "Accurate for rows in which one class has nearly all the probability.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "logits : array_like\n"
    "    Logarithms of weights of classes, along `axis`.\n"
    "temperature : float, default 1.0\n"
    "    What they are divided by.\n" PYINFO_REDUCTION("none") PYINFO_GRAD("the logits")
        PYINFO_BASE PYINFO_OUT PYINFO_COMMON PYINFO_RETURNS PYINFO_RAISES
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> from pyinfo import logits\n"
    ">>> x = np.log([[0.5, 0.25, 0.25], [1.0, 1.0, 2.0]])\n"
    ">>> logits.entropy(x, base=2)\n"
    "array([1.5, 1.5])\n";

const char* const kLogsumexpDocumentation =
    "logsumexp($module, /, logits, *, out=None, axis=-1, threads=1)\n--\n\n"
    "Logarithm of the sum of e^logits, which no logits overflow.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "logits : array_like\n"
    "    Any real numbers.\n" PYINFO_OUT PYINFO_COMMON
    "Returns\n"
    "-------\n"
    "float or ndarray\n"
    "    Of the shape without `axis`: float64 for float64 or integers, float32 for all others.\n"
    "    -inf if all are, inf if one is +inf.\n" PYINFO_RAISES
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> from pyinfo import logits\n"
    ">>> round(logits.logsumexp([1000.0, 1000.0]) - 1000, 6)\n"
    "0.693147\n";

const char* const kLogSoftmaxDocumentation =
    "log_softmax($module, /, logits, *, out=None, axis=-1, threads=1)\n--\n\n"
    "Logarithms of the probabilities softmax(logits), in nats.\n"
    "\n"
    "Accurate for probabilities near 1, too.\n"
    "\n"
    "Parameters\n"
    "----------\n"
    "logits : array_like\n"
    "    Logarithms of weights of classes, along `axis`.\n"
    "out : ndarray, optional\n"
    "    Receives the result; of its shape and dtype. May be the logits themselves.\n" PYINFO_COMMON
    "Returns\n"
    "-------\n"
    "ndarray\n"
    "    Of the logits' shape: float64 for float64 or integers, float32 for all others. NaN in\n"
    "    rows that have no distribution: all -inf, with +inf or with NaN.\n" PYINFO_RAISES
    "\n"
    "Examples\n"
    "--------\n"
    ">>> import numpy as np\n"
    ">>> from pyinfo import logits\n"
    ">>> logits.log_softmax([1000.0, 1000.0, -np.inf]).round(6)\n"
    "array([-0.693147, -0.693147,      -inf])\n";

const char* const kLogitTopDocumentation =
    "top($module, /, logits, *, axis=-1, threads=1)\n--\n\n"
    "Where the largest logit of each row is first; 0 in rows that have none.\n";

}  // namespace pyinfo::bindings
