"""Tensors of all kinds for tests of safetensors files, and files made of them by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from pyinfo.safetensors.dtype_codes import CODES
from support.plain_safetensors import BITS, ORDER


class Raw(NamedTuple):
    """A tensor as bytes."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


def skewed(rng: np.random.Generator, size: int) -> bytes:
    return np.minimum(rng.geometric(0.2, size), 255).astype(np.uint8).tobytes()


def raw(rng: np.random.Generator, dtype: str, shape: tuple[int, ...], *, even: bool = False) -> Raw:
    """A tensor whose bytes are of few kinds, or of all kinds."""
    size = math.prod(shape) * BITS[dtype] // 8
    if dtype == "BOOL":
        return Raw(dtype, shape, (rng.random(size) < 0.1).tobytes())
    data = rng.integers(0, 256, size, dtype=np.uint8).tobytes() if even else skewed(rng, size)
    return Raw(dtype, shape, data)


def of_every_code(rng: np.random.Generator) -> dict[str, Raw]:
    tensors = {f"{code}.w": raw(rng, code, (40, 24)) for code in CODES}
    tensors["copy"] = tensors["BF16.w"]
    tensors["again"] = tensors["BF16.w"]
    tensors["even"] = raw(rng, "U8", (5000,), even=True)
    tensors["even too"] = tensors["even"]
    tensors["scalar"] = raw(rng, "F64", ())
    tensors["empty"] = raw(rng, "I16", (0, 3))
    tensors['n\u00e4me "\\\n\u4e2d'] = raw(rng, "F32", (3, 5, 7))
    return tensors


def bfloat16(rng: np.random.Generator, shape: tuple[int, ...]) -> Raw:
    """Weights as models have them."""
    values = rng.normal(0, 0.02, shape).astype(np.float32)
    return Raw("BF16", shape, (values.view(np.uint32) >> 16).astype("<u2").tobytes())


def ordinary(
    tensors: Mapping[str, Raw],
    metadata: Mapping[str, str] | None = None,
    *,
    by_rules: bool = True,
    padding: bytes = b" ",
) -> bytes:
    """A file of these tensors: as the package writes it, or in the order in which they come."""
    names = list(tensors)
    if by_rules:
        names.sort(key=lambda name: (ORDER.index(tensors[name].dtype), name.encode()))
    document: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    end = 0
    for name in names:
        tensor = tensors[name]
        start, end = end, end + len(tensor.data)
        document[name] = {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += padding * (-len(text) % 8)
    return framed(text) + b"".join(tensors[name].data for name in names)


def framed(text: bytes) -> bytes:
    """A header with its length."""
    return len(text).to_bytes(8, "little") + text


def header_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The header of a file, and what follows."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def hostile_headers() -> Iterator[tuple[str, bytes]]:
    """Files that every reader must refuse, soon."""
    one = '{"dtype":"U8","shape":[4],"data_offsets":[0,4]}'
    yield "no length", b"1234567"
    yield "a length beyond the file", (2**63).to_bytes(8, "little") + b"{}"
    yield "a header that is too long", (100_000_001).to_bytes(8, "little") + b"{}"
    yield "no JSON", framed(b"{]") + b""
    yield "a list", framed(b"[]")
    yield "no UTF-8", framed(b'{"\xff":1}')
    yield "a lone surrogate", framed(b'{"\\ud800":' + one.encode() + b"}") + b"1234"
    yield "deep", framed(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
    yield "a long number", framed(b'{"a":' + b"1" * 100_000 + b"}")
    yield "not a number", framed(b'{"__metadata__":NaN}')
    texts = {
        "a hole": '{"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
        "an overlap": f'{{"a":{one},"b":{{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}}}',
        "the same bytes twice": f'{{"a":{one},"b":{one}}}',
        "more data": '{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}',
        "missing data": '{"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}',
        "another size": '{"a":{"dtype":"U16","shape":[4],"data_offsets":[0,4]}}',
        "an unknown dtype": '{"a":{"dtype":"F128","shape":[4],"data_offsets":[0,4]}}',
        "a negative length": '{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}',
        "a shape that overflows": (
            '{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}}'
        ),
        "a float as a length": '{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}',
        "a truth as a length": '{"a":{"dtype":"U8","shape":[true,4],"data_offsets":[0,4]}}',
        "a half byte": '{"a":{"dtype":"F4","shape":[7],"data_offsets":[0,4]}}',
        "three offsets": '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}}',
        "no shape": '{"a":{"dtype":"U8","data_offsets":[0,4]}}',
        "a number for a tensor": '{"a":5}',
        "metadata of numbers": f'{{"__metadata__":{{"k":1}},"a":{one}}}',
        "a part of a tensor twice": (
            '{"a":{"dtype":"I8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}'
        ),
        "metadata twice": f'{{"__metadata__":{{}},"__metadata__":{{}},"a":{one}}}',
        "metadata in a list": f'{{"__metadata__":[],"a":{one}}}',
    }
    for what, text in texts.items():
        yield what, framed(text.encode()) + b"1234"
