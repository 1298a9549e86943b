"""Arrays of other packages: by DLPack, the buffer protocol, or __array__; with what they are here.

What can be had everywhere runs everywhere: a plain exporter of our own, and PyArrow. The tests of
torch and JAX run where these are installed.
"""

from __future__ import annotations

import array
import gc
import importlib.util
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pyarrow
import pytest

import pyinfo
from pyinfo import _core
from support import dlpack_producer as dlpack
from support.coding_inputs import same, symbols
from support.distributions import rng
from support.dlpack_producer import OldProducer, Producer, bfloat16

pytestmark = pytest.mark.once

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
NUMBERS = ["b", "B", "h", "H", "i", "I", "q", "Q", "?", "e", "f", "d"]


def numbers(code: str, shape: tuple[int, ...] = (7, 40)) -> Any:
    return rng(1).integers(1 - (code == "?"), 2 if code == "?" else 50, shape).astype(code)


def equal(got: Any, expected: Any) -> bool:
    """Whether two results are the same to the last bit, scalars or arrays."""
    return type(got) is type(expected) and same(np.asarray(got), np.asarray(expected))


def address(values: Any) -> int:
    return int(_core.as_array(values, "values").ctypes.data)


# -- The plain exporter ---------------------------------------------------------------------------


@pytest.mark.parametrize("version", [None, 1])
@pytest.mark.parametrize("code", NUMBERS)
def test_every_type(code: str, version: int | None) -> None:
    values = numbers(code)
    options = {"normalize": True, "axis": 0}
    producer = Producer(values, version=version)
    assert address(producer) == values.ctypes.data
    assert same(_core.as_array(producer, "x"), values)
    assert equal(pyinfo.entropy(producer, **options), pyinfo.entropy(values, **options))
    pair = [
        pyinfo.kl_divergence(x, y, **options)
        for x, y in ((values, values[::-1]), (producer, Producer(values[::-1], version=version)))
    ]
    assert equal(*pair)
    assert pyinfo.compress(producer) == pyinfo.compress(values)
    assert same(_core.byte_counts(producer), _core.byte_counts(values))
    gc.collect()
    assert producer.deleted == producer.exported == 6


@pytest.mark.parametrize("code", ["F", "D"])
def test_complex_numbers(code: str) -> None:
    values = (rng(1).random((3, 5)) + 1j).astype(code)
    assert pyinfo.compress(Producer(values)) == pyinfo.compress(values)
    with pytest.raises(TypeError, match="p must hold real numbers, not complex"):
        pyinfo.entropy(Producer(values))


def test_bfloat16() -> None:
    values = (rng(1).random((7, 40)) / 40).astype(BFLOAT16)
    producer = bfloat16(values)
    assert address(producer) == values.ctypes.data
    for options in ({}, {"axis": 0}, {"normalize": False}, {"axis": None}):
        options = {"normalize": True, **options}
        assert equal(pyinfo.entropy(producer, **options), pyinfo.entropy(values, **options))
        got = pyinfo.js_divergence(bfloat16(values[::-1]), producer, **options)
        assert equal(got, pyinfo.js_divergence(values[::-1], values, **options))
    content = pyinfo.information_content(producer)
    assert equal(content, pyinfo.information_content(values))
    assert pyinfo.compress(producer) == pyinfo.compress(values)
    assert pyinfo.decompress(pyinfo.compress(producer)).dtype == BFLOAT16
    assert same(_core.byte_counts(producer, 2), _core.byte_counts(values, 2))
    with pytest.raises(ValueError, match=r"^p\[1\] = -0\.25 is negative; if these are logits"):
        pyinfo.entropy(bfloat16(np.array([0.5, -0.25], BFLOAT16)))
    with pytest.raises(ValueError, match=r"p sums to 1\.5, not 1"):
        pyinfo.entropy(bfloat16(np.array([1, 0.5], BFLOAT16)))


def test_float8() -> None:
    values = rng(1).random(1000).astype(ml_dtypes.float8_e4m3fn)
    producer = Producer(values.view(np.uint8), code=dlpack.FLOAT8_E4M3FN)
    assert pyinfo.compress(producer) == pyinfo.compress(values)
    with pytest.raises(TypeError, match="p must hold real numbers, not float8_e4m3fn"):
        pyinfo.entropy(producer)


