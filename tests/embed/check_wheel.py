"""A minimal user of the installed wheel: every public function once, in an environment with NumPy.

Run it from a directory that is not the checkout: `python /path/to/check_wheel.py`.
"""

from __future__ import annotations

import importlib.util
import io
import math
import sys
from pathlib import Path

import numpy as np

import pyinfo
import pyinfo.config
from pyinfo import _core

HALF = np.array([0.5, 0.5])
SKEW = np.array([0.25, 0.75])

RESULTS = {
    "information_content": (pyinfo.information_content(0.125), 3.0),
    "entropy": (pyinfo.entropy(HALF), 1.0),
    "cross_entropy": (pyinfo.cross_entropy(HALF, SKEW), 2 - math.log2(3) / 2),
    "kl_divergence": (pyinfo.kl_divergence(HALF, SKEW), 1 - math.log2(3) / 2),
    "js_divergence": (pyinfo.js_divergence([1.0, 0.0], [0.0, 1.0]), 1.0),
    "js_distance": (pyinfo.js_distance([1.0, 0.0], [0.0, 1.0], base=16), 0.5),
    "renyi_entropy": (pyinfo.renyi_entropy(SKEW, math.inf), math.log2(4 / 3)),
    "tsallis_entropy": (pyinfo.tsallis_entropy(SKEW, 2), 0.375),
    "renyi_divergence": (pyinfo.renyi_divergence(HALF, SKEW, 2), math.log2(4 / 3)),
    "jeffreys_divergence": (pyinfo.jeffreys_divergence(SKEW, SKEW[::-1]), math.log2(3)),
    "hellinger_distance": (pyinfo.hellinger_distance([1.0, 0.0], SKEW), math.sqrt(0.5)),
    "bhattacharyya_distance": (pyinfo.bhattacharyya_distance([1.0, 0.0], SKEW), 1.0),
    "total_variation_distance": (pyinfo.total_variation_distance(SKEW, HALF), 0.25),
}


def main() -> None:
    installed = Path(pyinfo.__file__).parent
    assert "site-packages" in installed.parts, f"not the installed package: {installed}"
    assert (installed / "py.typed").is_file()
    assert (installed / "_core.pyi").is_file()

    assert importlib.util.find_spec("rich") is None, "this environment should hold NumPy alone"
    assert "rich" not in sys.modules

    for name, (got, expected) in RESULTS.items():
        assert math.isclose(got, expected, rel_tol=1e-14), f"{name}: {got} is not {expected}"
    assert set(pyinfo.__all__) <= set(RESULTS) | {"show_config", "config", "__version__"}

    counts = _core.byte_counts(b"abca")
    assert counts.shape == (1, 256)
    assert counts[0, ord("a")] == 2

    text = io.StringIO()
    pyinfo.show_config(file=text)
    assert pyinfo.__version__ in text.getvalue()
    isa = pyinfo.config.config()["isa"]
    print(f"pyinfo {pyinfo.__version__} from the wheel: {len(RESULTS)} functions on {isa}")


if __name__ == "__main__":
    main()
