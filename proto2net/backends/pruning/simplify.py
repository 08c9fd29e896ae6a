"""What is left of a helper's tree where some of its names are constants."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Sequence

from proto2net.backends.pruning.trees import N, alike, placed, rebuilt, with_fields

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
    return body if alike(new, body) else new


def _statement(node: ast.stmt) -> list[ast.stmt]:
    match node:
        case ast.If():
            return simplified_if(node)
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
            fields[name] = value if alike(parts, value) else parts
        else:
            fields[name] = simplified(value) if isinstance(value, ast.AST) else value
    if all(fields[name] is value for name, value in ast.iter_fields(node)):
        return [node]
    return [with_fields(node, **fields)] if fields["body"] else []


def simplified_if(node: ast.If) -> list[ast.stmt]:
    """What is left of an `if`."""
    test = _expression(node.test)
    truth = _truth(test)
    if truth is not None:
        return simplified_body(node.body if truth else node.orelse)
    body, other = simplified_body(node.body), simplified_body(node.orelse)
    if body and alike((test, body, other), (node.test, node.body, node.orelse)):
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
