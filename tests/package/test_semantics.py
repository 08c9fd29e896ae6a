"""docs/semantics.md names every helper that is pasted, and cases that there are."""

from __future__ import annotations

import re

import pytest
from layer_cases import NAMES
from places import ROOT

from proto2net import backends

PAGE = (ROOT / "docs" / "semantics.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and "---" not in line and "| cases |" not in line
]


def quoted(cell: str) -> set[str]:
    return set(re.findall("`([^`]+)`", cell))


@pytest.mark.parametrize(("target", "column"), [("torch", 1), ("tf", 2)])
def test_every_helper_is_on_the_page(target: str, column: int) -> None:
    listed = set().union(*(quoted(row[column]) for row in ROWS))
    assert set(backends.get(target).helpers) - listed == set()


def test_every_case_that_the_page_names_is_tested() -> None:
    named = set().union(*(quoted(row[3]) for row in ROWS))
    assert named - set(NAMES) == set()
