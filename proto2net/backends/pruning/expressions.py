"""Python's own trees of expressions as layouts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence

from proto2net.backends.breaking import Brackets, Layout, Operator, flat, listed, parameter
from proto2net.backends.operators import (
    ATOM,
    BINDING,
    BOTH,
    COMPARISON,
    CONDITIONAL,
    FOR,
    LAMBDA,
    OR,
    POWER,
    SHIFT,
    SIGN,
    SIGNS,
    UNARY,
    UNION,
    XOR,
)
from proto2net.backends.source import literal


def laid_out(node: ast.expr) -> Layout:
    """An expression as what stands on a line."""
    match node:
        case ast.Name(id=name):
            return (name,)
        case ast.Constant(value=value):
            return (_literal(value),)
        case ast.JoinedStr(values=values):
            return (_formatted(values),)
        case ast.Attribute(value=value, attr=name):
            return (*_bound(value, ATOM), f".{name}")
        case ast.Call(func=function, args=[ast.GeneratorExp() as only], keywords=[]):
            inside = _comprehension(only.elt, only.generators)
            return (*_bound(function, ATOM), Brackets("(", (inside,), ")"))
        case ast.Call(func=function, args=arguments, keywords=keywords):
            parts = [*map(laid_out, arguments), *map(_keyword, keywords)]
            return (*_bound(function, ATOM), Brackets("(", tuple(parts), ")"))
        case ast.Subscript(value=value, slice=index):
            items = index.elts if isinstance(index, ast.Tuple) else [index]
            shown = isinstance(index, ast.Tuple) and not is_bare(index)
            parts = [laid_out(index)] if shown else [*map(laid_out, items)]
            return (*_bound(value, ATOM), Brackets("[", tuple(parts), "]"))
        case ast.Slice():
            return _slice(node)
        case ast.Starred(value=value):
            return ("*", *_bound(value, UNION))
        case ast.UnaryOp(op=operator, operand=operand):
            sign, binding = UNARY[type(operator)]
            return (sign, *_bound(operand, ATOM if _is_wide_power(operand) else binding))
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            power = Operator(" ** ", POWER) if _is_wide_power(node) else "**"
            least = ATOM if _is_wide_power(right) else SIGN
            return (*_bound(left, ATOM), power, *_bound(right, least))
        case ast.BinOp(left=left, op=operator, right=right):
            sign = SIGNS[type(operator)]
            binding = BINDING[sign]
            rare = binding in (XOR, BOTH, SHIFT) and _binding(left) != binding
            return (
                *_bound(left, SIGN if rare else binding),
                Operator(f" {sign} ", binding),
                *_bound(right, SIGN if rare else binding + 1),
            )
        case ast.BoolOp(op=operator, values=values):
            sign = SIGNS[type(operator)]
            binding = BINDING[sign]
            signs = [Operator(f" {sign} ", binding)] * (len(values) - 1)
            return _joined(values, signs, binding + 1)
        case ast.Compare(left=left, ops=ops, comparators=others):
            signs = [Operator(f" {SIGNS[type(op)]} ", COMPARISON) for op in ops]
            return _joined([left, *others], signs, UNION)
        case ast.IfExp(test=test, body=body, orelse=other):
            return (
                *_bound(body, OR),
                Operator(" if ", CONDITIONAL),
                *_bound(test, OR),
                Operator(" else ", CONDITIONAL),
                *_bound(other, CONDITIONAL),
            )
        case ast.Lambda(args=named, body=body):
            names = ", ".join(map(flat, parameters(named)))
            return (f"lambda {names}: " if names else "lambda: ", *laid_out(body))
        case ast.Tuple(elts=items) if is_bare(node):
            return tuple(listed(map(laid_out, items)))
        case ast.Tuple(elts=[item]):
            return (Brackets("(", (laid_out(item),), ")", display=True, comma=True),)
        case ast.Tuple(elts=items):
            return (Brackets("(", tuple(map(laid_out, items)), ")", display=True),)
        case ast.List(elts=items):
            return (Brackets("[", tuple(map(laid_out, items)), "]", display=True),)
        case ast.Set(elts=items):
            return (Brackets("{", tuple(map(laid_out, items)), "}", display=True),)
        case ast.Dict(keys=keys, values=values):
            pairs = map(_pair, keys, values)
            return (Brackets("{", tuple(pairs), "}", display=True),)
        case ast.ListComp(elt=item, generators=generators):
            return (Brackets("[", (_comprehension(item, generators),), "]"),)
        case ast.SetComp(elt=item, generators=generators):
            return (Brackets("{", (_comprehension(item, generators),), "}"),)
        case ast.GeneratorExp(elt=item, generators=generators):
            return (Brackets("(", (_comprehension(item, generators),), ")"),)
        case ast.DictComp(key=key, value=value, generators=generators):
            within = _comprehension(key, generators, value)
            return (Brackets("{", (within,), "}"),)
    raise TypeError(f"a helper cannot have {ast.unparse(node)}")


def _literal(value: object) -> str:
    """A constant as ruff has it: 1e-5."""
    said = literal(value)
    if not isinstance(value, float):
        return said
    power = re.sub(r"\.?0*e([+-])0+", r"e\1", f"{value:.10e}")
    short = re.sub(r"e([+-])0+", r"e\1", said)
    return power if len(power) < len(short) - 1 and float(power) == value else short


def _formatted(values: Iterable[ast.expr]) -> str:
    """A formatted string."""
    return f"f{literal(''.join(map(_piece, values)))}"


def _piece(value: ast.expr) -> str:
    match value:
        case ast.Constant(value=str(text)):
            return text.replace("{", "{{").replace("}", "}}")
        case ast.FormattedValue(value=inside, conversion=conversion, format_spec=None):
            sign = f"!{chr(conversion)}" if conversion > 0 else ""
            return f"{{{flat(laid_out(inside))}{sign}}}"
    raise TypeError(f"a helper cannot have {ast.unparse(value)}")


def _keyword(keyword: ast.keyword) -> Layout:
    if keyword.arg is None:
        return ("**", *_bound(keyword.value, UNION))
    return (f"{keyword.arg}=", *laid_out(keyword.value))


def _pair(key: ast.expr | None, value: ast.expr) -> Layout:
    return (*laid_out(key), ": ", *laid_out(value)) if key else ("**", *_bound(value, UNION))


def is_bare(node: ast.Tuple) -> bool:
    """Whether a tuple stands without brackets, as its place in the source tells."""
    return bool(node.elts) and node.elts[0].col_offset == node.col_offset


def _is_wide_power(node: ast.expr) -> bool:
    """Whether this is a power with blanks beside its **, which reads as one only in brackets."""
    match node:
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return not (_is_simple(left) and _is_simple(right))
    return False


def _is_simple(node: ast.expr) -> bool:
    """Whether ** stands without blanks beside it."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return _is_simple(operand)
        case ast.Attribute(value=value):
            return isinstance(value, ast.Name | ast.Attribute) and _is_simple(value)
    return isinstance(node, ast.Name | ast.Constant)


