"""Where the files are that other packages compile against."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pyinfo import _core

__all__ = ["get_cmake_dir", "get_include", "get_pkgconfig_dir"]

# They are installed beside the extension, in an editable installation as well.
_INSTALLED: Final = Path(_core.__file__).parent


def get_include() -> str:
    """Return the directory of the C header: an extension's ``include_dirs`` must name it.

    The header is ``pyinfo/pyinfo.h``; Cython's ``from pyinfo.cython_api cimport`` needs it, too.

    Examples
    --------
    >>> Extension("name", ["name.pyx"], include_dirs=[pyinfo.get_include()])  # doctest: +SKIP
    """
    return str(_INSTALLED / "include")


def get_cmake_dir() -> str:
    """Return the directory of the CMake package, for ``-Dpyinfo_DIR=``.

    Examples
    --------
    >>> pyinfo.embedding.get_cmake_dir().endswith("cmake")
    True
    """
    return str(_INSTALLED / "cmake")


def get_pkgconfig_dir() -> str:
    """Return the directory of ``pyinfo.pc``, for ``PKG_CONFIG_PATH``.

    Examples
    --------
    >>> pyinfo.embedding.get_pkgconfig_dir().endswith("pkgconfig")
    True
    """
    return str(_INSTALLED / "pkgconfig")


def __dir__() -> list[str]:
    return [*__all__]
