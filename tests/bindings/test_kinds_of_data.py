"""What each kind of object is read as: what happens, and what the contract says."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.kinds_of_data import FUNCTIONS, KINDS, outcome

pytestmark = pytest.mark.once

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contract.md"


@pytest.mark.parametrize("use", FUNCTIONS)
@pytest.mark.parametrize("row", range(len(KINDS)), ids=[kind for kind, _, _ in KINDS])
def test_the_contract_says_what_happens(row: int, use: str) -> None:
    part = PAGE.read_text("utf-8").partition("<!-- kinds of data -->")[2]
    lines = part.partition("<!-- end of kinds -->")[0].split("\n")
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    header, rows = cells[0], cells[1:]
    kind, make, has_fourth = KINDS[row]
    assert len(rows) == len(KINDS)
    assert header[1:] == list(FUNCTIONS)
    assert rows[row][0] == kind
    said = rows[row][header.index(use)]
    assert outcome(make, has_fourth, FUNCTIONS[use]) == said
