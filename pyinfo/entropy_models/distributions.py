"""Models of rounded continuous variables, one table for each scale."""

from __future__ import annotations

from typing import Any, ClassVar, Final, SupportsFloat, SupportsIndex

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo.arguments import integer_from_to, real, require_same_shape
from pyinfo.entropy_models.symbol_models import (
    MOST_TABLES,
    WEIGHT_BITS,
    Array,
    SymbolModels,
    as_numbers,
    checked_precision,
    numbers_of_row,
)

_LEAST_SCALE: Final = 2.0**-20
_MOST_SCALE: Final = 2.0**15
_MOST_MEAN_STEPS: Final = 64


class _Distribution(SymbolModels):
    """Tables of variables around 0, and for means between whole numbers."""

    __slots__ = ("_mean_steps", "_scales", "_tables_of_means", "_tail")

    _family: ClassVar[int]

    def __init__(
        self,
        scales: npt.ArrayLike,
        *,
        precision: SupportsIndex = 12,
        tail: SupportsFloat | None = None,
        mean_steps: SupportsIndex = 4,
    ) -> None:
        values = numbers_of_row(scales, "scales")
        wrong = ~((values >= _LEAST_SCALE) & (values <= _MOST_SCALE))
        if wrong.any():
            i = int(wrong.argmax())
            raise ValueError(f"scales[{i}] must be from 2**-20 to 2**15, not {values[i]:g}")
        bits = checked_precision(precision)
        least = _core.TAIL_SLOTS / 2**bits if tail is None else real(tail, "tail")
        if not 0 <= least < 1:
            raise ValueError(f"tail must be from 0 to below 1, not {tail}")
        steps = integer_from_to(mean_steps, "mean_steps", 1, _MOST_MEAN_STEPS)
        if steps & (steps - 1):
            raise ValueError(f"mean_steps must be a power of two, not {steps}")
        if values.size * steps > MOST_TABLES:
            raise ValueError(f"{values.size} scales with {steps} mean_steps are too many tables")
        values.flags.writeable = False
        self._scales = values
        self._tail = least
        self._mean_steps = steps
        self._tables_of_means: _core.IndexedTables | None = None
        super().__init__(self._made(bits, 1), bits)

    def _made(self, precision: int, steps: int) -> _core.IndexedTables:
        tail = int(self._tail * 2.0**WEIGHT_BITS)
        return _core.distribution_tables(self._family, self._scales, precision, tail, steps)

    @property
    def scales(self) -> npt.NDArray[np.float64]:
        """The scale of each table; read-only."""
        return self._scales

    @property
    def mean_steps(self) -> int:
        """Means are rounded to multiples of 1 / mean_steps."""
        return self._mean_steps

    def _chosen(self, indexes: Any, means: Any) -> tuple[_core.IndexedTables, Array, Array | None]:
        chosen = self._indexes(indexes)
        if means is None:
            return self._tables, chosen, None
        array = as_numbers(means, "means")
        require_same_shape([chosen.shape, array.shape], ["indexes", "means"], "elements")
        wanted = np.float32 if np.can_cast(array.dtype, np.float32) else np.float64
        values = np.ascontiguousarray(array, wanted)
        tables, shifts = _core.split_means(values, chosen, self._mean_steps, len(self))
        if self._tables_of_means is None:
            self._tables_of_means = self._made(self._precision, self._mean_steps)
        return self._tables_of_means, tables, shifts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Distribution) or type(other) is not type(self):
            return NotImplemented
        return self._arguments() == other._arguments()

    def __hash__(self) -> int:
        return hash(self._arguments())

    def _arguments(self) -> tuple[Any, ...]:
        return self._scales.tobytes(), self._precision, self._tail, self._mean_steps

    def __reduce__(self) -> tuple[Any, ...]:
        options = {"precision": self._precision, "tail": self._tail}
        return (
            type(self),
            (self._scales[:1],),
            {"scales": self._scales, "mean_steps": self._mean_steps, **options},
        )

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}({len(self)} scales from {self._scales.min():g} to "
            f"{self._scales.max():g}, precision={self._precision}, tail={self._tail:g}, "
            f"mean_steps={self._mean_steps})"
        )