# Where a child process finds this file, and what it imports.
FOLDERS = [str(folder) for folder in Path(__file__).parents[:2]]

WITHOUT_ML_DTYPES = """
import sys
sys.modules["ml_dtypes"] = None
sys.path[:0] = sys.argv[1:]
import numpy
import pyinfo
from support.dlpack_producer import BFLOAT, Producer
half = Producer(numpy.full(2, 0x3F00, numpy.uint16), code=BFLOAT)
assert pyinfo.entropy(half) == 1
try:
    pyinfo.compress(half)
except ImportError as error:
    print(error)
"""


def test_bfloat16_without_ml_dtypes() -> None:
    """Measures need nobody else's type; a frame is of no use without it."""
    command = [sys.executable, "-P", "-c", WITHOUT_ML_DTYPES, *FOLDERS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stderr, done.stdout) == ("", "arrays of bfloat16 need the package ml_dtypes\n")


def test_layouts() -> None:
    values = rng(1).random((6, 8, 10))
    for view in (values[::2], values[:, ::-3], values.transpose(2, 0, 1), values[1, 2, 3, ...]):
        producer = Producer(view)
        assert same(_core.as_array(producer, "x"), view)
        assert pyinfo.compress(producer) == pyinfo.compress(view)
        if view.ndim > 0:
            got = pyinfo.entropy(producer, axis=None, normalize=True)
            assert got == pyinfo.entropy(view, axis=None, normalize=True)
    assert same(_core.as_array(Producer(values, strides=None), "x"), values)
    part = _core.as_array(Producer(values.reshape(-1), byte_offset=16, shape=(5,)), "x")
    assert same(part, values.reshape(-1)[2:7])
    odd = Producer(np.zeros(9, np.uint8), byte_offset=1, code=dlpack.FLOAT, bits=64, shape=(1,))
    assert pyinfo.entropy(odd, normalize=False) == 0
    for shape in ((0,), (3, 0, 2)):
        empty = Producer(np.empty(shape), data=None)
        assert same(_core.as_array(empty, "x"), np.empty(shape))
        assert pyinfo.compress(empty) == pyinfo.compress(np.empty(shape))
    assert _core.as_array(Producer(np.zeros(3), device_type=dlpack.CUDA_HOST), "x").sum() == 0
    with pytest.raises(ValueError, match="C-contiguous"):
        _core.byte_counts(Producer(values[::2, ::2]))


def test_memory_of_others_is_read_only() -> None:
    values = np.array([0.5, 0.5])
    got = _core.as_array(Producer(values), "x")
    assert not got.flags.writeable
    with pytest.raises(ValueError, match="WRITEABLE"):
        got.flags.writeable = True


def test_memory_is_kept_as_long_as_it_is_read() -> None:
    producer = Producer(np.arange(10.0))
    got = _core.as_array(producer, "x")[2:]
    gc.collect()
    assert producer.deleted == 0
    del got
    gc.collect()
    assert producer.deleted == 1
    data = np.frombuffer(pyinfo.compress(np.arange(100)), np.uint8)
    producer = Producer(data)
    frame = pyinfo.Frame(producer)
    gc.collect()
    assert same(frame[:], np.arange(100))
    assert producer.deleted == 0
    del frame
    gc.collect()
    assert producer.deleted == 1


REFUSED = [
    ({"device_type": dlpack.CUDA}, ValueError, "another device .DLPack type 2.: copy it"),
    ({"code": dlpack.OPAQUE}, TypeError, "elements that cannot be read .DLPack type code 3"),
    ({"bits": 4}, TypeError, "with 4 bits"),
    ({"bits": 128}, TypeError, "with 128 bits"),
    ({"lanes": 2}, TypeError, "2 lanes"),
    ({"code": 99}, TypeError, "type code 99"),
    ({"code": dlpack.BFLOAT, "bits": 32}, TypeError, "type code 4"),
    ({"dimensions": -1}, ValueError, "has -1 dimensions"),
    ({"dimensions": 65}, ValueError, "has 65 dimensions"),
    ({"shape": (-3,)}, ValueError, "an axis of length -3"),
    ({"data": None}, ValueError, "has no memory"),
    ({"shape": (1 << 62,)}, ValueError, "array is too big|Maximum allowed"),
]


