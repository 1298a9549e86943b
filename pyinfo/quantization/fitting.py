"""The search of `fit`: curves, a choice for each tensor, its coding, and again with real sizes."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pyinfo import _core
from pyinfo.arguments import real, reals
from pyinfo.quantization.allocation import Allocation, allocate
from pyinfo.quantization.importance import checked_importance
from pyinfo.quantization.step_curves import (
    Spread,
    StepPoint,
    coarse_steps,
    fine_steps,
    spread_of,
    step_curve,
)
from pyinfo.quantization.tensor_quantizing import QuantizedSource, quantized_source
from pyinfo.safetensors.coded_tensor import PIECE
from pyinfo.safetensors.dtype_codes import CODES
from pyinfo.safetensors.packing import (
    FileSource,
    QuantizedForm,
    TensorSource,
    are_equal,
    frame_of,
    frame_pieces,
    header_size,
    saves_enough,
    worth_coding,
)
from pyinfo.safetensors.quantization import FLOATS, Quantization
from pyinfo.safetensors.tensor_report import expected

Importance: TypeAlias = float | NDArray[np.float64]

_SMALL: Final = 4096  # elements; smaller tensors stay as they are
_ROUGH_NODES: Final = 64  # of the search that only says where to look closer
_MOST_NODES: Final = 2000  # of each search: where all tensors are alike, more would not help soon
_ROUNDS: Final = 16
_MOST_ROUNDS: Final = 32
_NUDGED: Final = 0.999
_PASSES: Final = 3  # over each tensor that is quantised, as progress counts them


class Measured(NamedTuple):
    """What a choice has come to."""

    size: int
    error: float


@dataclass
class FitTensor:
    """A tensor, and what can become of it.

    Attributes
    ----------
    source
        As it is in the file.
    count
        How many tensors of the file are equal to it, itself included.
    spread
        None if it stays as it is.
    importance
        What its squared errors count: a number, or one for each index along the last axis.
    points
        What it can become, beside what it is.
    measured
        What it came to, by steps; None is no quantisation.
    made, made_for
        What it was quantised to last, and with which of the steps.
    size_ratio, error_ratio
        Of its real size and error to those of the model, then.
    lossless_size
        Bytes without quantisation, as far as it is known.
    chosen
        The step; None is no quantisation.
    """

    source: TensorSource
    count: int = 1
    spread: Spread | None = None
    importance: Importance = 1.0
    points: list[StepPoint] = field(default_factory=list)
    measured: dict[float | None, Measured] = field(default_factory=dict)
    made: QuantizedSource | None = None
    made_for: float | None = None
    size_ratio: float = 1.0
    error_ratio: float = 1.0
    lossless_size: int = 0
    chosen: float | None = None

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return math.prod(self.source.shape)

    def rows(self) -> tuple[list[float], list[float]]:
        """Return costs and errors of each step, then of no quantisation: real ones where known."""
        costs, errors = [], []
        for point in self.points:
            found = self.measured.get(point.step)
            costs.append(float(found.size if found else math.ceil(point.size * self.size_ratio)))
            error = found.error if found else point.error * self.error_ratio
            errors.append(self.count * error)
        return [*costs, float(self.lossless_size)], [*errors, 0.0]

    def point(self, step: float) -> StepPoint:
        """Return what the model says of a step."""
        return next(point for point in self.points if point.step == step)

    def choice_step(self, choice: int) -> float | None:
        """Return the step that a number of `rows` stands for."""
        return self.points[choice].step if choice < len(self.points) else None

    def expected(self) -> Measured:
        """Return what is chosen now, as far as it is known."""
        costs, errors = self.rows()
        steps = [point.step for point in self.points]
        number = len(steps) if self.chosen is None else steps.index(self.chosen)
        return Measured(int(costs[number]), errors[number])

    def make(self, step: float | None, threads: int) -> None:
        """Find out what a choice comes to."""
        if step is None:
            self.lossless_size = lossless_size(self.source, threads)
            self.measured[None] = Measured(self.lossless_size, 0.0)
            return
        assert self.spread is not None
        model = self.point(step)
        how = model.dead_zone, self.spread, self.importance, threads
        made = quantized_source(self.source, step, *how)
        if self.source.shape == (made.size,):  # a loader that knows no frames would take it as is
            made = quantized_source(self.source, float(np.float32(_NUDGED * step)), *how)
        self.made, self.made_for = made, step
        self.measured[step] = Measured(made.size, made.error)
        self.size_ratio = made.size / model.size
        if model.error > 0 and made.error > 0:
            self.error_ratio = made.error / model.error


class Shard(NamedTuple):
    """A file: its tensors in the order of their bytes, and what its header is made from."""

    sources: list[TensorSource]
    original: FileSource


class Chosen(NamedTuple):
    """An allocation, and the costs and errors that it is of."""

    allocation: Allocation
    costs: list[list[float]]
    errors: list[list[float]]


class Fitting:
    """What becomes of the tensors of one file, or of several, within a budget."""

    def __init__(
        self,
        shards: Sequence[Shard],
        budget: int,
        *,
        lossless: bool | Iterable[str] | None,
        importance: Mapping[str, Any] | None,
        gap: float,
        threads: int,
        progress: Callable[[int, int | None], None] | None,
    ) -> None:
        self.shards = shards
        self.sources = [source for shard in shards for source in shard.sources]
        self.budget = budget
        self._gap = gap
        self._threads = threads
        self._progress = progress
        self._done = 0
        self.tensors: list[FitTensor] = []
        self.owners = self._find_equal()
        given = _checked_importance(importance, self.sources)
        stays = _stays(lossless, [source.name for source in self.sources])
        for tensor in self.tensors:
            if not stays(tensor.source):
                tensor.spread = spread_of(tensor.source.data, tensor.source.dtype)
        of_equal: dict[int, list[Importance]] = {}
        for source, owner in zip(self.sources, self.owners, strict=True):
            of_equal.setdefault(owner, []).append(given.get(source.name, 1.0))
        for number, each in of_equal.items():
            mean: Any = sum(each[1:], each[0]) / len(each)
            self.tensors[number].importance = mean
        self.free = [tensor for tensor in self.tensors if tensor.spread is not None]
        self._total = _PASSES * sum(len(tensor.source.data) for tensor in self.free)
        self._most_header = self._header_size(lambda tensor: True)
        self.predicted_size = 0

    def _find_equal(self) -> list[int]:
        """Return for each source the number of the tensor that it is, or is equal to.

        A file has equal tensors once, not those of another one.
        """
        owners = []
        seen: dict[Any, list[int]] = {}
        of_shards = [n for n, shard in enumerate(self.shards) for _ in shard.sources]
        for shard, source in zip(of_shards, self.sources, strict=True):
            crc = 0
            for begin in range(0, len(source.data), PIECE):
                crc = _core.crc32c(source.data[begin : begin + PIECE], crc)
            equal = seen.setdefault((shard, source.dtype.code, source.shape, crc), [])
            owner = next(
                (n for n in equal if are_equal(self.tensors[n].source.data, source.data)), None
            )
            if owner is None or len(source.data) == 0:
                owner = len(self.tensors)
                equal.append(owner)
                self.tensors.append(FitTensor(source))
            else:
                self.tensors[owner].count += 1
            owners.append(owner)
        return owners

    # -- The search

    def run(self) -> Chosen:
        """Choose and code; return the last allocation, whose chosen costs and errors are real."""
        stay = [tensor for tensor in self.tensors if tensor.spread is None]
        self._each(lambda tensor: tensor.make(None, 1), stay)
        budget = real(self.budget, "budget")
        bits = 8 * budget / max(1, sum(tensor.elements for tensor in self.free))

        def first_look(tensor: FitTensor) -> None:
            assert tensor.spread is not None
            tensor.lossless_size = expected(tensor.source, None)[0]
            self._add_points(tensor, coarse_steps(tensor.spread, bits))

        def second_look(tensor: FitTensor) -> None:
            assert tensor.spread is not None
            if tensor.chosen is not None:
                self._add_points(tensor, fine_steps(tensor.spread, tensor.chosen, len(self.free)))

        self._each(first_look, self.free)
        self._allocate(0, _ROUGH_NODES)
        self._each(second_look, self.free)
        return self._settle()

    def _settle(self) -> Chosen:
        """Code what is chosen, correct the model, and choose again, until nothing changes."""
        over = 0
        best: tuple[float, Chosen, list[float | None], int] | None = None
        for turn in range(_MOST_ROUNDS):
            found = self._allocate(over)
            self.predicted_size = self.size()
            new = [tensor for tensor in self.free if tensor.chosen not in tensor.measured]
            self._each(lambda tensor: tensor.make(tensor.chosen, 1), new)
            size = self.size()
            if size <= self.budget:
                if not new:
                    break
                error = sum(tensor.expected().error for tensor in self.free)
                if best is None or error < best[0]:
                    steps = [tensor.chosen for tensor in self.free]
                    best = (error, found, steps, self.predicted_size)
            elif turn >= _ROUNDS:
                over += size - self.budget
        else:
            if best is None:
                raise self._too_small()
            _, found, steps, self.predicted_size = best
            for tensor, step in zip(self.free, steps, strict=True):
                tensor.chosen = step
        self._each(self._make_again, self.free)
        return found

    def _allocate(self, over: int, most_nodes: int = _MOST_NODES) -> Chosen:
        """Choose with what is known by now, and `over` bytes less than there are."""
        room = self._room() - over
        if room < sum(min(costs) for costs, _ in map(FitTensor.rows, self.free)):
            self._make_cheapest()
            if room < sum(min(costs) for costs, _ in map(FitTensor.rows, self.free)):
                raise self._too_small()
        rows = [tensor.rows() for tensor in self.free]
        costs, errors = [costs for costs, _ in rows], [errors for _, errors in rows]
        if not rows:
            nothing = Allocation((), 0.0, 0.0, 0.0, 0.0, float(room), (0.0,), np.zeros((1, 2)))
            return Chosen(nothing, costs, errors)
        found = allocate(costs, errors, room, gap=self._gap, max_nodes=most_nodes)
        for tensor, choice in zip(self.free, found.choice, strict=True):
            tensor.chosen = tensor.choice_step(choice)
        return Chosen(found, costs, errors)

    def _room(self) -> int:
        stay = sum(tensor.lossless_size for tensor in self.tensors if tensor.spread is None)
        return self.budget - self._most_header - stay

    def _make_cheapest(self) -> None:
        def cheapest(tensor: FitTensor) -> None:
            coarsest = max(point.step for point in tensor.points)
            if coarsest not in tensor.measured:
                tensor.make(coarsest, 1)
            if None not in tensor.measured:
                tensor.make(None, 1)

        self._each(cheapest, self.free)

    def _too_small(self) -> ValueError:
        self._make_cheapest()
        least = sum(min(found.size for found in t.measured.values()) for t in self.tensors)
        one = len(self.shards) == 1
        return ValueError(
            f"the budget of {self.budget:,} bytes is too small: the smallest "
            f"{'file' if one else 'files'} that can be made of these tensors "
            f"{'has' if one else 'have'} {least + self._most_header:,} bytes"
        )

    def _add_points(self, tensor: FitTensor, steps: Sequence[float]) -> None:
        source = tensor.source
        assert tensor.spread is not None
        tensor.points += step_curve(
            source.data, source.dtype, steps, tensor.spread, tensor.importance
        )
        self._tell(tensor)

    def _make_again(self, tensor: FitTensor) -> None:
        """Make what is chosen if something else was made last."""
        if tensor.chosen is not None and tensor.made_for != tensor.chosen:
            tensor.make(tensor.chosen, 1)
        self._tell(tensor)

    # -- What comes of it

    def size(self) -> int:
        """Return the bytes of the files with what is chosen now, as far as they are known."""
        header = self._header_size(lambda t: t.chosen is not None)
        stay = sum(tensor.lossless_size for tensor in self.tensors if tensor.spread is None)
        return header + stay + sum(tensor.expected().size for tensor in self.free)

    def results(self) -> list[list[TensorSource]]:
        """Return the tensors to be written, of each file."""

        def result(source: TensorSource, tensor: FitTensor) -> TensorSource:
            if tensor.spread is None or tensor.chosen is None:
                return source
            assert tensor.made is not None
            return source._replace(quantized=tensor.made.source.quantized)

        return self._of_shards(result)

    def _header_size(self, is_quantized: Callable[[FitTensor], bool]) -> int:
        """Return the bytes before the data of all files, if some tensors are quantised."""
        form = QuantizedForm(Quantization(1.0, 0, CODES["U8"]), b"", 0)

        def stated(source: TensorSource, tensor: FitTensor) -> TensorSource:
            quantized = tensor.spread is not None and is_quantized(tensor)
            return source._replace(quantized=form) if quantized else source

        made = zip(self._of_shards(stated), self.shards, strict=True)
        return sum(header_size(sources, shard.original) for sources, shard in made)

    def _of_shards(
        self, made: Callable[[TensorSource, FitTensor], TensorSource]
    ) -> list[list[TensorSource]]:
        owners = iter(self.owners)
        return [
            [made(source, self.tensors[next(owners)]) for source in shard.sources]
            for shard in self.shards
        ]

    def _each(self, work: Callable[[FitTensor], None], tensors: Sequence[FitTensor]) -> None:
        """Do the work for each tensor, for several of them at the same time."""
        if self._threads == 1 or len(tensors) < 2:
            for tensor in tensors:
                work(tensor)
            return
        with ThreadPoolExecutor(self._threads) as pool:
            for _ in pool.map(work, tensors):
                pass

    def _tell(self, tensor: FitTensor) -> None:
        self._done += len(tensor.source.data)
        if self._progress is not None:
            self._progress(min(self._done, self._total), self._total)


def lossless_size(source: TensorSource, threads: int = 1) -> int:
    """Return the bytes that a tensor takes in a packed file without quantisation."""
    if not worth_coding(source):
        return len(source.data)
    if len(source.data) > PIECE:
        size = sum(len(part) for part in frame_pieces(source, None, threads))
    else:
        size = len(frame_of(source, None, threads))
    return size if saves_enough(source, size) else len(source.data)


def _stays(
    lossless: bool | Iterable[str] | None, names: Sequence[str]
) -> Callable[[TensorSource], bool]:
    """Return what says whether a tensor stays as it is; ValueError if a pattern fits no name."""
    if isinstance(lossless, str):
        lossless = [lossless]
    patterns = [] if lossless is None or isinstance(lossless, bool) else list(lossless)
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(name, pattern) for name in names):
            raise ValueError(f"lossless has {pattern!r}, which is no tensor's name")

    def stays(source: TensorSource) -> bool:
        elements = math.prod(source.shape)
        if lossless is True or source.dtype.code not in FLOATS or elements == 0:
            return True
        if lossless is False:
            return False
        return (
            len(source.shape) < 2
            or elements < _SMALL
            or any(fnmatch.fnmatchcase(source.name, pattern) for pattern in patterns)
        )

    return stays


def _checked_importance(
    importance: Mapping[str, Any] | None, sources: Sequence[TensorSource]
) -> dict[str, Importance]:
    if importance is None:
        return {}
    if not isinstance(importance, Mapping):
        raise TypeError(f"importance must be a dict by names, not {type(importance).__name__}")
    by_name = {source.name: source for source in sources}
    checked: dict[str, Importance] = {}
    for name, given in importance.items():
        source = by_name.get(name)
        if source is None:
            raise ValueError(f"importance names the tensor {name!r}, which the file has not")
        array = reals(given, f"importance[{name!r}]")
        if array.ndim > 0 and array.shape != source.shape[-1:]:
            raise ValueError(
                f"importance[{name!r}] must be a number, or one for each of the last axis of "
                f"{source.shape}, not of shape {array.shape}"
            )
        values = checked_importance(array, f"importance[{name!r}]")
        checked[name] = float(values) if array.ndim == 0 else np.ascontiguousarray(values)
    return checked
