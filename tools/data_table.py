"""Write the table of docs/contract.md that says what each kind of object is read as.

`python tools/data_table.py` runs the cases of tests/support/kinds_of_data.py and rewrites the page
in place; tests/bindings/test_kinds_of_data.py fails when the page differs from what happens.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "contract.md"
MARKED = re.compile(r"(<!-- kinds of data -->\n).*?(<!-- end of kinds -->)", re.DOTALL)


def render(page: str, table: str) -> str:
    """Return the page with the table in its place."""
    return MARKED.sub(lambda m: f"{m[1]}\n{table}\n\n{m[2]}", page)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    from support.kinds_of_data import table

    PAGE.write_text(render(PAGE.read_text("utf-8"), table()), "utf-8")
