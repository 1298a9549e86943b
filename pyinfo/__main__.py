"""The command ``pyinfo``, also as ``python -m pyinfo``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pyinfo._startup import EXIT_INTERRUPTED
from pyinfo.cli import build_options


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; without the extra it needs, say in one line how to get it."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments and arguments[0] in build_options.OPTIONS:  # builds have no extras
        return build_options.main(arguments)
    try:
        from pyinfo.cli.main import main as run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "rich":
            raise
        print(
            "pyinfo's command line needs the extra 'cli': pip install 'pyinfo[cli]'",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