@pytest.mark.parametrize("version", [None, 1])
@pytest.mark.parametrize(("fields", "error", "message"), REFUSED, ids=str)
def test_tensors_that_cannot_be_read(
    fields: dict[str, Any], error: type[Exception], message: str, version: int | None
) -> None:
    for function, name in ((pyinfo.entropy, "p"), (pyinfo.compress, "data")):
        producer = Producer(np.array([0.5, 0.5]), version=version, **fields)
        with pytest.raises(error, match=message) as caught:
            function(producer)
        assert str(caught.value).startswith(f"{name} ")
        del caught
        gc.collect()
        assert producer.deleted == producer.exported


def test_a_device_is_asked_first() -> None:
    """What a tensor on another device exports would be fetched for nothing."""
    producer = Producer(np.array([0.5, 0.5]))
    producer.device = (dlpack.CUDA, 0)
    with pytest.raises(ValueError, match="p is in the memory of another device"):
        pyinfo.entropy(producer)
    assert producer.exported == 0


def test_odd_producers() -> None:
    half = np.array([0.5, 0.5])
    assert pyinfo.entropy(OldProducer(half)) == 1
    with pytest.raises(ValueError, match="p is exported as version 2 of DLPack, not 1"):
        pyinfo.entropy(Producer(half, version=2))

    class Twice(Producer):
        """One that gives the same capsule again."""

        def capsule(self) -> Any:
            if self.exported == 0:
                self.given = super().capsule()
            return self.given

    twice = Twice(half)
    assert pyinfo.entropy(twice) == 1
    with pytest.raises(TypeError, match="is no capsule with a tensor"):
        pyinfo.entropy(twice)

    class Other(Producer):
        answer: Any = None

        def __dlpack__(self, **_: Any) -> Any:
            if isinstance(self.answer, BaseException):
                raise self.answer
            return self.answer

    other = Other(half)
    for answer in (None, 3, b"dltensor"):
        other.answer = answer
        with pytest.raises(TypeError, match=r"p\.__dlpack__\(\) is no capsule with a tensor"):
            pyinfo.entropy(other)
    for answer in (BufferError("it is locked"), RuntimeError("it is locked")):
        other.answer = answer
        for call in (pyinfo.entropy, pyinfo.compress, _core.byte_counts):
            with pytest.raises(ValueError, match=r"cannot be read as an array: it is locked$"):
                call(other)
    for answer in (KeyboardInterrupt(), MemoryError()):
        other.answer = answer
        with pytest.raises(type(answer)):
            pyinfo.entropy(other)
    for device in (3, (1,), ("cpu", 0), None):
        other.device = device  # type: ignore[assignment]
        with pytest.raises((TypeError, ValueError)):
            pyinfo.entropy(other)

    class Converts(Other):
        """One that has another way."""

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return self.array

    converts = Converts(half)
    converts.answer = BufferError("it is locked")
    assert pyinfo.entropy(converts) == 1


def test_no_references_leak() -> None:
    values = np.array([0.5, 0.5], BFLOAT16)

    def run() -> None:
        pyinfo.entropy(bfloat16(values))
        pyinfo.compress(bfloat16(values))
        with pytest.raises(TypeError):
            pyinfo.entropy(Producer(values.view("u2"), lanes=2))

    run()
    gc.collect()
    before = sys.getrefcount(values)
    grown = []
    tracemalloc.start()
    try:
        for _ in range(8):  # the collector's own lists settle first
            start = tracemalloc.get_traced_memory()[0]
            for _ in range(200):
                run()
            gc.collect()
            grown.append(tracemalloc.get_traced_memory()[0] - start)
    finally:
        tracemalloc.stop()
    assert min(grown) < 200 * 16
    assert sys.getrefcount(values) == before


# -- Buffers --------------------------------------------------------------------------------------


def test_buffers() -> None:
    values = array.array("d", [0.25, 0.75])
    assert address(values) == values.buffer_info()[0]
    assert pyinfo.entropy(values) == pyinfo.entropy([0.25, 0.75])
    data = symbols(1000, 3)
    code = pyinfo.HuffmanCode.from_samples(data)
    for buffer in (bytes(data), bytearray(data), memoryview(data), array.array("B", bytes(data))):
        assert code.encode(buffer) == code.encode(data)
        assert pyinfo.HuffmanCode.from_samples(buffer) == code
    with pytest.raises(TypeError, match="data holds Python objects"):
        _core.byte_counts(np.array(["a", None], object))


