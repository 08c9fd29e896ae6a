"""What a target makes of definitions as people have them (wild_cases.py)."""

from __future__ import annotations

import pytest
from wild_cases import FOLDER, WILD, check


@pytest.mark.parametrize("name", WILD)
def test_a_file_of_somebody_gives_what_its_first_line_says(name: str, target: str) -> None:
    check(name, target)


def test_all_of_these_files_are_told_of() -> None:
    assert sorted(WILD) == sorted(path.stem for path in FOLDER.glob("*.prototxt"))
