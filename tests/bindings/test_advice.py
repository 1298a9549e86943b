"""Messages about what is often handed over by mistake say what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pyinfo

pytestmark = pytest.mark.once

ADVICE: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "percentages": (
        lambda: pyinfo.entropy([50.0, 30.0, 20.0]),
        ValueError,
        r"p\[0\] = 50.0 is greater than 1; if these are percentages .* normalize=True; .*logits",
    ),
    "a sum that is not 1": (lambda: pyinfo.entropy([0.5, 0.6]), ValueError, "normalize=True"),
    "logits": (
        lambda: pyinfo.entropy([-1.5, 2.0]),
        ValueError,
        "use the functions of pyinfo.logits",
    ),
    "logits that are integers": (
        lambda: pyinfo.kl_divergence([1, 2], [-3, 4]),
        ValueError,
        r"q\[0\] = -3 is negative; .*the functions of pyinfo.logits",
    ),
    "logits and labels": (
        lambda: pyinfo.cross_entropy(np.zeros((4, 3)), np.array([0, 2, 1, 1])),
        ValueError,
        r"shapes are \(4, 3\) and \(4,\); .*labels, use pyinfo.logits.cross_entropy",
    ),
    "two distributions, as in SciPy": (
        lambda: pyinfo.entropy([0.5, 0.5], [0.5, 0.5]),  # type: ignore[call-overload]
        TypeError,
        r"1 positional argument but 2 were given: of two .*kl_divergence\(p, q\).* base=",
    ),
    "text": (lambda: pyinfo.entropy(["a", "b"]), TypeError, "entropy_of and .*Counts.from_samples"),
    "a string": (lambda: pyinfo.entropy("ab"), TypeError, "entropy_of and .*Counts.from_samples"),
    "text for q": (
        lambda: pyinfo.js_divergence([0.5, 0.5], ["a", "b"]),  # type: ignore[call-overload]
        TypeError,
        "q must hold real numbers, not <U1; .*Counts.from_samples",
    ),
    "samples": (
        lambda: pyinfo.js_divergence([0, 1, 1], [1, 0]),
        ValueError,
        r"if these are samples, not counts, pass pyinfo\.Counts\.from_samples",
    ),
    "a dict of counts": (
        lambda: pyinfo.entropy({"a": 1}),  # type: ignore[call-overload]
        TypeError,
        r"pass list\(p.values\(\)\)",
    ),
    "large integers to code": (
        lambda: pyinfo.HuffmanCode.from_samples(np.array([70_000, 1])),
        ValueError,
        "from 0 to 65535, not 70000: number the values first, .*np.unique",
    ),
    "text to code": (
        lambda: pyinfo.Counts.from_samples("abc").huffman_code(),
        TypeError,
        "codes are made for integers, not for <U1: number the values first",
    ),
    "a string of bytes": (
        lambda: pyinfo.block_entropy("abc", 2),  # type: ignore[arg-type]
        TypeError,
        r"not str: encode it first, data\.encode\(\)",
    ),
    "a string to compress": (lambda: pyinfo.compress("abc"), TypeError, "encode it first"),
}


@pytest.mark.parametrize("mistake", ADVICE)
def test_what_to_do(mistake: str) -> None:
    call, error, words = ADVICE[mistake]
    with pytest.raises(error, match=words):
        call()


def test_numbered_values_are_coded() -> None:
    """What the advice says works."""
    samples = np.array([70_000, -1, -1, 70_000, 5])
    values, symbols = np.unique(samples, return_inverse=True)
    code = pyinfo.HuffmanCode.from_samples(symbols)
    assert np.array_equal(values[code.decode(code.encode(symbols))], samples)


def test_logit_functions_take_no_samples() -> None:
    with pytest.raises(TypeError) as caught:
        pyinfo.logits.entropy(["a", "b"])
    assert "entropy_of" not in str(caught.value)