# -- PyArrow --------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [code for code in NUMBERS if code != "?"])
def test_arrow(code: str) -> None:
    values = numbers(code, (500,))
    arrow = pyarrow.array(values)
    assert address(arrow) == arrow.buffers()[1].address
    assert same(_core.as_array(arrow, "x"), values)
    assert pyinfo.entropy(arrow, normalize=True) == pyinfo.entropy(values, normalize=True)
    assert pyinfo.compress(arrow) == pyinfo.compress(values)
    assert pyinfo.compress(arrow[7:90]) == pyinfo.compress(values[7:90])
    assert same(_core.byte_counts(arrow), _core.byte_counts(values))
    chunked = pyarrow.chunked_array([values[:100], values[100:]])
    assert pyinfo.entropy(chunked, normalize=True) == pyinfo.entropy(values, normalize=True)


def test_arrow_symbols() -> None:
    data = symbols(3000, 3)
    arrow = pyarrow.array(data)
    for make in (pyinfo.HuffmanCode, pyinfo.RansModel):
        code = make.from_samples(arrow)
        assert code == make.from_samples(data)
        assert code.encode(arrow) == code.encode(data)
        coded = pyarrow.array(np.frombuffer(code.encode(data), np.uint8))
        assert same(code.decode(coded), data)
    compressor = pyinfo.Compressor()
    frame = compressor.compress(arrow) + compressor.flush()
    assert pyinfo.decompress(pyarrow.py_buffer(frame)).tobytes() == data.tobytes()
    assert equal(pyinfo.Frame(pyarrow.py_buffer(pyinfo.compress(data)))[5:9], data[5:9])


def test_arrow_that_is_no_plain_memory() -> None:
    flags = [True, False, True]
    assert pyinfo.entropy(pyarrow.array(flags)) == pyinfo.entropy(flags)
    grid = np.arange(12.0).reshape(3, 4)
    tensor = pyarrow.Tensor.from_numpy(grid)
    assert address(tensor) == grid.ctypes.data
    assert pyinfo.compress(tensor) == pyinfo.compress(grid)
    times = np.array(["2026-01-01", "2026-01-02"], "M8[s]")
    assert equal(pyinfo.decompress(pyinfo.compress(pyarrow.array(times))), times)
    nulls = pyarrow.array([1, None, 3])
    for holed in (nulls, pyarrow.chunked_array([nulls]), pyarrow.array([True, None])):
        for call in (pyinfo.entropy, pyinfo.compress):
            with pytest.raises(ValueError, match=r"^(p|data) has nulls: fill or drop them first$"):
                call(holed)
    for text in (pyarrow.array(["a", "b"]), pyarrow.array([[1], [2, 3]])):
        for call in (pyinfo.entropy, pyinfo.compress, _core.byte_counts):
            with pytest.raises(TypeError):
                call(text)


# -- torch and JAX --------------------------------------------------------------------------------


def needs(package: str) -> Any:
    missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(missing, reason=f"{package} is not installed (group interop)")


@pytest.fixture(scope="module")
def torch() -> Any:
    import torch

    return torch


@needs("torch")
def test_torch(torch: Any) -> None:
    for name in ("float64", "float32", "float16", "uint8", "int16", "int64", "uint16", "bool"):
        tensor = torch.from_numpy(rng(2).integers(0, 2, (9, 50))).to(getattr(torch, name))
        values = tensor.numpy()
        assert address(tensor) == tensor.data_ptr()
        options = {"normalize": True, "axis": 0}
        assert same(
            pyinfo.entropy(tensor[:, :7], **options), pyinfo.entropy(values[:, :7], **options)
        )
        assert equal(
            pyinfo.js_divergence(tensor.T, tensor[:1].T, **options),
            pyinfo.js_divergence(values.T, values[:1].T, **options),
        )
        assert pyinfo.compress(tensor) == pyinfo.compress(values)
        assert pyinfo.compress(tensor[::2, 1::3]) == pyinfo.compress(values[::2, 1::3])
        assert pyinfo.compress(tensor.T) == pyinfo.compress(values.T)
        assert same(_core.byte_counts(tensor), _core.byte_counts(values))
    frame = torch.frombuffer(bytearray(pyinfo.compress(values)), dtype=torch.uint8)
    assert equal(pyinfo.decompress(frame), values)
    code = pyinfo.HuffmanCode.from_samples(frame)
    assert code.encode(frame) == code.encode(frame.numpy())
    assert pyinfo.HuffmanCode.from_counts(torch.tensor([3, 2, 1])).max_length == 2
    assert pyinfo.HuffmanCode.from_lengths(torch.tensor([1, 1])).expected_length(
        torch.tensor([0.5, 0.5])
    ) == pytest.approx(1)
    report = pyinfo.compression_report(torch.zeros(1000))
    assert report.size == 4000


