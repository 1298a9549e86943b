"""Each measure the way people write it with NumPy, in one line, for positive distributions.

Where several lines are in use all of them stand here: a report takes the fastest. They are in bits
and know nothing of zeros, counts or wrong input. The first line of each measure is the plainest,
and what everything else is compared with. A line that names `axis` takes arrays of any dimension.
"""

import math
import re
from collections.abc import Mapping

import numpy as np

from bench.peers.candidate import NUMPY
from bench.peers.measure_peers import TOLERANCES, Way

ALPHA = 1.5  # no special case of any order

_NAMES = {**vars(np), "a": ALPHA, "log_2": math.log(2)}


def line(code: str, text: str = "", *, float32_error: float = TOLERANCES["float32"]) -> Way:
    """A line of NumPy's functions, named by itself or by a text."""
    parameters = [name for name in ("p", "q", "axis") if re.search(rf"\b{name}\b", code)]
    head = ", ".join(parameters).replace("axis", "axis=-1")
    name = text or code.replace("log_2", "log(2)").replace(", axis=axis", "").replace("axis", "")
    function = eval(f"lambda {head}: {code}", dict(_NAMES))
    return Way(
        f"{NUMPY}: {name}",
        function,
        batches="axis" in parameters,
        tolerances={**TOLERANCES, "float32": float32_error},
    )


_JS = "(p * log2(2 * p / (p + q)) + q * log2(2 * q / (p + q))).sum(axis) / 2"
_JS_OF_ENTROPIES = "(dot(p, log2(p)) + dot(q, log2(q))) / 2 - dot((p + q) / 2, log2((p + q) / 2))"

LINES: Mapping[str, tuple[Way, ...]] = {
    "information_content": (line("-log2(p)"),),
    "entropy": (
        line("-(p * log2(p)).sum(axis)"),
        line("-dot(p, log2(p))"),
        line("-dot(p, log(p)) / log_2"),
        line("-vecdot(p, log2(p), axis=axis)"),
        line("-vecdot(p, log(p), axis=axis) / log_2"),
    ),
    "cross_entropy": (
        line("-(p * log2(q)).sum(axis)"),
        line("-dot(p, log2(q))"),
        line("-dot(p, log(q)) / log_2"),
    ),
    "kl_divergence": (
        line("(p * log2(p / q)).sum(axis)"),
        line("dot(p, log2(p / q))"),
        line("dot(p, log(p / q)) / log_2"),
    ),
    "js_divergence": (
        line(_JS, "two sums p * log2(p / m)"),
        line(_JS_OF_ENTROPIES, "H(m) - (H(p) + H(q)) / 2 by dot", float32_error=1e-2),
    ),
    "js_distance": (line(f"sqrt({_JS})", "sqrt of two sums"),),
    "renyi_entropy": (line("log2((p**a).sum(axis)) / (1 - a)"),),
    "tsallis_entropy": (line("(1 - (p**a).sum(axis)) / (a - 1)"),),
    "renyi_divergence": (line("log2((p**a * q**(1 - a)).sum(axis)) / (a - 1)"),),
    "jeffreys_divergence": (
        line("((p - q) * log2(p / q)).sum(axis)"),
        line("dot(p - q, log2(p / q))"),
    ),
    "hellinger_distance": (line("sqrt(((sqrt(p) - sqrt(q))**2).sum(axis) / 2)"),),
    "bhattacharyya_distance": (
        line("-log2(sqrt(p * q).sum(axis))"),
        line("-log2(dot(sqrt(p), sqrt(q)))"),
    ),
    "total_variation_distance": (line("abs(p - q).sum(axis) / 2"),),
}
