"""One choice for each tensor, least error within a budget, with a bound and its proof."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, SupportsFloat, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import (
    integer,
    integer_from_to,
    real,
    reals,
    require_not_empty,
    require_same_number,
)

Table: TypeAlias = Any
"""Two axes: tensors, and the choices of each; rows may differ in length."""

Certificate: TypeAlias = tuple[tuple[int, float] | float | None, ...]

_MOST_NODES: Final = 100_000
_FIELDS: Final = ("costs", "errors", "budget", "names", "groups", "fixed")


@dataclass(frozen=True)
class Allocation:
    """What was chosen, and the proof of how good that is.

    Attributes
    ----------
    choice : tuple of int
        The number of each tensor's choice.
    cost, error : float
        Sums over all tensors, in the units of the table.
    lower_bound : float
        No choice within the budget has less error. Rounding is allowed for.
    gap : float
        ``(error - lower_bound) / error``; 0 where there is no error.
    budget : float
        What could be spent.
    certificate : tuple
        The tree that proves `lower_bound`, in preorder. A pair ``(tensor, cost)`` is a split: it is
        followed by the tree of the choices of this tensor that cost at most so much, then by that
        of the others. A number is a leaf: a price, in units of error per unit of cost. None is a
        leaf where even the cheapest choices cost more than the budget. With groups, numbers of
        tensors are those of groups, in the order of their first tensors.
    hull : ndarray
        Shape (m, 2): cost and error of the best choices for each price, from the least cost on. No
        error lies below the lines between them.

    Examples
    --------
    >>> from pyinfo.quantization import allocate
    >>> found = allocate([[1, 2], [1, 2]], [[4.0, 1.0], [3.0, 2.0]], 3)
    >>> found.choice, found.cost, found.error, found.gap < 1e-4
    ((1, 0), 3.0, 4.0, True)
    >>> found.hull
    array([[2., 7.],
           [3., 4.],
           [4., 3.]])
    """

    choice: tuple[int, ...]
    cost: float
    error: float
    lower_bound: float
    gap: float
    budget: float
    certificate: Certificate = field(repr=False)
    hull: NDArray[np.float64] = field(repr=False, compare=False)

    def document(self) -> dict[str, Any]:
        """Return all but the hull as what JSON can hold."""
        return {
            "budget": self.budget,
            "choice": list(self.choice),
            "cost": self.cost,
            "error": self.error,
            "lower_bound": self.lower_bound,
            "gap": self.gap,
            "certificate": [list(e) if isinstance(e, tuple) else e for e in self.certificate],
        }


def allocate(
    costs: Table,
    errors: Table,
    budget: SupportsFloat,
    *,
    groups: Sequence[Hashable] | None = None,
    fixed: Mapping[int, int] | None = None,
    gap: SupportsFloat = 1e-4,
    max_nodes: SupportsIndex = _MOST_NODES,
) -> Allocation:
    """Choose one of each tensor's choices, so that the sum of errors is least within a budget.

    That is the multiple-choice knapsack problem, which is NP-hard: what is returned is proven to
    be within `gap` of the least error there is, and the proof is returned as well.

    Parameters
    ----------
    costs : array_like
        Shape (tensors, choices), or a list of rows of any lengths: what each choice costs, in bytes
        or in any other unit. Finite, not negative.
    errors : array_like
        What each choice loses, of the same shape: weighted squared errors, say, or losses that
        another tool has measured. They must add up. Finite, not negative.
    budget : float
        What all choices may cost together, in the unit of `costs`.
    groups : sequence, optional
        A label for each tensor: those of one label have the same choice, by its number. None is no
        label.
    fixed : dict of int to int, optional
        The choice of tensors that have no other.
    gap : float, optional
        The search ends when ``(error - lower_bound) / error`` is no more than that. 0 asks for the
        least error itself, up to rounding (1e-12), which may take long.
    max_nodes : int, optional
        The most nodes of the search's tree: each takes some 50 bytes, and the time of looking at
        all steps of all hulls. What is found and proven until then is returned.

    Returns
    -------
    Allocation
        Its `gap` is larger than was asked for if `max_nodes` was reached.

    Raises
    ------
    ValueError
        If a number is NaN, infinite or negative, the tables differ in shape, groups or fixed
        choices contradict each other, or the budget is too small: the message says what the least
        cost is.

    Notes
    -----
    Branch and bound over the linear relaxation [1]_, [2]_: of each tensor the lower convex hull of
    (cost, error), steps of all hulls in the order of error saved per cost, and one tensor whose
    step does not fit whole, which is split.

    References
    ----------
    .. [1] P. Sinha and A. A. Zoltners, "The multiple-choice knapsack problem", Operations Research
       27 (1979), 503-515.
    .. [2] Y. Shoham and A. Gersho, "Efficient bit allocation for an arbitrary set of quantizers",
       IEEE Transactions on Acoustics, Speech, and Signal Processing 36 (1988), 1445-1453.

    Examples
    --------
    >>> from pyinfo.quantization import allocate
    >>> costs = [[100, 200, 400], [100, 200, 400]]
    >>> errors = [[90.0, 20.0, 1.0], [30.0, 8.0, 0.5]]
    >>> found = allocate(costs, errors, 500)
    >>> found.choice, found.cost, found.error
    ((1, 1), 400.0, 28.0)
    """
    cost, first = _flat(costs, "costs")
    error, error_first = _flat(errors, "errors")
    sizes, error_sizes = np.diff(first), np.diff(error_first)
    require_same_number([len(sizes), len(error_sizes)], ["costs", "errors"], "tensors")
    require_not_empty(len(sizes), "costs")
    if differing := np.flatnonzero(sizes != error_sizes).tolist():
        names = [f"{name}[{differing[0]}]" for name in ("costs", "errors")]
        require_same_number(
            [int(sizes[differing[0]]), int(error_sizes[differing[0]])], names, "choices"
        )
    unit = _units(groups, len(sizes))
    chosen, total_cost, total_error, bound, certificate, hull = _core.allocate(
        cost,
        error,
        first,
        unit,
        _fixed_choices(fixed, sizes),
        real(budget, "budget"),
        real(gap, "gap"),
        integer(max_nodes, "max_nodes", least=1),
    )
    hull.flags.writeable = False
    return Allocation(
        tuple(chosen[unit].tolist()),
        total_cost,
        total_error,
        bound,
        gap=(total_error - bound) / total_error if total_error > 0 else 0.0,
        budget=real(budget, "budget"),
        certificate=tuple(certificate),
        hull=hull,
    )


def allocate_document(document: Any, budget: float, **options: Any) -> Allocation:
    """Allocate what a JSON document states: the arguments of `allocate` by their names.

    ``fixed`` goes by names of tensors; these are numbers if the document has no ``names``.
    """
    if not isinstance(document, Mapping):
        raise ValueError("the table must be an object with costs and errors")
    for name in ("costs", "errors"):
        if name not in document:
            raise ValueError(f"the table has no {name!r}")
        if not isinstance(document[name], list):
            raise ValueError(f"{name} must be a list of rows")
    if unknown := set(document) - set(_FIELDS):
        raise ValueError(f"the table has the unknown field {min(unknown)!r}")
    names = table_names(document)
    numbers = {name: number for number, name in enumerate(names)}
    fixed = document.get("fixed")
    if fixed is not None:
        if not isinstance(fixed, Mapping):
            raise ValueError("fixed must be an object of choices by names of tensors")
        for name in fixed:
            if name not in numbers:
                raise ValueError(f"fixed names the tensor {name!r}, which the table has not")
        fixed = {numbers[name]: choice for name, choice in fixed.items()}
    try:
        return allocate(
            document["costs"],
            document["errors"],
            budget,
            groups=document.get("groups"),
            fixed=fixed,
            **options,
        )
    except TypeError as error:  # of what JSON can hold, a matter of values
        raise ValueError(str(error)) from error


def table_names(document: Mapping[str, Any]) -> list[str]:
    """Return the names of a table's tensors: their numbers if it has none."""
    count = len(document["costs"])
    names = document.get("names")
    if names is None:
        return [str(number) for number in range(count)]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("names must be a list of strings")
    require_same_number([count, len(names)], ["costs", "names"], "tensors")
    if len(set(names)) < len(names):
        raise ValueError("a name occurs twice")
    return names


