"""What this installation is: versions, compiler, instruction sets."""

from __future__ import annotations

import platform
from typing import TextIO, TypedDict

import numpy as np

from pyinfo import _core

__all__ = ["Config", "config", "show_config"]


class Config(TypedDict):
    """See `config`.

    Examples
    --------
    >>> facts: pyinfo.config.Config = pyinfo.config.config()
    >>> facts["isa"] in facts["available_isas"]
    True
    """

    version: str
    compiler: str
    isa: str
    available_isas: list[str]
    numpy: str
    python: str


def config() -> Config:
    """Return the facts that `show_config` prints.

    `isa` is the instruction set whose kernels are used: the best of `available_isas`, or the one
    that the environment variable PYINFO_ISA named when pyinfo was imported.

    Examples
    --------
    >>> sorted(pyinfo.config.config())
    ['available_isas', 'compiler', 'isa', 'numpy', 'python', 'version']
    """
    core = _core.config()
    return {
        "version": core["version"],
        "compiler": core["compiler"],
        "isa": core["isa"],
        "available_isas": core["available_isas"],
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def show_config(file: TextIO | None = None) -> None:
    """Print version, compiler, available and active instruction set.

    Parameters
    ----------
    file : text stream, optional
        Where to print; standard output by default.

    Examples
    --------
    >>> import io
    >>> text = io.StringIO()
    >>> pyinfo.show_config(text)
    >>> text.getvalue().split()[0]
    'version'
    """
    for name, value in config().items():
        text = ", ".join(value) if isinstance(value, list) else value
        print(f"{name:<15} {text}", file=file)


def __dir__() -> list[str]:
    return [*__all__]
