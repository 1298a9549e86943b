"""Editable installs of pyinfo look for changed sources at import, which no benchmark is about."""

import sys


def use_build_as_it_is() -> None:
    """Keep an editable install from rebuilding, or checking for it, at import in this process."""
    for finder in sys.meta_path:
        if hasattr(finder, "rebuild_flag"):
            finder.rebuild_flag = False
