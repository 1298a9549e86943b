"""Type information for the extension module."""

from collections.abc import Sequence
from typing import Any, Literal, NoReturn, Self, SupportsIndex, TypeAlias, TypedDict, overload

import numpy as np
import numpy.typing as npt

from pyinfo.counting.counts import Counts

__version__: str
_C_API: object  # a PyCapsule: see pyinfo.h

_Axis: TypeAlias = int | tuple[int, ...] | list[int] | None
_Norm: TypeAlias = bool | None
_Float: TypeAlias = np.float32 | np.float64
_Result: TypeAlias = float | np.float32 | npt.NDArray[_Float]
# One distribution: its measure is a float. Of arrays that may have any number of dimensions it may
# be one.
_Element: TypeAlias = np.float64 | np.integer[Any] | np.bool_
_Row: TypeAlias = Sequence[float] | Counts | np.ndarray[tuple[int], np.dtype[_Element]]
_Distribution: TypeAlias = npt.ArrayLike | Counts

class _Choice(TypedDict):
    isa: str
    reason: str

class _Config(TypedDict):
    version: str
    compiler: str
    isa: str
    available_isas: list[str]
    choices: dict[str, _Choice]

def config() -> _Config: ...
def as_array(data: Any, name: str) -> npt.NDArray[Any]: ...
def plain_vector(items: Any) -> npt.NDArray[Any] | None: ...
def int32_vector(items: Any) -> npt.NDArray[np.int32] | None: ...
def as_bits(data: Any, name: str) -> tuple[npt.NDArray[Any], str | None]: ...
def checked_base(base: Any) -> float: ...
def real_number(value: Any, name: str) -> float: ...
def checked_out(out: Any, dtype: np.dtype[Any], shape: Sequence[int]) -> npt.NDArray[Any]: ...
def thread_count(threads: Any) -> int: ...
def quantize(
    x: Any, scale: npt.NDArray[np.float64], zero_point: npt.NDArray[np.int32], group: int,
    storage: int, is_signed: bool, low: int, high: int, dead_zone: float,
    threads: int,
) -> npt.NDArray[np.uint8]: ...  # fmt: skip
def dequantize(
    q: npt.NDArray[np.uint8], size: int, scale: npt.NDArray[np.float64],
    zero_point: npt.NDArray[np.int32], group: int, storage: int, is_signed: bool, is_double: bool,
    threads: int,
) -> npt.NDArray[Any]: ...  # fmt: skip
def rate_distortion(
    w: Any, group: int, importance: npt.NDArray[np.float32], levels: Sequence[int],
    ratios: npt.NDArray[np.float64], steps: npt.NDArray[np.float64], of_spread: bool,
    dead_zones: npt.NDArray[np.float64], threads: int,
) -> tuple[
    npt.NDArray[np.float32], npt.NDArray[np.float64], npt.NDArray[np.float64],
    npt.NDArray[np.float64], npt.NDArray[np.float64], float,
]: ...  # fmt: skip
def optimal_steps(
    w: Any, group: int, importance: npt.NDArray[np.float32], levels: int, threads: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]: ...
def clipping_curve(
    counts: npt.NDArray[np.uint64], is_signed: bool, largest: float, bits: int, criterion: int,
    candidates: int,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], int]: ...  # fmt: skip
def grid_errors(
    counts: npt.NDArray[np.float64], origin: float, steps: npt.NDArray[np.float64],
    lows: npt.NDArray[np.int32], highs: npt.NDArray[np.int32],
) -> npt.NDArray[np.float64]: ...  # fmt: skip

_HistogramState: TypeAlias = tuple[int, npt.NDArray[np.uint64], int, int, int, float, float]

class FloatHistogram:
    def __new__(cls, bins: int, is_signed: bool) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    def add(self, x: Any, threads: int) -> None: ...
    def merge(self, other: FloatHistogram) -> None: ...
    def state(self) -> _HistogramState: ...
    def restore(
        self, exponent: int, counts: npt.NDArray[np.uint64], nans: int, below: int, above: int,
        least: float, most: float,
    ) -> None: ...  # fmt: skip

_Reduction: TypeAlias = Literal["mean", "sum", "none"]

