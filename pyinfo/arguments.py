"""What arguments may be, and what is said of those that are not.

The core reads what its own functions take: the words here are those of its arguments.cpp.
"""

from __future__ import annotations

import contextlib
import math
import operator
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, SupportsFloat, SupportsIndex, TypeVar

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core

NO_LIMIT: Final = (1 << 64) - 1
"""The most bytes that the core can be asked for."""

_Text = TypeVar("_Text", bound=str)


@contextlib.contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Have errors call arguments what our caller does, where the core calls them otherwise.

    >>> with renamed(labels="target"):
    ...     raise ValueError("labels[3] is out of range")
    Traceback (most recent call last):
    ValueError: target[3] is out of range
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        words = rf"\b({'|'.join(names)})\b"
        text = re.sub(words, lambda found: names[found[0]], str(error))
        raise type(error)(text) from None


def real(value: SupportsFloat, name: str) -> float:
    """Return a number as a float."""
    try:
        return _core.real_number(value, name)
    except OverflowError:  # an integer or a fraction
        raise ValueError(f"{name} is beyond the range of floats") from None


def reals(data: Any, name: str) -> NDArray[np.float64]:
    """Return real numbers as doubles: neither complex ones, nor texts, times or objects.

    The type is asked first: `astype` drops imaginary parts, reads texts, and takes times for
    numbers of some unit.
    """
    array = _core.as_array(data, name)
    if array.size > 0 and not np.can_cast(array.dtype, np.float64, "same_kind"):
        raise TypeError(f"{name} must be real numbers, not {array.dtype}")
    return array.astype(np.float64)


def integer(value: SupportsIndex, name: str, *, least: int | None = None) -> int:
    """Return an integer, `least` or above."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} must be at least {least}, not {number}")
    return number


def flag(value: Any, name: str) -> bool:
    """Return True or False, NumPy's included: any text would be taken for True."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, not {type(value).__name__}")
    return bool(value)


def sequence(values: Any, name: str) -> tuple[Any, ...]:
    """Return what an argument with several values has."""
    try:
        return tuple(values)
    except TypeError:
        raise TypeError(f"{name} must have several values, not {type(values).__name__}") from None


def integer_from_to(value: SupportsIndex, name: str, least: int, most: int) -> int:
    """Return an integer of a range, both ends included."""
    number = integer(value, name)
    if not least <= number <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {number}")
    return number


def thread_count(threads: SupportsIndex) -> int:
    """Return how many threads may work: for 0 the number of cores."""
    return _core.thread_count(threads)


def size_limit(max_size: SupportsIndex | None) -> int:
    """Return the most bytes that a result may have."""
    if max_size is None:
        return NO_LIMIT
    return min(integer(max_size, "max_size", least=0), NO_LIMIT)


def axis_index(axis: SupportsIndex, dimensions: int) -> int:
    """Return the number of one of an array's axes; negative ones count from the end."""
    try:
        index = operator.index(axis)
    except TypeError:
        raise TypeError(f"axis must be an integer or None, not {type(axis).__name__}") from None
    if not -dimensions <= index < dimensions:
        plural = "" if dimensions == 1 else "s"
        raise ValueError(f"axis {index} is out of bounds for {dimensions} dimension{plural}")
    return index % dimensions


def units_per_nat(base: SupportsFloat) -> float:
    """Return what a nat is in the unit of this base."""
    return 1 / math.log(_core.checked_base(base))


def choice(value: Any, name: str, choices: Collection[_Text]) -> _Text:
    """Return one of the texts that there are to choose from."""
    for text in choices:
        if isinstance(value, str) and value == text:
            return text
    raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def checked_out(out: Any, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return `out` if it is a writable array of this type and shape."""
    return np.asarray(_core.checked_out(out, dtype, shape))


def require_not_empty(size: int, name: str) -> None:
    """Raise ValueError if there is nothing."""
    if size == 0:
        raise ValueError(f"{name} must not be empty")


def require_same_number(sizes: Sequence[int], names: Sequence[str], what: str = "samples") -> None:
    """Raise ValueError unless each has the same number of samples, or of what else it is."""
    for size, name in zip(sizes[1:], names[1:], strict=True):
        if size != sizes[0]:
            raise ValueError(
                f"{names[0]} and {name} must have the same number of {what}, "
                f"not {sizes[0]} and {size}"
            )


def require_same_shape(
    shapes: Sequence[tuple[int, ...]], names: Sequence[str], what: str = "samples"
) -> None:
    """Raise ValueError unless all shapes are one; axes of length 1 make no difference."""
    if shapes.count(shapes[0]) == len(shapes):
        return
    require_same_number([math.prod(shape) for shape in shapes], names, what)
    first, *others = ([n for n in shape if n != 1] for shape in shapes)
    for i, other in enumerate(others, 1):
        if other != first:
            raise ValueError(
                f"{names[0]} and {names[i]} must have the same shape, "
                f"not {shapes[0]} and {shapes[i]}"
            )
