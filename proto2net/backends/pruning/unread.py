"""What a helper's tree reads and assigns to, and what is left without what nothing reads."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from proto2net.backends.pruning.simplify import simplified_if
from proto2net.backends.pruning.trees import N, alike, place, replaced, walk, with_fields


def loads(node: ast.AST) -> Counter[str]:
    """The variables and attributes that a tree reads, with how often it does."""
    return _places(node)[0]


def stores(node: ast.AST) -> Counter[str]:
    """The variables and attributes that a tree assigns to, with how often it does."""
    return _places(node)[1]


@lru_cache(maxsize=2**12)
def _places(node: ast.AST) -> tuple[Counter[str], Counter[str]]:
    """What a tree reads, and what it assigns to; trees are not changed, so that it is kept."""
    read, stored = Counter[str](), Counter[str]()
    for part in walk(node, into_statements=False):
        if isinstance(part, ast.stmt) and part is not node:
            for total, more in zip((read, stored), _places(part), strict=True):
                total.update(more)
        elif isinstance(part, ast.Name | ast.Attribute):
            name = place(part)
            if name:
                (stored if isinstance(part.ctx, ast.Store) else read)[name] += 1
    return read, stored


def without_unread(body: list[ast.stmt], unread: Iterable[str]) -> list[ast.stmt]:
    """Statements without the assignments to these names, where their values do nothing else."""
    names = frozenset(unread)
    if not names:
        return body
    new = [left for statement in body for left in _without(statement, names)]
    return body if alike(new, body) else new


def _without(node: ast.stmt, names: frozenset[str]) -> list[ast.stmt]:
    match node:
        case ast.Assign(targets=[target], value=value) if place(target) in names:
            return [] if _is_pure(value) else [node]
        case ast.AnnAssign(target=target, value=value) if place(target) in names:
            return [] if value is None or _is_pure(value) else [node]
        case ast.Assign(targets=[ast.Tuple() as target], value=value):
            return _of_tuple(node, target, value, names)
        case ast.For(target=target, body=body):
            target = _underscored(target, names)
            body = without_unread(body, names)
            if target is node.target and body is node.body:
                return [node]
            return [with_fields(node, target=target, body=body)] if body else []
        case ast.If(body=body, orelse=other):
            body, other = without_unread(body, names), without_unread(other, names)
            if body is node.body and other is node.orelse:
                return [node]
            return simplified_if(with_fields(node, body=body, orelse=other))
        case ast.With(body=body) | ast.While(body=body):
            body = without_unread(body, names)
            if body is node.body:
                return [node]
            return [with_fields(node, body=body)] if body else []
    return [node]


def _of_tuple(
    node: ast.Assign, target: ast.Tuple, value: ast.expr, names: frozenset[str]
) -> list[ast.stmt]:
    """`a, b = …` without those of the names."""
    items = (item.value if isinstance(item, ast.Starred) else item for item in target.elts)
    dead = [place(item) in names for item in items]
    if not any(dead):
        new = _underscored(target, names)
        return [node if new is target else with_fields(node, targets=[new])]
    if not isinstance(value, ast.Tuple) or len(value.elts) != len(target.elts):
        if all(dead) and _is_pure(value):
            return []
        return [with_fields(node, targets=[_underscored(target, names)])]
    pairs = [
        pair
        for pair, gone in zip(zip(target.elts, value.elts, strict=True), dead, strict=True)
        if not gone
    ]
    if not pairs:
        return []
    if len(pairs) == 1:
        ((one, its),) = pairs
        return [with_fields(node, targets=[one], value=its)]
    left, right = zip(*pairs, strict=True)
    targets = _first_at(with_fields(target, elts=list(left)))
    values = _first_at(with_fields(value, elts=list(right)))
    return [with_fields(node, targets=[targets], value=values)]


def _first_at(node: ast.Tuple) -> ast.Tuple:
    """A tuple at the place of its first item, which tells that it has no brackets."""
    node.col_offset = node.elts[0].col_offset
    return node


def _underscored(target: N, names: frozenset[str]) -> N:
    """What is assigned to, with _ for these names."""

    def found(part: ast.AST) -> ast.AST | None:
        if place(part) in names:
            return ast.copy_location(ast.Name("_", ast.Store()), part)
        return None

    return replaced(target, found)


_ACTS = ("append", "extend", "add_weight", "random", "choice", "normal", "uniform", "integers")
"""Methods that do more than give a value."""


def _is_pure(value: ast.expr) -> bool:
    """Whether an expression does nothing but give its value."""
    return not any(
        isinstance(part, ast.Attribute) and (part.attr.endswith("_") or part.attr in _ACTS)
        for part in walk(value)
    )
