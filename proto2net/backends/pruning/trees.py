"""Python's trees: walking through them, and making others.

Trees are changed by making others: what nothing changes in stays the same object, which tells that
its source can stay too.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

N = TypeVar("N", bound=ast.AST)

_PLAIN = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.Constant)
"""Parts of trees that hold no others."""


def rebuilt(node: N, change: Callable[[ast.AST], ast.AST]) -> N:
    """The node with its parts changed; itself if none is."""
    changed: dict[str, object] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            parts = [change(part) if isinstance(part, ast.AST) else part for part in value]
            if not alike(parts, value):
                changed[name] = parts
        elif isinstance(value, ast.AST) and not isinstance(value, _PLAIN):
            new = change(value)
            if new is not value:
                changed[name] = new
    return with_fields(node, **changed) if changed else node


def with_fields(node: N, **changed: object) -> N:
    """The node with other fields."""
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), **changed}), node)


def alike(some: Sequence[object], others: Sequence[object]) -> bool:
    """Whether these are the same objects."""
    return len(some) == len(others) and all(map(operator.is_, some, others))


def replaced(node: N, found: Callable[[ast.AST], ast.AST | None]) -> N:
    """The node with something else in the place of what `found` has it for."""

    def change(part: ast.AST) -> ast.AST:
        new = found(part)
        return rebuilt(part, change) if new is None else new

    return rebuilt(node, change)


def with_constants(node: N, constants: Mapping[str, ast.expr]) -> N:
    """The node with values in the place of these variables and attributes that it reads."""

    def found(part: ast.AST) -> ast.AST | None:
        match part:
            case ast.Name(ctx=ast.Load()) | ast.Attribute(ctx=ast.Load()):
                value = constants.get(place(part))
                return None if value is None else placed(value, part)
        return None

    return replaced(node, found)


def placed(value: ast.expr, at: ast.AST) -> ast.expr:
    """A copy of a constant for this place."""
    return ast.copy_location(with_fields(value), at)


def walk(node: ast.AST, *, into_statements: bool = True) -> Iterator[ast.AST]:
    """All that a tree is made of but for constants and signs; far quicker than ast.walk.

    Of what stands within a statement, other statements can be left whole.
    """
    waiting = [node]
    while waiting:
        part = waiting.pop()
        yield part
        if part is not node and not into_statements and isinstance(part, ast.stmt):
            continue
        for name in part._fields:
            value = getattr(part, name, None)
            if isinstance(value, list):
                waiting += [each for each in value if isinstance(each, ast.AST)]
            elif isinstance(value, ast.AST) and not isinstance(value, _PLAIN):
                waiting.append(value)


def place(node: ast.AST) -> str:
    """The name of a variable, or of an attribute of the object: "x", "self.x"; else none."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}"
    return ""
