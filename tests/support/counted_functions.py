"""Functions whose instructions are counted: the process that counts imports them from here."""

from __future__ import annotations


def make_list(n: int) -> list[int]:
    return list(range(n))


def total(items: list[int]) -> int:
    return sum(items)


def pairs(items: list[int]) -> int:
    return sum(a < b for a in items for b in items)
