"""Code as a small frozen tree: what renderers return, and what emitted files are made of.

Renderers write `call("F.pad", BOTTOM, 2)`, or `code("{0} * {1}")` where an expression reads best
as itself. Both give a tree in which a `Placeholder` stands for what only the emitted file knows.
Text from a definition can be nothing but a `Literal` here, so it cannot become code.
printing.py prints trees; nothing that was printed is read again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from functools import cache
from math import isfinite
from typing import cast

from proto2net.backends.operators import SIGNS
from proto2net.frozen import dataclass


class Expression:
    """A piece of code that has a value."""


@dataclass(frozen=True)
class Placeholder(Expression):
    """What the emitted file puts in: the bottom of this index, or what has this name."""

    key: int | str


@dataclass(frozen=True)
class Name(Expression):
    """A name that the file imports or defines, or that Python has."""

    name: str


@dataclass(frozen=True)
class Variable(Expression):
    """A variable of the emitted function, or an attribute of its object, such as self.conv1."""

    name: str


@dataclass(frozen=True, eq=False)
class Literal(Expression):
    """None, a truth value, a number or a string."""

    value: object

    def __eq__(self, other: object) -> bool:
        """Whether the same is printed: 1, 1.0 and True are equal, but not here."""
        if not isinstance(other, Literal):
            return NotImplemented
        return type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)


@dataclass(frozen=True)
class Formatted(Expression):
    """`f"text{variable}"`: text, and variables that are put into it."""

    parts: tuple[str | Variable, ...]


@dataclass(frozen=True)
class Display(Expression):
    """Expressions in brackets: "()", "[]" or "{}"; "" for a tuple without any."""

    brackets: str
    items: tuple[Expression, ...]


@dataclass(frozen=True)
class Pair(Expression):
    """A key and its value in a dictionary."""

    key: Expression
    value: Expression


@dataclass(frozen=True)
class Attribute(Expression):
    """`value.name`."""

    value: Expression
    name: str


ALL = "**"
"""In the place of a keyword's name: the value is a dictionary of keywords."""


@dataclass(frozen=True)
class Call(Expression):
    """`function(*arguments, **keywords)`."""

    function: Expression
    arguments: tuple[Expression, ...] = ()
    keywords: tuple[tuple[str, Expression], ...] = ()
    options: tuple[tuple[str, object], ...] = field(default=(), compare=False)
    """What keywords could say, in order, and its default: also what is left out for being that."""


@dataclass(frozen=True)
class Subscript(Expression):
    """`value[index]`."""

    value: Expression
    index: Expression


@dataclass(frozen=True)
class Slice(Expression):
    """`start:stop:step` of a subscript."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None


@dataclass(frozen=True)
class Operation(Expression):
    """`left operator right`."""

    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True)
class Series(Expression):
    """`first operator operand …`: as many as there are, where operations in each other are deep."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True)
class Negative(Expression):
    """`-value`."""

    value: Expression


@dataclass(frozen=True)
class Star(Expression):
    """`*value` or `**value` among arguments."""

    stars: str
    value: Expression


@dataclass(frozen=True)
class Lambda(Expression):
    """`lambda parameter: value`."""

    parameter: str
    value: Expression


@dataclass(frozen=True)
class Conditional(Expression):
    """`value if test else other`."""

    value: Expression
    test: Expression
    other: Expression


@dataclass(frozen=True)
class Comprehension(Expression):
    """`[value for variable in values]`."""

    value: Expression
    variable: str
    values: Expression


BOTTOM: Expression = Placeholder(0)
"""The first bottom of a layer."""

SELF = Placeholder("self")
"""The object that a layer has in the emitted file."""

NAME = Placeholder("name")
"""The name of that object, as a literal."""


# ---- making ---------------------------------------------------------------------------------