def logits_cross_entropy(
    logits: npt.ArrayLike,
    labels: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
    ignore_index: SupportsIndex = -100,
    label_smoothing: float = 0.0,
    reduction: _Reduction = "mean",
    z_loss: float = 0.0,
    base: float = 2.718281828459045,
    grad: npt.NDArray[Any] | None = None,
    out: npt.NDArray[_Float] | None = None,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
    normalize: _Norm = None,
) -> _Result: ...
def logits_kl_divergence(
    p_logits: npt.ArrayLike,
    q_logits: npt.ArrayLike,
    *,
    temperature: float = 1.0,
    reduction: _Reduction = "mean",
    grad: npt.NDArray[Any] | None = None,
    base: float = 2.718281828459045,
    out: npt.NDArray[_Float] | None = None,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> _Result: ...
def logits_js_divergence(
    p_logits: npt.ArrayLike,
    q_logits: npt.ArrayLike,
    *,
    weights: Sequence[float] | None = None,
    temperature: float = 1.0,
    reduction: _Reduction = "mean",
    grad: npt.NDArray[Any] | None = None,
    base: float = 2.718281828459045,
    out: npt.NDArray[_Float] | None = None,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> _Result: ...
def logits_entropy(
    logits: npt.ArrayLike,
    *,
    temperature: float = 1.0,
    reduction: _Reduction = "none",
    grad: npt.NDArray[Any] | None = None,
    base: float = 2.718281828459045,
    out: npt.NDArray[_Float] | None = None,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> _Result: ...
def logits_logsumexp(
    logits: npt.ArrayLike,
    *,
    out: npt.NDArray[_Float] | None = None,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> _Result: ...
def logits_log_softmax(
    logits: npt.ArrayLike,
    *,
    out: npt.NDArray[_Float] | None = None,
    axis: SupportsIndex = -1,
    threads: SupportsIndex = 1,
) -> npt.NDArray[_Float]: ...
def logits_top(
    logits: npt.ArrayLike, *, axis: SupportsIndex = -1, threads: SupportsIndex = 1
) -> npt.NDArray[np.int64]: ...
def byte_counts(
    data: Any, itemsize: int = 1, out: npt.NDArray[np.uint64] | None = None
) -> npt.NDArray[np.uint64]: ...
def ngram_keys(data: Any, length: int) -> npt.NDArray[Any]: ...
def allocate(
    costs: npt.NDArray[np.float64],
    errors: npt.NDArray[np.float64],
    first: npt.NDArray[np.uint64] | Sequence[int],
    unit: npt.NDArray[np.uint64] | Sequence[int],
    fixed: npt.NDArray[np.int64] | Sequence[int],
    budget: float,
    gap: float,
    most_nodes: int,
) -> tuple[
    npt.NDArray[np.int64],
    float,
    float,
    float,
    list[tuple[int, float] | float | None],
    npt.NDArray[np.float64],
]: ...
def table_information(table: npt.NDArray[Any]) -> float: ...
def table_conditional_entropy(table: npt.NDArray[Any]) -> float: ...
def cell_information(
    counts: npt.NDArray[Any],
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
) -> float: ...
def cell_conditional_entropy(counts: npt.NDArray[Any], groups: npt.NDArray[np.int64]) -> float: ...
def expected_information(
    a_sizes: npt.NDArray[Any],
    a_times: npt.NDArray[Any],
    b_sizes: npt.NDArray[Any],
    b_times: npt.NDArray[Any],
    total: int,
) -> float: ...
def pairwise_information(
    codes: npt.NDArray[np.uint8], alphabets: npt.NDArray[np.uint32], threads: SupportsIndex
) -> npt.NDArray[np.float64]: ...
def digamma(x: float) -> float: ...
def neighbour_log_distance(
    columns: npt.NDArray[np.float64], k: int, threads: SupportsIndex
) -> float: ...
def neighbour_digammas(
    columns: npt.NDArray[np.float64],
    k: int,
    spaces: npt.NDArray[np.uint32],
    extents: bool,
    threads: SupportsIndex,
) -> npt.NDArray[np.float64]: ...
def nearby_order(columns: npt.NDArray[np.float64]) -> npt.NDArray[np.uint32]: ...
def class_digammas(
    columns: npt.NDArray[np.float64],
    labels: npt.NDArray[np.uint32],
    classes: int,
    k: int,
    threads: SupportsIndex,
) -> tuple[int, float, float, float]: ...
def count_values(
    samples: npt.NDArray[Any], weights: npt.NDArray[Any] | None = None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]: ...
def factorize(
    samples: npt.NDArray[Any],
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[Any], npt.NDArray[np.uint64]]: ...
def joint_table(
    x: npt.NDArray[Any], y: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.uint64], int, int] | None: ...

class SymbolCode:
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...

def huffman_lengths(counts: npt.NDArray[np.uint64], max_length: int) -> npt.NDArray[np.uint8]: ...
def canonical_codewords(lengths: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]: ...
def kraft_sum(lengths: npt.NDArray[np.uint8]) -> int: ...
def rans_frequencies(counts: npt.NDArray[np.uint64], precision: int) -> npt.NDArray[np.uint32]: ...
def huffman_code(lengths: npt.NDArray[np.uint8]) -> SymbolCode: ...
def rans_code(frequencies: npt.NDArray[np.uint32], precision: int) -> SymbolCode: ...
def encode_message(code: SymbolCode, symbols: Any, /) -> bytes: ...
def decode_message(
    code: SymbolCode, data: Any, out: npt.NDArray[Any] | None, max_size: int | None, /
) -> npt.NDArray[Any]: ...
def dfloat11_encode(
    arrays: list[Any], names: list[str]
) -> tuple[
    npt.NDArray[np.uint8],
    npt.NDArray[np.uint8],
    npt.NDArray[np.uint8],
    npt.NDArray[np.uint32],
    npt.NDArray[np.uint8],
    npt.NDArray[np.int64],
]: ...
@overload
def information_content(p: float, *, base: float = 2) -> float: ...
@overload
def information_content(
    p: npt.ArrayLike, *, base: float = 2, out: npt.NDArray[_Float] | None = None
) -> _Result: ...
@overload
def entropy(
    p: _Row, *, base: float = 2, axis: _Axis = -1, normalize: _Norm = None, threads: int = 1
) -> float: ...
@overload
def entropy(
    p: _Distribution,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def cross_entropy(
    p: _Row,
    q: _Row,
    *,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def cross_entropy(
    p: _Distribution,
    q: _Distribution,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def kl_divergence(
    p: _Row,
    q: _Row,
    *,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def kl_divergence(
    p: _Distribution,
    q: _Distribution,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def js_divergence(
    p: _Row,
    q: _Row,
    *more: _Row,
    weights: Sequence[float] | None = None,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def js_divergence(
    p: _Distribution,
    q: _Distribution,
    *more: _Distribution,
    weights: Sequence[float] | None = None,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def js_distance(
    p: _Row,
    q: _Row,
    *more: _Row,
    weights: Sequence[float] | None = None,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def js_distance(
    p: _Distribution,
    q: _Distribution,
    *more: _Distribution,
    weights: Sequence[float] | None = None,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def renyi_entropy(
    p: _Row,
    alpha: float,
    *,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def renyi_entropy(
    p: _Distribution,
    alpha: float,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def tsallis_entropy(
    p: _Row, alpha: float, *, axis: _Axis = -1, normalize: _Norm = None, threads: int = 1
) -> float: ...
@overload
def tsallis_entropy(
    p: _Distribution,
    alpha: float,
    *,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def renyi_divergence(
    p: _Row,
    q: _Row,
    alpha: float,
    *,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def renyi_divergence(
    p: _Distribution,
    q: _Distribution,
    alpha: float,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def jeffreys_divergence(
    p: _Row,
    q: _Row,
    *,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def jeffreys_divergence(
    p: _Distribution,
    q: _Distribution,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def hellinger_distance(
    p: _Row, q: _Row, *, axis: _Axis = -1, normalize: _Norm = None, threads: int = 1
) -> float: ...
@overload
def hellinger_distance(
    p: _Distribution,
    q: _Distribution,
    *,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def bhattacharyya_distance(
    p: _Row,
    q: _Row,
    *,
    base: float = 2,
    axis: _Axis = -1,
    normalize: _Norm = None,
    threads: int = 1,
) -> float: ...
@overload
def bhattacharyya_distance(
    p: _Distribution,
    q: _Distribution,
    *,
    base: float = 2,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...
@overload
def total_variation_distance(
    p: _Row, q: _Row, *, axis: _Axis = -1, normalize: _Norm = None, threads: int = 1
) -> float: ...
@overload
def total_variation_distance(
    p: _Distribution,
    q: _Distribution,
    *,
    axis: _Axis = -1,
    keepdims: bool = False,
    normalize: _Norm = None,
    out: npt.NDArray[_Float] | None = None,
    threads: int = 1,
) -> _Result: ...

CODERS: tuple[str, ...]
MODES: tuple[str, ...]
MAX_CHUNK_ITEMS: int

def crc32c(data: Any, seed: int = 0) -> int: ...
def crc32c_copy(data: Any, out: Any, seed: int = 0) -> int: ...
def choose_chunk_items(planes: int, wanted: int) -> int: ...
def compress(
    data: Any,
    planes: int,
    metadata: bytes,
    chunk_items: int,
    coder: int,
    effort: int,
    threads: int,
    floats: bool,
    fit_chunks: bool = ...,
) -> bytes: ...
def block_sizes(
    data: Any, planes: int, chunk_items: int, coder: int, effort: int, threads: int
) -> list[tuple[int, int, int, int, int, int]]: ...

class FrameReader:
    def __new__(cls, data: Any, max_size: int, others_follow: bool = False) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    @property
    def items(self) -> int: ...
    @property
    def planes(self) -> int: ...
    @property
    def chunk_items(self) -> int: ...
    @property
    def rotated(self) -> bool: ...
    @property
    def metadata(self) -> bytes: ...
    @property
    def size(self) -> int: ...
    @property
    def block_count(self) -> int: ...
    def blocks(self) -> list[tuple[int, int, int, int, int]]: ...
    def decode(self, first: int, last: int, out: Any, threads: int) -> None: ...
    def require_complete(self) -> None: ...
    def require_known_items(self) -> None: ...
    def verify(self, threads: int) -> list[tuple[int | None, int, str]]: ...
    def close(self) -> None: ...

class FrameWriter:
    def __new__(
        cls,
        planes: int,
        metadata: bytes,
        chunk_items: int,
        coder: int,
        effort: int,
        threads: int,
        floats: bool,
        items: int = ...,
    ) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    def header(self, data: Any) -> bytes: ...
    def write(self, data: Any) -> bytes: ...
    def finish(self) -> bytes: ...

class StreamReader:
    def __new__(cls, max_size: int, threads: int = 1) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    def feed(self, data: Any) -> int: ...
    def read(self, data: Any, max: int) -> tuple[bytes, int]: ...
    def take(self, max: int) -> bytes: ...
    def take_of_more(self, max: int) -> bytes | None: ...
    @property
    def metadata(self) -> bytes | None: ...
    @property
    def size(self) -> int | None: ...
    @property
    def ready_size(self) -> int: ...
    @property
    def ended(self) -> bool: ...
    def require_end(self) -> None: ...

def patch_diff(
    old: Any, new: Any, size: int, mantissa: int, metadata: bytes, threads: int
) -> bytes: ...

class PatchReader:
    def __new__(cls, data: Any) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    @property
    def items(self) -> int: ...
    @property
    def item_size(self) -> int: ...
    @property
    def mantissa(self) -> int: ...
    @property
    def classes(self) -> int: ...
    @property
    def changed(self) -> int: ...
    @property
    def metadata(self) -> bytes: ...
    def is_base(self, array: Any, threads: int) -> bool: ...
    def is_result(self, array: Any, threads: int) -> bool: ...
    def apply(self, base: Any, out: Any, out_is_new: bool, threads: int) -> None: ...

class IndexedTables:
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    @property
    def count(self) -> int: ...
    @property
    def fingerprint(self) -> int: ...
    def table(self, index: int) -> tuple[int, npt.NDArray[np.uint32]]: ...
    def encode(self, symbols: Any, indexes: Any, shifts: Any, threads: int) -> bytes: ...
    def decode(
        self, data: Any, indexes: Any, shifts: Any, out: Any, threads: int
    ) -> npt.NDArray[Any]: ...
    def bits(self, symbols: Any, indexes: Any, shifts: Any, each: Any) -> tuple[float, float]: ...

def distribution_tables(
    family: int, scales: Any, precision: int, tail: int, steps: int
) -> IndexedTables: ...

TAIL_SLOTS: float

def split_means(
    means: Any, indexes: Any, steps: int, scales: int
) -> tuple[npt.NDArray[Any], npt.NDArray[np.int32]]: ...
def weight_tables(weights: Any, sizes: Any, leasts: Any, precision: int) -> IndexedTables: ...

class CompressaiTables:
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    def made_again(self, cdfs: Any, sizes: Any, offsets: Any) -> CompressaiTables | None: ...

def compressai_tables(cdfs: Any, sizes: Any, offsets: Any) -> CompressaiTables | None: ...
def compressai_encode(tables: CompressaiTables, symbols: Any, indexes: Any) -> bytes: ...

class CompressaiBuffer:
    def __new__(cls) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    def add(self, tables: CompressaiTables, symbols: Any, indexes: Any) -> None: ...
    def flush(self) -> bytes: ...

class CompressaiDecoder:
    def __new__(cls, stream: Any) -> Self: ...
    def __reduce_ex__(self, protocol: SupportsIndex, /) -> NoReturn: ...
    def decode(self, tables: CompressaiTables, indexes: Any, as_list: bool) -> Any: ...
    def require_end(self) -> None: ...

def compressai_decode(
    tables: CompressaiTables, stream: Any, indexes: Any, as_list: bool
) -> Any: ...
def compressai_cdf(pmf: Any, precision: int) -> list[int]: ...
def torchac_encode(cdf: Any, symbols: Any) -> bytes: ...
def torchac_decode(cdf: Any, stream: Any) -> npt.NDArray[np.int16]: ...
