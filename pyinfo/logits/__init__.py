"""Losses and divergences of logits: of softmax(logits), with gradients, in one or two reads.

But for `perplexity` and `compare` they are the extension's own functions, without a Python layer
that would cost more than a small row does.
"""

from pyinfo._core import logits_cross_entropy as cross_entropy
from pyinfo._core import logits_entropy as entropy
from pyinfo._core import logits_js_divergence as js_divergence
from pyinfo._core import logits_kl_divergence as kl_divergence
from pyinfo._core import logits_log_softmax as log_softmax
from pyinfo._core import logits_logsumexp as logsumexp
from pyinfo._namespace import publish
from pyinfo.logits.comparison import LogitsComparison, compare
from pyinfo.logits.perplexities import perplexity

__all__ = [
    "LogitsComparison",
    "compare",
    "cross_entropy",
    "entropy",
    "js_divergence",
    "kl_divergence",
    "log_softmax",
    "logsumexp",
    "perplexity",
]

publish(globals())


def __dir__() -> list[str]:
    return [*__all__]
