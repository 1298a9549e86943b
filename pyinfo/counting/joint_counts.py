"""How often values of several variables occur together."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from pyinfo import _core
from pyinfo._samples.joint import Cells, JointTable, combined, joint_table, scaled
from pyinfo._samples.objects import is_missing
from pyinfo._samples.samples import (
    Array,
    LabelArray,
    aligned_samples,
    as_counts,
    as_samples,
    concatenated,
    count,
    factorize,
    total_of,
)
from pyinfo.arguments import integer, require_not_empty, units_per_nat
from pyinfo.counting.counts import Counts, merged_in_pairs, same_values

_LARGEST_TABLE: Final = 2**31


class JointCounts:
    """The combinations of values that several variables take, and how often each occurs.

    Examples
    --------
    >>> joint = JointCounts.from_samples("aabb", [1, 1, 1, 2])
    >>> joint.table()
    array([[2, 0],
           [1, 1]], dtype=uint64)
    >>> joint.marginal(0)
    Counts({'a': 2, 'b': 2})
    >>> joint.conditional({0: "b"})
    Counts({1: 1, 2: 1})
    >>> joint.entropy()
    1.5
    """

    __slots__ = ("_table",)

    # Replaced as a whole, as in Counts.
    _table: JointTable

    __hash__ = None  # type: ignore[assignment]  # an update changes it

    def __init__(self) -> None:
        raise TypeError("JointCounts are made by JointCounts.from_samples")

    @classmethod
    def from_samples(cls, *samples: Any, weights: npt.ArrayLike | None = None) -> JointCounts:
        """Count what occurs together.

        Parameters
        ----------
        *samples : array_like, bytes-like or str
            For each variable its samples, as for `Counts.from_samples`; two variables or more, all
            with the same number of samples.
        weights : array_like, optional
            How many times each sample counts: not negative. Counts are float64 then.

        Raises
        ------
        TypeError
            If samples of that type are not counted.
        ValueError
            If there are none, they are not equally many, or the weights do not fit.
        """
        made = cls._of(samples, weights)
        if not len(made):
            require_not_empty(as_samples(samples[0]).size, "samples")
            raise ValueError("weights are all zero: there is nothing to count")
        return made

    @classmethod
    def from_chunks(cls, chunks: Iterable[Any]) -> JointCounts:
        """Count samples that come in parts.

        Parameters
        ----------
        chunks : iterable
            Of tuples, each with the samples of all variables, or of `JointCounts`; some may be
            empty.

        Returns
        -------
        JointCounts
            Those of all samples, in memory that grows with the different combinations only.
        """
        tables = (
            chunk if isinstance(chunk, JointCounts) else cls._of(tuple(chunk), None)
            for chunk in chunks
        )
        made = merged_in_pairs(tables)
        require_not_empty(0 if made is None else len(made), "chunks")
        assert made is not None
        return made

    @classmethod
    def _of(cls, samples: Sequence[Any], weights: npt.ArrayLike | None) -> JointCounts:
        if len(samples) < 2:
            raise TypeError(f"JointCounts are those of two variables or more, not {len(samples)}")
        names = [f"samples[{i}]" for i in range(len(samples))]
        return cls._made(joint_table(*aligned_samples(samples, names, weights)))

    @classmethod
    def _made(cls, table: JointTable) -> JointCounts:
        made = object.__new__(cls)
        made._adopt(table)
        return made

    def _adopt(self, table: JointTable) -> None:
        for array in (*table.variables, table.cells, table.counts):
            array.flags.writeable = False
        self._table = table

    @property
    def variables(self) -> tuple[Array, ...]:
        """For each variable the different values that it takes, sorted; read-only."""
        return self._table.variables

    @property
    def cells(self) -> tuple[LabelArray, Array]:
        """What occurs: a row of numbers for each combination, and how often; read-only.

        Element (c, i) of the first array says which of ``variables[i]`` it is in combination c.
        """
        return self._table.cells, self._table.counts

    @property
    def counts(self) -> Array:
        """How often each combination that occurs does: uint64, or float64 if weighted."""
        return self._table.counts

    @property
    def total(self) -> int | float:
        """How many samples there are, or the sum of their weights."""
        return total_of(self.counts)

    def table(self) -> Array:
        """Return all combinations, also those that do not occur: an axis for each variable.

        Raises
        ------
        ValueError
            If that were more than 2**31 elements: `cells` has what occurs.
        """
        variables, cells, counts = self._table
        shape = tuple(map(len, variables))
        if math.prod(shape) > _LARGEST_TABLE:
            raise ValueError(f"a table of {' x '.join(map(str, shape))} elements is too large")
        table = np.zeros(shape, counts.dtype)
        table[tuple(cells.T)] = counts
        return table

    @overload
    def marginal(self, variable: SupportsIndex, /) -> Counts: ...
    @overload
    def marginal(
        self, first: SupportsIndex, second: SupportsIndex, /, *more: SupportsIndex
    ) -> JointCounts: ...
    @overload
    def marginal(self, *variables: SupportsIndex) -> Counts | JointCounts: ...
    def marginal(self, *variables: SupportsIndex) -> Counts | JointCounts:
        """Return the counts of some of the variables.

        Parameters
        ----------
        *variables : int
            Their numbers; negative ones count from the end.

        Returns
        -------
        Counts or JointCounts
            Of one variable, or of several in that order.
        """
        values, cells, counts = self._table
        chosen = [_index(variable, len(values)) for variable in variables]
        if not chosen:
            raise TypeError("marginal() takes the number of a variable or more")
        if len(set(chosen)) < len(chosen):
            raise ValueError("variables must differ from each other")
        return _of_cells([values[i] for i in chosen], cells[:, chosen], counts)

    def conditional(self, given: Mapping[int, Any]) -> Counts | JointCounts:
        """Return the counts of the other variables where some have certain values.

        Parameters
        ----------
        given : mapping
            For the numbers of some variables their values.

        Returns
        -------
        Counts or JointCounts
            Of the variables that are left, in their order.

        Raises
        ------
        ValueError
            If the values do not occur together, or no variable is left.
        """
        values, cells, counts = self._table
        wanted = {_index(i, len(values)): value for i, value in given.items()}
        left = [i for i in range(len(values)) if i not in wanted]
        if not left:
            raise ValueError("given must leave a variable")
        chosen = np.ones(len(counts), np.bool_)
        for i, value in wanted.items():
            chosen &= _equal(values[i], value)[cells[:, i]]
        if not chosen.any():
            raise ValueError(f"there are no samples with {dict(given)}")
        return _of_cells([values[i] for i in left], cells[chosen][:, left], counts[chosen])

    def update(self, *samples: Any, weights: npt.ArrayLike | None = None) -> None:
        """Count more samples of the same variables.

        Parameters
        ----------
        *samples, weights
            As for `from_samples`; none at all change nothing.
        """
        if len(samples) != len(self.variables):
            raise TypeError(
                f"there must be samples of {len(self.variables)} variables, not of {len(samples)}"
            )
        if weights is None:
            self._table = self.merge(self._of(samples, None))._table
            return
        # The sums so far come first, so that weights are added in the order of the samples.
        variables, cells, counts = self._table
        names = [f"samples[{i}]" for i in range(len(samples))]
        more, more_weights = aligned_samples(samples, names, weights)
        assert more_weights is not None
        arrays = [
            concatenated([values[labels], array], name)
            for values, labels, array, name in zip(variables, cells.T, more, names, strict=True)
        ]
        all_weights = np.concatenate([counts.astype(np.float64), more_weights])
        self._table = self._made(joint_table(arrays, all_weights))._table

    def merge(self, *others: JointCounts) -> JointCounts:
        """Return the counts of all samples together.

        Parameters
        ----------
        *others : JointCounts
            Of as many variables, of the same kinds.
        """
        for other in others:
            if not isinstance(other, JointCounts):
                raise TypeError(f"JointCounts merge with JointCounts, not {type(other).__name__}")
            if len(other.variables) != len(self.variables):
                raise ValueError(
                    f"JointCounts of {len(self.variables)} and of {len(other.variables)} variables "
                    "do not merge"
                )
        tables = [counts._table for counts in (self, *others) if len(counts)]
        if len(tables) < 2:
            return self._made(tables[0] if tables else self._table)
        weighted = any(counts.dtype.kind == "f" for _, _, counts in tables)
        numbers = np.concatenate(
            [counts for _, _, counts in tables],
            dtype=np.float64 if weighted else np.uint64,
            casting="unsafe",
        )
        variables, columns = [], []
        for i in range(len(self.variables)):
            # Tables are as long as what they know: only their values are looked at.
            labels, values = factorize(
                concatenated([values[i] for values, _, _ in tables], f"variable {i}")
            )
            ends = np.cumsum([0, *(len(values[i]) for values, _, _ in tables)])
            variables.append(values)
            columns.append(
                np.concatenate(
                    [
                        labels[begin : begin + len(table.variables[i])][table.cells[:, i]]
                        for begin, table in zip(ends, tables, strict=False)
                    ]
                )
            )
        return self._made(combined(variables, columns, numbers))

    def __add__(self, other: object) -> JointCounts:
        if not isinstance(other, JointCounts):
            return NotImplemented
        return self.merge(other)

    def entropy(self, *, base: float = 2) -> float:
        """Return the joint entropy of the observed frequencies.

        Parameters
        ----------
        base : float, default 2
            Bits by default; ``math.e`` gives nats.
        """
        counts = scaled(self.counts) if self.counts.dtype.kind == "f" else self.counts
        return float(_core.entropy(counts, base=base, normalize=True))

    def mutual_information(self, *, base: float = 2) -> float:
        """Return the mutual information of two variables: how far they are from independent.

        It is the divergence of the observed frequencies from the products of their margins, and
        exact where it is small, which differences of entropies are not.

        Parameters
        ----------
        base : float, default 2
            Bits by default; ``math.e`` gives nats.

        Raises
        ------
        ValueError
            If there are more than two variables: `marginal` leaves two.
        """
        unit = units_per_nat(base)
        variables, cells, counts = self._table
        if len(variables) != 2:
            raise ValueError(f"mutual information is that of 2 variables, not of {len(variables)}")
        first, second = cells.T.astype(np.int64)
        return Cells(counts, first, second).mutual_information() * unit

    def __len__(self) -> int:
        return len(self._table.counts)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JointCounts):
            return NotImplemented
        return (
            len(self.variables) == len(other.variables)
            and np.array_equal(self._table.cells, other._table.cells)
            and np.array_equal(self._table.counts, other._table.counts)
            and all(self.marginal(i) == other.marginal(i) for i in range(len(self.variables)))
        )

    def __getstate__(self) -> tuple[Any, ...]:
        return tuple(self._table)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self._adopt(_checked_table(*state))

    def __repr__(self) -> str:
        shape = " x ".join(str(len(values)) for values in self.variables)
        return f"JointCounts({len(self)} of {shape} combinations, total {self.total})"


def _checked_table(variables: Any, cells: Any, counts: Any) -> JointTable:
    """Return a table that comes from outside; ValueError if it is none that is made here."""
    given = (*variables, cells, counts)
    if (
        len(variables) > 1
        and all(isinstance(array, np.ndarray) for array in given)
        and (cells.dtype, cells.shape) == (np.uint32, (len(counts), len(variables)))
        and counts.dtype in (np.uint64, np.float64)
        and all((cells[:, i] < len(values)).all() for i, values in enumerate(variables))
    ):
        numbers = as_counts(counts, len(counts))
        kept = [Counts._weighted(values, np.ones(len(values))).values for values in variables]
        found = combined(kept, [column.copy() for column in cells.T], numbers)
        if (
            all(map(same_values, kept, variables))
            and all(map(same_values, found.variables, variables))
            and np.array_equal(found.cells, cells)
            and np.array_equal(found.counts, numbers)
        ):
            return JointTable(found.variables, found.cells, numbers)
    raise ValueError("the pickle holds no table of different combinations in order")


def _of_cells(variables: list[Array], cells: LabelArray, counts: Array) -> Counts | JointCounts:
    """Add up what differs in other variables only."""
    columns = [np.ascontiguousarray(column) for column in cells.T]
    if len(variables) > 1:
        return JointCounts._made(combined(variables, columns, counts))
    labels, numbers = count(columns[0], counts)
    return Counts._made(variables[0][labels], numbers)


def _equal(values: Array, wanted: Any) -> npt.NDArray[np.bool_]:
    """Say which of the values is the wanted one; NaN and NaT are ones like others."""
    if values.dtype.kind == "O":
        if is_missing(wanted):
            return np.array([is_missing(value) for value in values], np.bool_)
        same = [not is_missing(value) and bool(value == wanted) for value in values]
        return np.array(same, np.bool_)
    if wanted != wanted:
        return np.asarray(values != values, np.bool_)
    return np.broadcast_to(np.asarray(values == wanted, np.bool_), values.shape)


def _index(variable: SupportsIndex, variables: int) -> int:
    try:
        return range(variables)[integer(variable, "variable")]
    except IndexError:
        raise ValueError(f"there is no variable {variable}: there are {variables}") from None
