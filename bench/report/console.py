"""Where tables are printed."""

from rich.console import Console

FILE_WIDTH = 150


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, or wide enough for a table in a file."""
    plain = Console(stderr=stderr)
    return plain if plain.is_terminal else Console(stderr=stderr, width=FILE_WIDTH)