def tree(value: object) -> Expression:
    """An expression as it is; a value as the expression that gives it."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, tuple | list):
        return Display("()" if isinstance(value, tuple) else "[]", tuple(map(tree, value)))
    if isinstance(value, float) and not isfinite(value):
        return Call(Name("float"), (Literal(str(value)),))
    return Literal(value)


def call(function: str | Expression, /, *arguments: object, **options: object) -> Call:
    """A call. An option is (value, default) and is left out where they are equal.

    `function` is a name such as "F.pad", or what is called.
    """
    given: list[tuple[str, Expression]] = []
    known: list[tuple[str, object]] = []
    for name, option in options.items():
        value, default = option if isinstance(option, tuple) else (option, None)
        known.append((name, default))
        if value != default:
            given.append((name, tree(value)))
    called = dotted(function) if isinstance(function, str) else function
    return Call(called, tuple(map(tree, arguments)), tuple(given), tuple(known))


def method(value: Expression, name: str, /, *arguments: object, **options: object) -> Call:
    """The call of a method, its options as those of `call`."""
    return call(Attribute(value, name), *arguments, **options)


def indexed(value: Expression, *indices: object) -> Subscript:
    """`value[0]`, `value[..., 1]`."""
    return Subscript(value, listed(indices))


def expanded(value: Expression, axes: int) -> Expression:
    """`value[..., None]`: an array with so many axes of size 1 behind its own."""
    return indexed(value, ..., *[None] * axes) if axes else value


def span(start: object, stop: object, step: object = None) -> Slice:
    """`start:stop:step` of a subscript, without what is None."""
    parts = (start, stop, step)
    return Slice(*(None if part is None else tree(part) for part in parts))


def listed(items: Iterable[object]) -> Expression:
    """`a, b`; one alone is as it is."""
    parts = tuple(map(tree, items))
    return parts[0] if len(parts) == 1 else Display("", parts)


def code(template: str, **parts: object) -> Expression:
    """An expression written as Python: {0} is a bottom, {self} the object, {x} a part.

    Parts that are no expressions are put in as literals.
    """
    written = _template(template)
    return filled(written, {k: tree(part) for k, part in parts.items()}) if parts else written


@cache
def dotted(name: str) -> Expression:
    """The expression of a name with dots in between."""
    first, *rest = name.split(".")
    found: Expression = Name(first)
    for attribute in rest:
        found = Attribute(found, attribute)
    return found


def scaled(x: Expression, scale: float, shift: float = 0.0) -> Expression:
    """`0.5 * x + 1.0`, without what changes nothing."""
    if not shift:
        return _times(x, scale)
    size = _times(x, abs(scale))
    if scale < 0:
        return Operation(Literal(shift), "-", size)
    return Operation(size, "-" if shift < 0 else "+", Literal(abs(shift)))


def _times(x: Expression, factor: float) -> Expression:
    if abs(factor) == 1:
        return x if factor > 0 else Negative(x)
    return Operation(Literal(factor), "*", x)


def weighted_sum(terms: Iterable[Expression], coefficients: Iterable[float]) -> Expression:
    """`a - 0.5 * b` for coefficients 1 and -0.5."""
    (first, factor), *others = zip(terms, coefficients, strict=True)
    rest = [("-" if size < 0 else "+", scaled(term, abs(size))) for term, size in others]
    return Series(scaled(first, factor), tuple(rest)) if rest else scaled(first, factor)


def joined(operator: str, operands: Iterable[Expression]) -> Expression:
    """`a + b + c`."""
    first, *others = operands
    return Series(first, tuple((operator, other) for other in others)) if others else first


# ---- templates ------------------------------------------------------------------------------

_HOLE = "hole_"
"""What the name of a placeholder begins with while its template is read."""


@cache
def _template(template: str) -> Expression:
    """The tree of a template of ours, which is read once."""
    text = re.sub(r"\{(\w+)\}", rf"{_HOLE}\1", template)
    return _read(ast.parse(text, mode="eval").body)


def _read(node: ast.expr) -> Expression:
    """Python's own tree of a template as one of ours, which has less to say."""
    match node:
        case ast.Name(id=name) if name.startswith(_HOLE):
            key = name.removeprefix(_HOLE)
            return Placeholder(int(key) if key.isdigit() else key)
        case ast.Name(id=name):
            return Name(name)
        case ast.Constant(value=value):
            return Literal(value)
        case ast.Attribute(value=value, attr=name):
            return Attribute(_read(value), name)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            stars = [Star("**", _read(k.value)) for k in keywords if k.arg is None]
            named = tuple((k.arg, _read(k.value)) for k in keywords if k.arg is not None)
            return Call(_read(function), (*map(_read, arguments), *stars), named)
        case ast.Subscript(value=value, slice=ast.Tuple(elts=items)):
            return Subscript(_read(value), Display("", tuple(map(_read, items))))
        case ast.Subscript(value=value, slice=index):
            return Subscript(_read(value), _read(index))
        case ast.Slice(lower=lower, upper=upper, step=step):
            return Slice(*(_read(part) if part else None for part in (lower, upper, step)))
        case ast.BinOp(left=left, op=operator, right=right):
            return Operation(_read(left), SIGNS[type(operator)], _read(right))
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return Operation(_read(left), SIGNS[type(operator)], _read(right))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return Literal(-value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return Negative(_read(operand))
        case ast.Tuple(elts=items):
            bare = bool(items) and items[0].col_offset == node.col_offset
            return Display("" if bare else "()", tuple(map(_read, items)))
        case ast.List(elts=items):
            return Display("[]", tuple(map(_read, items)))
        case ast.Starred(value=value):
            return Star("*", _read(value))
        case ast.IfExp(test=test, body=body, orelse=other):
            return Conditional(_read(body), _read(test), _read(other))
        case ast.Lambda(args=ast.arguments(args=[parameter]), body=body):
            return Lambda(parameter.arg, _read(body))
    raise ValueError(f"a template cannot say {ast.unparse(node)}")


# ---- walking --------------------------------------------------------------------------------


def filled(expression: Expression, parts: Mapping[int | str, Expression]) -> Expression:
    """The expression with parts in the place of these placeholders."""
    match expression:
        case Placeholder(key):
            return parts.get(key, expression)
        case Name() | Variable() | Literal() | Formatted():
            return expression
        case Attribute(value, name):
            return Attribute(filled(value, parts), name)
        case Call(function, arguments, keywords, options):
            return Call(
                filled(function, parts),
                tuple(filled(argument, parts) for argument in arguments),
                tuple((name, filled(value, parts)) for name, value in keywords),
                options,
            )
        case Operation(left, operator, right):
            return Operation(filled(left, parts), operator, filled(right, parts))
        case Series(first, rest):
            others = tuple((operator, filled(operand, parts)) for operator, operand in rest)
            return Series(filled(first, parts), others)
        case Display(brackets, items):
            return Display(brackets, tuple(filled(item, parts) for item in items))
        case Pair(key, value):
            return Pair(filled(key, parts), filled(value, parts))
        case Subscript(value, index):
            return Subscript(filled(value, parts), filled(index, parts))
        case Slice(start, stop, step):
            return Slice(*(filled(p, parts) if p else None for p in (start, stop, step)))
        case Negative(value):
            return Negative(filled(value, parts))
        case Star(stars, value):
            return Star(stars, filled(value, parts))
        case Lambda(parameter, value):
            return Lambda(parameter, filled(value, parts))
        case Comprehension(value, variable, values):
            return Comprehension(filled(value, parts), variable, filled(values, parts))
        case Conditional(value, test, other):
            return Conditional(*(filled(part, parts) for part in (value, test, other)))
    raise TypeError(f"no expression: {expression!r}")


def replaced(expression: Expression, others: Mapping[int, Expression]) -> Expression:
    """The expression with others in the place of those of its parts, which `id` tells apart."""
    return cast("Expression", _replaced(expression, others))


def _replaced(part: object, others: Mapping[int, Expression]) -> object:
    if isinstance(part, tuple):
        return tuple(_replaced(each, others) for each in part)
    if not isinstance(part, Expression):
        return part
    if id(part) in others:
        return others[id(part)]
    return type(part)(**{name: _replaced(value, others) for name, value in vars(part).items()})


_LEAVES = (Placeholder, Name, Variable, Literal)
"""Expressions that are made of no others."""


def parts_of(expression: Expression) -> Iterator[Expression]:
    """The expression, and all that it is made of, from left to right."""
    waiting: list[object] = [expression]
    while waiting:
        part = waiting.pop()
        if isinstance(part, _LEAVES):
            yield part
        elif isinstance(part, tuple):
            waiting += part[::-1]
        elif isinstance(part, Call):  # what its options are if they are left out is not in it
            yield part
            waiting += (part.keywords, part.arguments, part.function)
        elif isinstance(part, Expression):
            yield part
            waiting += reversed(vars(part).values())


def passes_once(expression: Expression) -> bool:
    """Whether {0} stands once, as the first argument of a call: any expression may stand there."""
    parts = list(parts_of(expression))
    first = (part.arguments[:1] for part in parts if isinstance(part, Call))
    return parts.count(BOTTOM) == 1 and (BOTTOM,) in first
