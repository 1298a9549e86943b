"""The error of a file that is no safetensors file, of a name or an argument that it has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    _Base = Exception
else:
    try:
        from safetensors import SafetensorError as _Base
    except ImportError:
        _Base = Exception


class SafetensorError(_Base):
    """What the package safetensors raises.

    Where that package can be imported, this is a subclass of its class of the same name, so that
    code which catches that one goes on to work.

    Parameters
    ----------
    message
        What is wrong.

    Examples
    --------
    >>> import pathlib
    >>> _ = pathlib.Path("none.safetensors").write_bytes(b"no header")
    >>> try:
    ...     pyinfo.safetensors.safe_open("none.safetensors", "np")
    ... except pyinfo.safetensors.SafetensorError:
    ...     print("none")
    none
    """

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
