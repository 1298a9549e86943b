"""Write the tables of docs/contract.md from tests/data/contract.json.

`python tools/contract_table.py` rewrites the page in place; tests/measures/test_contract.py runs
the same cases and fails when the page differs from what this program would write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT / "tests" / "data" / "contract.json"
PAGE = ROOT / "docs" / "contract.md"

MARKED = re.compile(r"(<!-- cases: (\w+) -->\n).*?(<!-- end of cases -->)", re.DOTALL)


def sections() -> dict[str, list[dict[str, Any]]]:
    return {part["section"]: part["cases"] for part in json.loads(CASES.read_text("utf-8"))}


def row(case: dict[str, Any]) -> str:
    if "raises" in case:
        error = case["raises"].strip("()").replace(", ", " or ")
        result = f'`{error}`: "{case["says"]}"' if case["says"] else f"`{error}`"
    else:
        result = f"`{case['gives']}`"
    return f"| {case['case']} | `{case['call']}` | {result} |"


def table(cases: list[dict[str, Any]]) -> str:
    return "\n".join(["| case | call | result |", "|---|---|---|", *map(row, cases)])


def render(page: str) -> str:
    """Return the page with every marked table rewritten; each section must be there once."""
    by_name = sections()
    named = [match[2] for match in MARKED.finditer(page)]
    if sorted(named) != sorted(by_name):
        raise ValueError(f"{PAGE.name} has tables for {named}, the cases are {list(by_name)}")
    return MARKED.sub(lambda m: f"{m[1]}\n{table(by_name[m[2]])}\n\n{m[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(render(PAGE.read_text("utf-8")), "utf-8")
