"""A file is read in one go: none of the package is longer than this."""

from __future__ import annotations

from places import ROOT

MOST = 450


def test_no_file_of_the_package_is_too_long() -> None:
    lines = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n")
        for path in (ROOT / "proto2net").rglob("*.py")
    }
    assert {file: number for file, number in lines.items() if number > MOST} == {}
