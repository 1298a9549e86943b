"""What this installation is: versions, compiler, instruction sets."""

from __future__ import annotations

import platform
from typing import TextIO, TypedDict

import numpy as np

from pyinfo import _core

__all__ = ["Choice", "Config", "config", "show_config"]


class Choice(TypedDict):
    """The instruction set that some kernels use, and the reason.

    Examples
    --------
    >>> choice: pyinfo.config.Choice = pyinfo.config.config()["choices"]["coders"]
    >>> choice["isa"] in pyinfo.config.config()["available_isas"]
    True
    """

    isa: str
    reason: str


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
    choices: dict[str, Choice]
    numpy: str
    python: str


def config() -> Config:
    """Return the facts that `show_config` prints.

    `isa` is the instruction set whose kernels are used: the best of `available_isas`, or the one
    that the environment variable PYINFO_ISA named when pyinfo was imported. `choices` says so, and
    what the coders and the checksums use, which need more of a processor than the other kernels.
    The processor decides: there is nothing to tune.

    Examples
    --------
    >>> sorted(pyinfo.config.config())
    ['available_isas', 'choices', 'compiler', 'isa', 'numpy', 'python', 'version']
    """
    core = _core.config()
    return {
        "version": core["version"],
        "compiler": core["compiler"],
        "isa": core["isa"],
        "available_isas": core["available_isas"],
        "choices": {kernels: {**choice} for kernels, choice in core["choices"].items()},
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def show_config(file: TextIO | None = None) -> None:
    """Print version, compiler, instruction sets, and which kernels are used and why.

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
    facts = config()
    for name in ("version", "compiler", "numpy", "python"):
        print(f"{name:<15} {facts[name]}", file=file)
    print(f"{'available_isas':<15} {', '.join(facts['available_isas'])}", file=file)
    for kernels, choice in facts["choices"].items():
        print(f"{kernels:<15} {choice['isa']}: {choice['reason']}", file=file)


def __dir__() -> list[str]:
    return [*__all__]
