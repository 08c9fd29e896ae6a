"""Code that is printed says what its tree says."""

from __future__ import annotations

import pytest

from proto2net.backends.printing import text
from proto2net.backends.statements import Assignment, Function, Parameter, Statement
from proto2net.backends.tree import Formatted, Literal, Name, Variable, code

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


def lines(statement: Statement) -> list[str]:
    return statement.lines(1)


def test_a_product_that_ends_in_a_call_is_broken_within_the_call() -> None:
    value = code(f"{'a' * 30} * expand({'b' * 30}, [1, 2])")
    printed = lines(Assignment(("scaled",), value))
    assert printed == [
        f"    scaled = {'a' * 30} * expand(",
        f"        {'b' * 30}, [1, 2]",
        "    )",
    ]


def test_a_product_of_which_no_line_would_be_short_enough_gets_brackets() -> None:
    value = code(f"{'a' * 66} * expand({'b' * 12}, [1, 2])")
    printed = lines(Assignment(("scaled",), value))
    assert printed[0] == "    scaled = ("
    assert printed[-1] == "    )"


def test_a_text_that_is_too_long_anyway_gets_no_brackets() -> None:
    assert lines(Assignment(("name",), Literal("x" * 90))) == [f'    name = "{"x" * 90}"']


def test_a_lone_parameter_on_its_line_has_a_comma() -> None:
    parameter = Parameter("shape", default=code("(224, 224, 3)"))
    printed = lines(Function("f" * 40, [parameter], Name("r" * 30), []))
    assert printed[1:3] == ["        shape=(224, 224, 3),", f"    ) -> {'r' * 30}:"]


def test_a_second_call_is_broken_too_where_one_is_not_enough() -> None:
    value = code(f"feed({'a' * 38}, {'b' * 38}).add({'c' * 38}, {'d' * 38})")
    printed = lines(Assignment(("made",), value))
    assert printed == [
        "    made = feed(",
        f"        {'a' * 38}, {'b' * 38}",
        "    ).add(",
        f"        {'c' * 38}, {'d' * 38}",
        "    )",
    ]
