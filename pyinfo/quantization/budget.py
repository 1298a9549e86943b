"""Budgets as people write them: bytes, MB, MiB, bits per weight."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, SupportsIndex

from pyinfo.arguments import integer

_UNITS: Final = {
    "": 1, "b": 1,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}  # fmt: skip
_PER_WEIGHT: Final = ("bpw", "bits")
_TEXT: Final = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\s*", re.ASCII)


def budget_bytes(budget: SupportsIndex | str, weights: int | None = None) -> int:
    """Return the bytes that a budget is, rounded down.

    Parameters
    ----------
    budget
        A number of bytes, or a text: a number and a unit. ``"8MB"`` are 8,000,000 bytes, ``"8MiB"``
        8,388,608, ``"4.5bpw"`` is 4.5 bits per weight.
    weights
        How many there are; None: bits per weight have no meaning here.
    """
    if not isinstance(budget, str):
        return integer(budget, "budget", least=0)
    match = _TEXT.fullmatch(budget)
    unit = match[2].lower() if match else ""
    if match is None or unit not in (*_UNITS, *(_PER_WEIGHT if weights is not None else ())):
        per_weight = "" if weights is None else ", or bits per weight as 4.5bpw"
        raise ValueError(f"budget must be bytes, as 8000000, 8MB or 8MiB{per_weight}: {budget!r}")
    if unit in _PER_WEIGHT:
        assert weights is not None
        return int(Decimal(match[1]) * weights / 8)
    return int(Decimal(match[1]) * _UNITS[unit])
