"""Benchmarks of pyinfo: what is fast, measured next to what people use today.

Run them from the root of a checkout, with pyinfo and its extra `bench` installed::

    python -m bench.report        the bars: pyinfo, peers, ratios, met or not
    python -m bench.report --only-pictures --pictures docs/figures
    python -m bench.growth    everything public: how time and memory grow, checked
    pytest bench                  pytest-benchmark groups per function and size
"""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]

# Every figure is for one thread: the peers' thread pools are told before any of them is imported.
for _pool in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR"):
    os.environ.setdefault(f"{_pool}_NUM_THREADS", "1")

# The installed pyinfo is measured. The checkout's own directory would hide it, without extension.
if not any((ROOT / "pyinfo" / f"_core{suffix}").exists() for suffix in EXTENSION_SUFFIXES):
    sys.path[:] = [entry for entry in sys.path if Path(entry).absolute() != ROOT]


def use_build_as_it_is() -> None:
    """Keep an editable install of pyinfo from looking for changed sources when it is imported here.

    For processes that are timed, or started by one that has looked.
    """
    for finder in sys.meta_path:
        if hasattr(finder, "rebuild_flag"):
            finder.rebuild_flag = False
