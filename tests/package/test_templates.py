"""No text that is made of values is read as code: templates stand in the source as they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import proto2net

PACKAGE = Path(proto2net.__file__).parent
SAYING = "backends/base.py: code(template)"
"""What `says` does with its templates, which are held to be constant themselves."""


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def composed(source: str) -> Iterator[ast.Call]:
    """The calls of `code` and `says` whose templates do not stand there as they are."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            match called(node), node.args:
                case "code", [template, *_] if not is_text(template):
                    yield node
                case "says", [ast.Dict(values=templates)] if all(map(is_text, templates)):
                    pass
                case "says", _:
                    yield node


def test_templates_of_code_are_constant_texts() -> None:
    found = [
        f"{file.relative_to(PACKAGE).as_posix()}: {ast.unparse(node)}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for node in composed(file.read_text(encoding="utf-8"))
    ]
    assert found == [SAYING]


@pytest.mark.parametrize(
    "source",
    [
        'code(f"self.{name}")',
        "code(template)",
        'tree.code("a" + b, x=1)',
        "backend.says(TEMPLATES)",
    ],
)
def test_a_template_that_is_composed_is_found(source: str) -> None:
    assert list(composed(source))