def _flat(table: Table, name: str) -> tuple[NDArray[np.float64], NDArray[np.uint64]]:
    """Return all numbers of a table, and where each row begins; the end is the last of these."""
    if isinstance(table, (list, tuple)):
        rows = [_reals(row, f"{name}[{i}]", 1) for i, row in enumerate(table)]
        ends = np.cumsum([0, *map(len, rows)], dtype=np.uint64)
        return np.concatenate([np.empty(0), *rows]), ends
    array = _reals(table, name, 2)
    return array.reshape(-1), np.arange(array.shape[0] + 1, dtype=np.uint64) * array.shape[1]


def _reals(data: Any, name: str, dimensions: int) -> NDArray[np.float64]:
    if isinstance(data, list):  # integers of Python, and of JSON, may be beyond those of NumPy
        data = [_float_of_long(value) for value in data]
    array = reals(data, name)
    if array.ndim != dimensions:
        plural = "" if dimensions == 1 else "s"
        raise ValueError(f"{name} must have {dimensions} dimension{plural}, not {array.ndim}")
    return array


def _float_of_long(value: Any) -> Any:
    if type(value) is int and value.bit_length() > 63:
        if value.bit_length() > 1023:
            return math.inf if value > 0 else -math.inf
        return float(value)
    return value


def _units(groups: Sequence[Hashable] | None, count: int) -> NDArray[np.uint64]:
    """Return the number of each tensor's group, by first tensors; without a label it is its own."""
    if groups is None:
        return np.arange(count, dtype=np.uint64)
    if not isinstance(groups, Iterable):
        raise TypeError(f"groups must be labels, not {type(groups).__name__}")
    labels = list(groups)
    require_same_number([count, len(labels)], ["costs", "groups"], "tensors")
    keys = [(i, None) if label is None else (-1, label) for i, label in enumerate(labels)]
    try:
        numbers: dict[Any, int] = {}
        units = [numbers.setdefault(key, len(numbers)) for key in keys]
    except TypeError as error:
        raise TypeError(f"groups must be labels: {error}") from None
    return np.array(units, np.uint64)


def _fixed_choices(fixed: Mapping[int, int] | None, sizes: NDArray[Any]) -> NDArray[np.int64]:
    choices = np.full(len(sizes), -1, np.int64)
    if fixed is not None and not isinstance(fixed, Mapping):
        raise TypeError(f"fixed must be a dict of choices, not {type(fixed).__name__}")
    for tensor, choice in (fixed or {}).items():
        number = integer_from_to(tensor, "a tensor in fixed", 0, len(sizes) - 1)
        choices[number] = integer_from_to(choice, f"fixed[{number}]", 0, int(sizes[number]) - 1)
    return choices
