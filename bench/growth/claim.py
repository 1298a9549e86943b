"""What is claimed about the cost of one function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyinfo.testing import Growth
from pyinfo.testing.timing import Call

Prepare = Callable[[int], Call]


@dataclass(frozen=True)
class Cost:
    """How time and memory grow over some sizes; `quick` ones are the same if not said."""

    touched: float  # bytes per n
    sizes: Sequence[int]
    quick: Sequence[int] | None = None
    time: str | Growth = "n"
    memory: str | None = "1"  # None: not claimed, since it is allocated where nothing traces it

    @property
    def quick_sizes(self) -> Sequence[int]:
        return self.sizes if self.quick is None else self.quick


# By what is called, whose name begins with that of the public function or method; what follows a
# space says which case of it. The call on n elements or symbols is made when it is asked for.
Claims = Mapping[str, tuple[Cost, Prepare]]


def function_of(claim: str) -> str:
    return claim.partition(" ")[0].rstrip(",")


def call(function: Callable[..., Any], *args: Any, **options: Any) -> Call:
    """A call as it is written, not made yet."""
    return Call(function, args, options)