def _slice(node: ast.Slice) -> Layout:
    """`1:3`; around the colons there are blanks where a part is more than a name or a number."""
    parts = [part for part in (node.lower, node.upper, node.step) if part]
    simple = all(
        isinstance(part, ast.Name | ast.Constant)
        or (isinstance(part, ast.UnaryOp) and isinstance(part.operand, ast.Name | ast.Constant))
        for part in parts
    )
    blank = "" if simple else " "
    before = (*laid_out(node.lower), blank) if node.lower else ()
    behind = (blank, *laid_out(node.upper)) if node.upper else ()
    step = (f"{blank}:{blank}", *laid_out(node.step)) if node.step else ()
    return tuple(piece for piece in (*before, ":", *behind, *step) if piece)


def _comprehension(
    item: ast.expr, generators: Iterable[ast.comprehension], value: ast.expr | None = None
) -> Layout:
    layout: list[str | Operator | Brackets] = [*laid_out(item)]
    if value:
        layout += [": ", *laid_out(value)]
    for part in generators:
        layout += [Operator(" for ", FOR), *laid_out(part.target), " in "]
        layout += _bound(part.iter, OR)
        for test in part.ifs:
            layout += [Operator(" if ", FOR), *_bound(test, OR)]
    return tuple(layout)


def _joined(values: Sequence[ast.expr], signs: Iterable[Operator], least: int) -> Layout:
    first, *others = values
    layout = list(_bound(first, least))
    for sign, other in zip(signs, others, strict=True):
        layout += [sign, *_bound(other, least)]
    return tuple(layout)


def _bound(node: ast.expr, least: int) -> Layout:
    """An expression, in brackets if it binds less than this."""
    if _binding(node) >= least:
        return laid_out(node)
    return (Brackets("(", (laid_out(node),), ")"),)


def _binding(node: ast.expr) -> int:
    match node:
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator):
            return BINDING[SIGNS[type(operator)]]
        case ast.UnaryOp(op=sign):
            return UNARY[type(sign)][1]
        case ast.Compare():
            return COMPARISON
        case ast.IfExp():
            return CONDITIONAL
        case ast.Lambda():
            return LAMBDA
        case ast.Constant(value=int() | float() as number) if number < 0:
            return SIGN
        case ast.Tuple() if is_bare(node):
            return FOR
    return ATOM


def parameters(node: ast.arguments) -> list[Layout]:
    """The parameters of a function as they stand in its signature."""
    defaults = [None] * (len(node.args) - len(node.defaults)) + node.defaults
    parts = list(map(_parameter, node.args, defaults))
    if node.vararg:
        parts.append(("*", *_parameter(node.vararg)))
    elif node.kwonlyargs:
        parts.append(("*",))
    parts += map(_parameter, node.kwonlyargs, node.kw_defaults)
    if node.kwarg:
        parts.append(("**", *_parameter(node.kwarg)))
    return parts


def _parameter(node: ast.arg, default: ast.expr | None = None) -> Layout:
    kind = laid_out(node.annotation) if node.annotation else None
    return parameter(node.arg, kind, laid_out(default) if default else None)
