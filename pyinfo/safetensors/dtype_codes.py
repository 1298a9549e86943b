"""The types of elements that a safetensors file can have, by their codes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple


class DtypeCode(NamedTuple):
    """A type of elements.

    Attributes
    ----------
    code
        As in the file: ``"BF16"``.
    bits
        Of an element.
    text
        What a frame calls the type; elements of less than a byte are coded as the bytes that they
        are packed in.
    raw
        NumPy's unsigned type of the same width.
    floats
        Whether a bit of the elements may be rotated before they are split into planes.
    """

    code: str
    bits: int
    text: str
    raw: str
    floats: bool = False

    @property
    def itemsize(self) -> int:
        """Bytes of an element, 1 where several share a byte."""
        return max(1, self.bits // 8)

    @property
    def is_packed(self) -> bool:
        """Whether elements share bytes."""
        return self.bits < 8

    def byte_count(self, shape: Sequence[int]) -> int:
        """Return the bytes of a tensor; ValueError if the last one would not be full."""
        bits = math.prod(shape) * self.bits
        if bits % 8 != 0:
            raise ValueError("its elements do not fill their last byte")
        return bits // 8


# In the order in which the package of that name writes tensors.
_ALL: Final = (
    DtypeCode("U64", 64, "<u8", "<u8"),
    DtypeCode("I64", 64, "<i8", "<u8"),
    DtypeCode("F64", 64, "<f8", "<u8", floats=True),
    DtypeCode("C64", 64, "<c8", "<u8", floats=True),
    DtypeCode("F32", 32, "<f4", "<u4", floats=True),
    DtypeCode("U32", 32, "<u4", "<u4"),
    DtypeCode("I32", 32, "<i4", "<u4"),
    DtypeCode("BF16", 16, "bfloat16", "<u2", floats=True),
    DtypeCode("F16", 16, "<f2", "<u2", floats=True),
    DtypeCode("U16", 16, "<u2", "<u2"),
    DtypeCode("I16", 16, "<i2", "<u2"),
    DtypeCode("F8_E5M2FNUZ", 8, "float8_e5m2fnuz", "|u1"),
    DtypeCode("F8_E4M3FNUZ", 8, "float8_e4m3fnuz", "|u1"),
    DtypeCode("F8_E8M0", 8, "float8_e8m0fnu", "|u1"),
    DtypeCode("F8_E4M3", 8, "float8_e4m3fn", "|u1"),
    DtypeCode("F8_E5M2", 8, "float8_e5m2", "|u1"),
    DtypeCode("I8", 8, "|i1", "|u1"),
    DtypeCode("U8", 8, "|u1", "|u1"),
    DtypeCode("F6_E3M2", 6, "|u1", "|u1"),
    DtypeCode("F6_E2M3", 6, "|u1", "|u1"),
    DtypeCode("F4", 4, "|u1", "|u1"),
    DtypeCode("BOOL", 8, "|b1", "|u1"),
)
CODES: Final[Mapping[str, DtypeCode]] = MappingProxyType({each.code: each for each in _ALL})
WRITE_ORDER: Final[Mapping[str, int]] = MappingProxyType({
    each.code: number for number, each in enumerate(_ALL)
})  # fmt: skip