@needs("torch")
def test_torch_bfloat16(torch: Any) -> None:
    tensor = torch.rand((40, 50), generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    values = tensor.view(torch.uint16).numpy().view(BFLOAT16)
    assert address(tensor) == tensor.data_ptr()
    for x, y in ((tensor, values), (tensor.T, values.T), (tensor[::3], values[::3])):
        for axis in (0, 1, None):
            options = {"normalize": True, "axis": axis}
            assert equal(pyinfo.entropy(x, **options), pyinfo.entropy(y, **options))
            assert equal(
                pyinfo.kl_divergence(x, x, **options), pyinfo.kl_divergence(y, y, **options)
            )
        assert pyinfo.compress(x) == pyinfo.compress(y)
    assert pyinfo.decompress(pyinfo.compress(tensor)).dtype == BFLOAT16
    eight = tensor.to(torch.float8_e5m2)
    expected = eight.view(torch.uint8).numpy().view(ml_dtypes.float8_e5m2)
    assert pyinfo.compress(eight) == pyinfo.compress(expected)


@needs("torch")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_torch_without_a_copy(torch: Any, dtype: str) -> None:
    """64 MB of zeros: the memory of a copy would be seen."""
    tensor = torch.full((16, 1 << 20), 2.0**-20, dtype=getattr(torch, dtype))
    calls = (
        lambda: pyinfo.entropy(tensor),
        lambda: _core.byte_counts(tensor, tensor.itemsize),
        lambda: pyinfo.information_content(tensor[0, :10]),
    )
    for call in calls:
        tracemalloc.start()
        try:
            call()
            assert tracemalloc.get_traced_memory()[1] < 1 << 16
        finally:
            tracemalloc.stop()


@needs("torch")
def test_torch_that_cannot_be_read(torch: Any) -> None:
    half = torch.tensor([0.5, 0.5])
    cases = {
        "require gradient, use tensor.detach": half.clone().requires_grad_(),
        "layout other than torch.strided": half.to_sparse(),
        "meta": half.to("meta"),
        "negative bit": torch.complex(half, half).conj().imag,
    }
    for message, tensor in cases.items():
        for call in (pyinfo.entropy, pyinfo.compress, _core.byte_counts):
            with pytest.raises(ValueError, match=rf"^(p|data) [^\n]*{message}[^\n]*$"):
                call(tensor)
    for tensor in (torch.complex(half, half), torch.complex(half, half).conj()):
        with pytest.raises((TypeError, ValueError)):
            pyinfo.entropy(tensor)
    assert pyinfo.entropy(cases["negative bit"].resolve_neg().neg()) == 1


@needs("jax")
def test_jax() -> None:
    import jax.numpy as jnp

    for name in ("float32", "bfloat16", "int32", "uint8", "bool"):
        values = jnp.asarray(numbers("B")).astype(name)
        plain = np.asarray(values)
        assert address(values) == values.unsafe_buffer_pointer()
        options = {"normalize": True, "axis": 0}
        assert equal(pyinfo.entropy(values, **options), pyinfo.entropy(plain, **options))
        assert pyinfo.compress(values) == pyinfo.compress(plain)
        assert same(_core.byte_counts(values), _core.byte_counts(plain))


def test_nothing_is_imported() -> None:
    program = "import sys, numpy, pyinfo; pyinfo.entropy([0.5, 0.5]); pyinfo.compress([1, 2]); "
    program += "print({'torch', 'jax', 'pyarrow', 'ml_dtypes', 'zarr'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "set()\n"
