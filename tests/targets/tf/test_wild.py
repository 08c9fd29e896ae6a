"""What tf makes of definitions as people have them (wild_cases.py)."""

from __future__ import annotations

import pytest
from wild_cases import WILD, check


@pytest.mark.parametrize("name", WILD)
def test_a_file_of_somebody_gives_what_its_first_line_says(name: str) -> None:
    check(name, "tf")
