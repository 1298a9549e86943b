"""Values that lie on a line, whatever they come as: numbers and times."""

from __future__ import annotations

import datetime
import decimal
import fractions
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

_NUMBERS: Final = (int, float, np.integer, np.floating, decimal.Decimal, fractions.Fraction)
_NO_NUMBERS: Final = (bool,)
_LARGEST_EXACT: Final = 2.0**53  # integers beyond it become others as floats


def on_a_scale(objects: Array) -> Array | None:
    """Return objects as an array of floats, dates or durations; None if they are something else.

    Parameters
    ----------
    objects : ndarray of dtype object, in one dimension
        Python's numbers of any kind, dates, times with a zone (which become UTC) or without,
        durations, and what pandas makes of them. None of them may be None.

    Returns
    -------
    ndarray or None
        NaN and NaT stand for NaN, and for pandas' NaT.
    """
    kinds = set(map(type, objects))
    if not kinds or any(issubclass(kind, _NO_NUMBERS) for kind in kinds):
        return None
    if _all(kinds, _NUMBERS):
        try:
            made = objects.astype(np.float64)
        except (OverflowError, ValueError):  # beyond a float64; a signalling NaN
            return None
        has_integers = any(issubclass(kind, int | np.integer) for kind in kinds)
        merged = has_integers and bool((np.abs(made) > _LARGEST_EXACT).any())
        return None if merged else made
    if _all(kinds, (datetime.datetime,)):
        return _times(objects)
    if _all(kinds, (datetime.date,)) and not any(
        issubclass(kind, datetime.datetime) for kind in kinds
    ):
        return objects.astype("datetime64[D]")
    if _all(kinds, (datetime.timedelta,)):
        return objects.astype("timedelta64[us]")
    return None


def _all(kinds: set[type], allowed: tuple[type, ...]) -> bool:
    return all(issubclass(kind, allowed) for kind in kinds)


def _times(objects: Array) -> Array | None:
    """Return times as UTC, or as they are if none has a zone; None if some have one."""
    absent = np.array([each != each for each in objects])
    present = objects[~absent]
    zoned = {each.tzinfo is not None for each in present}
    if len(zoned) == 2:
        return None
    if zoned == {True}:
        utc = datetime.UTC
        present = [each.astimezone(utc).replace(tzinfo=None) for each in present]
    made = np.full(len(objects), np.datetime64("NaT", "us"))
    made[~absent] = np.array(list(present), "datetime64[us]")
    return made
