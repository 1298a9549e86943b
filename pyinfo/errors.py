"""What decoding raises."""

from __future__ import annotations

__all__ = ["CorruptDataError"]


class CorruptDataError(ValueError):
    """Encoded data that is damaged, cut off, or something else altogether.

    Parameters
    ----------
    message
        What is wrong, and where.
    offset
        Where the damaged part of the data begins, in bytes; None if that is not known.

    Examples
    --------
    >>> frame = bytearray(pyinfo.compress(bytes(range(256)) * 9))
    >>> frame[200] ^= 1
    >>> try:
    ...     pyinfo.decompress(bytes(frame))
    ... except pyinfo.CorruptDataError as error:
    ...     print(type(error.offset))
    <class 'int'>
    """

    offset: int | None

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


def __dir__() -> list[str]:
    return [*__all__]
