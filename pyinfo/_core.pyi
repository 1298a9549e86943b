"""Type information for the extension module."""

from collections.abc import Sequence
from typing import Any, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

__version__: str

_Axis: TypeAlias = int | tuple[int, ...] | list[int] | None
_Normalize: TypeAlias = bool | None
_Float: TypeAlias = np.float32 | np.float64
_Result: TypeAlias = float | np.float32 | npt.NDArray[_Float]

class _Config(TypedDict):
    version: str
    compiler: str
    isa: str
    available_isas: list[str]

def config() -> _Config: ...
def byte_counts(
    data: Any, itemsize: int = 1, out: npt.NDArray[np.uint64] | None = None
) -> npt.NDArray[np.uint64]: ...
def information_content(
    p: npt.ArrayLike, *, base: float = 2, out: npt.NDArray[_Float] | None = None
) -> _Result: ...
def entropy(
    p: npt.ArrayLike,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def cross_entropy(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def kl_divergence(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def js_divergence(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    weights: Sequence[float] | None = None,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def js_distance(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    weights: Sequence[float] | None = None,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def renyi_entropy(
    p: npt.ArrayLike,
    alpha: float,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def tsallis_entropy(
    p: npt.ArrayLike,
    alpha: float,
    *,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def renyi_divergence(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    alpha: float,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def jeffreys_divergence(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def hellinger_distance(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def bhattacharyya_distance(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
def total_variation_distance(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    *,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Normalize = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
