"""What is left of a helper's tree where some of its names are constants.

Trees are changed by making others: what nothing changes in stays the same object, which tells that
its source can stay too.
"""

from __future__ import annotations

import ast
import math
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

N = TypeVar("N", bound=ast.AST)

UNKNOWN = object()
"""What an expression is whose value depends on others."""

_COMPARISONS: dict[type[ast.cmpop], Callable[[object, object], object]] = {
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,  # type: ignore[dict-item]  # of numbers
    ast.LtE: operator.le,  # type: ignore[dict-item]  # of numbers
    ast.Gt: operator.gt,  # type: ignore[dict-item]  # of numbers
    ast.GtE: operator.ge,  # type: ignore[dict-item]  # of numbers
    ast.In: lambda item, items: item in items,  # type: ignore[operator]  # of tuples
    ast.NotIn: lambda item, items: item not in items,  # type: ignore[operator]  # of tuples
}

_NEUTRAL: dict[type[ast.operator], tuple[int | None, int | None]] = {
    ast.Add: (0, 0),
    ast.Sub: (None, 0),
    ast.Mult: (1, 1),
    ast.FloorDiv: (None, 1),
    ast.Div: (None, 1),
    ast.Pow: (None, 1),
}
"""The operand on the left and that on the right which leave the other one as it is."""


_PLAIN = (ast.expr_context, ast.operator, ast.cmpop, ast.boolop, ast.unaryop, ast.Constant)
"""Parts of trees that hold no others."""


# ---- making trees of others -----------------------------------------------------------------


def rebuilt(node: N, change: Callable[[ast.AST], ast.AST]) -> N:
    """The node with its parts changed; itself if none is."""
    changed: dict[str, object] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            parts = [change(part) if isinstance(part, ast.AST) else part for part in value]
            if not _alike(parts, value):
                changed[name] = parts
        elif isinstance(value, ast.AST) and not isinstance(value, _PLAIN):
            new = change(value)
            if new is not value:
                changed[name] = new
    return with_fields(node, **changed) if changed else node


def with_fields(node: N, **changed: object) -> N:
    """The node with other fields."""
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), **changed}), node)


def _alike(some: Sequence[object], others: Sequence[object]) -> bool:
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


# ---- expressions ----------------------------------------------------------------------------


