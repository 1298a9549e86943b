"""What is claimed about the cost of one function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyinfo.testing import Growth
from pyinfo.testing.timing import Call

Prepare = Callable[[int], Call]


@dataclass(frozen=True)
class Claim:
    """Time and memory of one function; `prepare` makes its call on n elements or symbols.

    The name begins with that of the public function or method; what follows a space says which case
    of it.
    """

    name: str
    prepare: Prepare
    touched: float  # bytes per n
    sizes: Sequence[int]
    quick_sizes: Sequence[int]
    time: str | Growth = "n"
    memory: str | None = "1"  # None: not claimed, since it is allocated where nothing traces it

    @property
    def function(self) -> str:
        return self.name.partition(" ")[0].rstrip(",")


def call(function: Callable[..., Any], *args: Any, **options: Any) -> Call:
    """A call as it is written, not made yet."""
    return Call(function, args, options)
