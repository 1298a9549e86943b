"""The independent checker of allocations: exact, and knows nothing of how they were found."""
# ruff: noqa: B905 # as the page shows it, which is to be short

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction
from typing import Any

Rows = Sequence[Sequence[float]]
# [checker]


def certified_bound(costs: Rows, errors: Rows, budget: float, certificate: Sequence[Any]) -> Any:
    """Return what a certificate proves: no choice within the budget has less error."""
    rows = [sorted(zip(map(Fraction, c), map(Fraction, e))) for c, e in zip(costs, errors)]
    best = [[p for k, p in enumerate(row) if all(p[1] < q[1] for q in row[:k])] for row in rows]
    left, bounds = [best], []  # the choices that each tree which is still to come is about
    for entry in certificate:
        choices = left.pop()
        if isinstance(entry, list | tuple):
            tensor, cost = entry
            for above in (True, False):
                kept = [p for p in choices[tensor] if (p[0] > cost) == above]
                left.append([*choices[:tensor], kept, *choices[tensor + 1 :]])
        elif entry is None:  # nothing fits
            assert sum(min(p)[0] for p in choices) > budget
        else:
            price = Fraction(entry)
            assert price >= 0
            least = sum(min(error + price * cost for cost, error in p) for p in choices)
            bounds.append(least - price * Fraction(budget))
    assert not left
    return min(bounds)


# [/checker]


def merged(
    table: Rows, groups: Sequence[Hashable] | None, fixed: Mapping[int, int] | None = None
) -> list[list[float]]:
    """Tensors that share a choice as one; fixed ones with their only choice."""
    labels = list(range(len(table))) if groups is None else list(groups)
    labels = [("own", i) if label is None else label for i, label in enumerate(labels)]
    members: dict[Any, list[int]] = {}
    for i, label in enumerate(labels):
        members.setdefault(label, []).append(i)
    rows = []
    for tensors in members.values():
        row = [math.fsum(values) for values in zip(*(table[i] for i in tensors), strict=True)]
        only = [(fixed or {})[i] for i in tensors if i in (fixed or {})]
        rows.append([row[only[0]]] if only else row)
    return rows


def brute_force(costs: Rows, errors: Rows, budget: float) -> float:
    """The least error of all choices, one after another; infinite if none fits."""
    least = math.inf
    for choice in itertools.product(*(range(len(row)) for row in costs)):
        if math.fsum(row[k] for row, k in zip(costs, choice, strict=True)) <= budget:
            error = math.fsum(row[k] for row, k in zip(errors, choice, strict=True))
            least = min(least, error)
    return least