def value_of(node: ast.AST | None) -> object:
    """The value of a constant expression, else UNKNOWN."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            number = value_of(operand)
            return -number if isinstance(number, int | float) else UNKNOWN
        case ast.Tuple(elts=items) | ast.List(elts=items):
            values = tuple(map(value_of, items))
            return UNKNOWN if UNKNOWN in values else values
        case ast.Attribute(value=ast.Name(id="math"), attr="inf" | "e" | "pi" as name):
            return getattr(math, name)
    return UNKNOWN


def _truth(node: ast.AST) -> bool | None:
    """Whether a constant expression is true; None if that is not known."""
    value = value_of(node)
    return None if value is UNKNOWN else bool(value)


def simplified(node: ast.AST) -> ast.AST:
    """An expression without what is decided in it."""
    if isinstance(node, ast.stmt):
        raise TypeError("a statement within an expression")
    return _reduced(rebuilt(node, simplified))


def _reduced(node: ast.AST) -> ast.AST:
    match node:
        case ast.Call(func=ast.Name(id="isinstance"), args=[value, ast.Name(id=kind)]):
            known = value_of(value)
            return node if known is UNKNOWN else _constant(type(known).__name__ == kind, node)
        case ast.IfExp(test=test, body=body, orelse=other):
            truth = _truth(test)
            return node if truth is None else placed(body if truth else other, node)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            truth = _truth(operand)
            return node if truth is None else _constant(not truth, node)
        case ast.BoolOp():
            return _decided(node)
        case ast.Compare(left=left, ops=[operation], comparators=[right]):
            values = value_of(left), value_of(right)
            if UNKNOWN in values:
                return node
            try:
                return _constant(bool(_COMPARISONS[type(operation)](*values)), node)
            except TypeError:  # as `x > 0` behind `x is not None`, where x is None
                return node
        case ast.BinOp(left=left, op=operation, right=right) if type(operation) in _NEUTRAL:
            before, behind = _NEUTRAL[type(operation)]
            if _is_number(left, before):
                return placed(right, node)
            return left if _is_number(right, behind) else node
        case ast.Subscript(value=ast.Dict(keys=keys, values=values), slice=index):
            known = dict(zip(map(value_of, keys), values, strict=True))
            found = None if UNKNOWN in known else known.get(value_of(index))
            return placed(found, node) if found else node
        case ast.Slice(lower=lower, upper=upper, step=step) if _is_none(lower, upper, step):
            parts = {"lower": lower, "upper": upper, "step": step}
            given = {name: None if _is_none(part) else part for name, part in parts.items()}
            return with_fields(node, **given)
        case ast.Subscript(value=value, slice=ast.Slice(lower=None, upper=None, step=None)):
            return node if isinstance(node.ctx, ast.Store) else placed(value, node)
        case ast.Call(args=items) if _unpacked(items) is not None:
            return with_fields(node, args=_unpacked(items))
        case ast.List(elts=items) | ast.Tuple(elts=items) if _unpacked(items) is not None:
            return with_fields(node, elts=_unpacked(items))
        case ast.comprehension(ifs=[*tests]) if any(map(_truth, tests)):
            return with_fields(node, ifs=[test for test in tests if not _truth(test)])
        case ast.JoinedStr(values=parts) if any(map(_is_text, parts)):
            return with_fields(node, values=list(map(_text, parts)))
    return node


def _is_none(*parts: ast.expr | None) -> bool:
    """Whether one of these is written None."""
    return any(isinstance(part, ast.Constant) and part.value is None for part in parts)


def _constant(value: bool | str, at: ast.AST) -> ast.Constant:
    return ast.copy_location(ast.Constant(value), at)


def _is_number(node: ast.expr, number: int | None) -> bool:
    """Whether this is the number, which is no truth value."""
    value = value_of(node)
    return type(value) in (int, float) and value == number


def _decided(node: ast.BoolOp) -> ast.expr:
    """`a and b` without what is decided."""
    ends = isinstance(node.op, ast.Or)
    """The truth at which the operation ends."""
    left: list[ast.expr] = []
    *_, last = node.values
    for value in node.values:
        truth = _truth(value)
        is_flag = isinstance(value, ast.Constant) and isinstance(value.value, bool)
        if truth is ends:
            if is_flag:
                return value
            left.append(value)
            break
        if truth is None or (value is last and not (is_flag and left)):
            left.append(value)
    if len(left) == 1:
        return placed(left[0], node)
    return node if len(left) == len(node.values) else with_fields(node, values=left)


def _unpacked(items: Sequence[ast.expr]) -> list[ast.expr] | None:
    """Items with those of `*(a, b)` on their own; None if there is none of these."""
    unpacked: list[ast.expr] = []
    found = False
    for item in items:
        match item:
            case ast.Starred(value=ast.Tuple(elts=inside) | ast.List(elts=inside)):
                unpacked += inside
                found = True
            case _:
                unpacked.append(item)
    return unpacked if found else None


def _is_text(part: ast.expr) -> bool:
    """Whether part of a formatted string is known."""
    match part:
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return value_of(value) is not UNKNOWN
    return False


def _text(part: ast.expr) -> ast.expr:
    if isinstance(part, ast.FormattedValue) and _is_text(part):
        return _constant(str(value_of(part.value)), part)
    return part


# ---- statements -----------------------------------------------------------------------------


def simplified_tree(tree: N) -> N:
    """A function or class without what is decided in it."""
    assert isinstance(tree, ast.stmt)  # noqa: S101  # as its type says, which is a variable
    (new,) = _statement(tree)
    return new  # type: ignore[return-value]  # the same type comes back


def simplified_body(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements without what is decided in them; the same list if that is nothing."""
    new: list[ast.stmt] = []
    for statement in body:
        new += _statement(statement)
        if new and isinstance(new[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
            break
    match new:
        case [*_, ast.Assign(targets=[ast.Name(id=name)], value=value), ast.Return() as last]:
            if isinstance(last.value, ast.Name) and last.value.id == name:
                new[-2:] = [with_fields(last, value=value)]
    return body if _alike(new, body) else new


def _statement(node: ast.stmt) -> list[ast.stmt]:
    match node:
        case ast.If():
            return _if(node)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            value = _expression(value)
            if isinstance(value, ast.Name) and value.id == name:
                return []
        case ast.AugAssign(op=operation, value=value) if type(operation) in _NEUTRAL:
            if _is_number(_expression(value), _NEUTRAL[type(operation)][1]):
                return []
    return [rebuilt(node, simplified)] if not hasattr(node, "body") else _compound(node)


def _compound(node: ast.stmt) -> list[ast.stmt]:
    """A loop, a `with`, a function or a class; nothing if nothing is left in it."""
    fields: dict[str, object] = {}
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse"):
            fields[name] = simplified_body(value)
        elif isinstance(value, list):
            parts = [simplified(p) if isinstance(p, ast.AST) else p for p in value]
            fields[name] = value if _alike(parts, value) else parts
        else:
            fields[name] = simplified(value) if isinstance(value, ast.AST) else value
    if all(fields[name] is value for name, value in ast.iter_fields(node)):
        return [node]
    return [with_fields(node, **fields)] if fields["body"] else []


def _if(node: ast.If) -> list[ast.stmt]:
    test = _expression(node.test)
    truth = _truth(test)
    if truth is not None:
        return simplified_body(node.body if truth else node.orelse)
    body, other = simplified_body(node.body), simplified_body(node.orelse)
    if body and _alike((test, body, other), (node.test, node.body, node.orelse)):
        return [node]
    if body:
        return [with_fields(node, test=test, body=body, orelse=other)]
    if not other:
        return []
    return [with_fields(node, test=_opposite(test), body=other, orelse=[])]


def _opposite(test: ast.expr) -> ast.expr:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return operand
        case ast.Compare(ops=[ast.Is()]):
            return with_fields(test, ops=[ast.IsNot()])
        case ast.Compare(ops=[ast.IsNot()]):
            return with_fields(test, ops=[ast.Is()])
    return ast.copy_location(ast.UnaryOp(ast.Not(), test), test)


def _expression(node: ast.expr) -> ast.expr:
    new = simplified(node)
    assert isinstance(new, ast.expr)  # noqa: S101  # as every expression gives one
    return new


# ---- what is read ---------------------------------------------------------------------------


def place(node: ast.AST) -> str:
    """The name of a variable, or of an attribute of the object: "x", "self.x"; else none."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return f"self.{name}"
    return ""


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
    return body if _alike(new, body) else new


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
            return _if(with_fields(node, body=body, orelse=other))
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