class Gaussian(_Distribution):
    """Normal variables of these standard deviations, rounded to whole numbers.

    Source: J. Balle et al., "Variational image compression with a scale hyperprior",
    arXiv:1802.01436, 2018.

    Parameters
    ----------
    scales : array_like of floats
        The standard deviation for each table, 2**-20 to 2**15.
    precision : int, default 12
        Frequencies of a table sum to 2**precision, 8 to 14. With 12, messages are some 0.1 to
        0.2 % longer than the cross-entropy; with 14 half of that, and decoded more slowly.
    tail : float, optional
        Symbols of a smaller probability are left to the escape: by default 0.15 / 2**precision. A
        table has at most half as many symbols as slots, so that scales above 2**precision / 12
        escape often.
    mean_steps : int, default 4
        Means are rounded to multiples of 1 / mean_steps, a power of two up to 64. There are as
        many tables for each scale, made when means are first used.

    Notes
    -----
    The probability of a symbol k is that of a variable between k - 1/2 and k + 1/2, as a multiple
    of 2**-30. All of it is computed in integers: tables are equal on every machine.

    Examples
    --------
    >>> import numpy as np
    >>> from pyinfo.entropy_models import Gaussian
    >>> models = Gaussian([0.5, 4.0])
    >>> symbols, indexes = np.array([0, 1, -9], np.int16), np.array([0, 0, 1], np.uint8)
    >>> models.expected_length(symbols, indexes, per_symbol=True).round(2)
    array([0.55, 2.67, 6.96])
    """

    __slots__ = ()
    _family = 0


class Laplace(_Distribution):
    """Laplace variables, of density exp(-|x| / scale) / (2 scale), rounded to whole numbers.

    Parameters
    ----------
    scales : array_like of floats
        The scale for each table, 2**-20 to 2**15.
    precision : int, default 12
        Frequencies of a table sum to 2**precision, 8 to 14. With 12, messages are some 0.1 to
        0.2 % longer than the cross-entropy; with 14 half of that, and decoded more slowly.
    tail : float, optional
        Symbols of a smaller probability are left to the escape: by default 0.15 / 2**precision. A
        table has at most half as many symbols as slots, so that scales above 2**precision / 12
        escape often.
    mean_steps : int, default 4
        Means are rounded to multiples of 1 / mean_steps, a power of two up to 64. There are as
        many tables for each scale, made when means are first used.

    Notes
    -----
    The probability of a symbol k is that of a variable between k - 1/2 and k + 1/2, as a multiple
    of 2**-30. All of it is computed in integers: tables are equal on every machine.

    Examples
    --------
    >>> from pyinfo.entropy_models import Laplace
    >>> models = Laplace([1.0, 2.0])
    >>> models.decode(models.encode([3, -70000], [0, 1]), [0, 1])
    array([     3, -70000], dtype=int32)
    """

    __slots__ = ()
    _family = 1


class Logistic(_Distribution):
    """Logistic variables, above x with probability 1 / (1 + exp(x / scale)), rounded.

    Parameters
    ----------
    scales : array_like of floats
        The scale for each table, 2**-20 to 2**15.
    precision : int, default 12
        Frequencies of a table sum to 2**precision, 8 to 14. With 12, messages are some 0.1 to
        0.2 % longer than the cross-entropy; with 14 half of that, and decoded more slowly.
    tail : float, optional
        Symbols of a smaller probability are left to the escape: by default 0.15 / 2**precision. A
        table has at most half as many symbols as slots, so that scales above 2**precision / 12
        escape often.
    mean_steps : int, default 4
        Means are rounded to multiples of 1 / mean_steps, a power of two up to 64. There are as
        many tables for each scale, made when means are first used.

    Notes
    -----
    The probability of a symbol k is that of a variable between k - 1/2 and k + 1/2, as a multiple
    of 2**-30. All of it is computed in integers: tables are equal on every machine.

    Examples
    --------
    >>> from pyinfo.entropy_models import Logistic
    >>> models = Logistic([1.0, 2.0])
    >>> models.decode(models.encode([3, -4], [0, 1], [2.3, -1.6]), [0, 1], [2.3, -1.6])
    array([ 3, -4], dtype=int32)
    """

    __slots__ = ()
    _family = 2
