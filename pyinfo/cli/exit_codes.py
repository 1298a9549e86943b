"""The exit codes of the commands."""

from __future__ import annotations

from typing import Final

from pyinfo._startup import EXIT_INTERRUPTED as EXIT_INTERRUPTED

EXIT_OK: Final = 0
EXIT_BROKEN_PIPE: Final = 1
EXIT_ERROR: Final = 2
EXIT_DAMAGED: Final = 3
EXIT_DRIFT: Final = 4  # beyond the thresholds that were given
