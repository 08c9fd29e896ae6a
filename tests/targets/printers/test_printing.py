"""Code that is printed says what its tree says."""

from __future__ import annotations

import pytest

from proto2net.backends.printing import text
from proto2net.backends.tree import Formatted, Variable

TEXTS = [
    "",
    "a",
    "{a}",
    "}{",
    "{{name}}",
    "'",
    '"',
    "'\"",
    "\\",
    "\\n",
    "\n",
    "\\N{DIGIT ONE}",
    "é{1!r}",
]


@pytest.mark.parametrize("part", TEXTS)
def test_text_in_a_formatted_string_stays_text(part: str) -> None:
    printed = text(Formatted((part, Variable("name"), part)))
    assert printed.startswith("f")
    assert eval(printed, {"name": "x"}) == f"{part}x{part}"  # noqa: S307  # of our own printing
