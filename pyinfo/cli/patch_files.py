"""What ``diff`` and ``apply`` say of the files that they are given."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from pyinfo.cli.files import STANDARD, OutputError, RefusalError
from pyinfo.cli.weights import errors_of


def require_name(path: str) -> None:
    """Refuse standard input and output: patches are made, and applied, of files with names."""
    if path == STANDARD:
        raise RefusalError("patches need files with names, not standard input or output")


@contextlib.contextmanager
def patch_errors_of(output: str | None) -> Iterator[None]:
    """Let errors of a file that is written name it; None: that is an input."""
    with errors_of(output):
        try:
            yield
        except FileExistsError as error:
            reason = FileExistsError(errno.EEXIST, "it exists already: --force overwrites it")
            raise OutputError(str(error.filename), reason) from error
