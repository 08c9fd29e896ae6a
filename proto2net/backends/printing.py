"""Printing trees as Python that a person would have written, with lines broken as ruff does it.

An expression is first laid out: text, operators, and brackets with parts between commas. A line
that is too long is broken at these, outermost first. What is printed passes `ruff format --check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proto2net.backends.source import INDENT, WIDTH, literal
from proto2net.backends.tree import (
    ALL,
    Attribute,
    Call,
    Comprehension,
    Conditional,
    Display,
    Expression,
    Formatted,
    Lambda,
    Literal,
    Name,
    Negative,
    Operation,
    Pair,
    Placeholder,
    Series,
    Slice,
    Star,
    Subscript,
    Variable,
)
from proto2net.frozen import dataclass


@dataclass(frozen=True)
class Operator:
    """What stands with blanks between operands; lines are broken at the one that binds least."""

    sign: str
    binding: int


@dataclass(frozen=True)
class Brackets:
    """What stands in brackets, its parts between commas."""

    opening: str
    parts: tuple[Layout, ...]
    closing: str
    display: bool = False
    """Whether this is a tuple, a list or a dictionary: each of its parts gets a line."""
    comma: bool = False
    """Whether a comma stands behind a single part."""


Layout = tuple[str | Operator | Brackets, ...]
"""What stands on a line, one after the other."""

# How strongly what an expression is made of binds: of two, the looser one needs brackets.
_FOR, _LAMBDA, _CONDITIONAL, _AND, _COMPARISON, _UNION, _SUM, _PRODUCT, _SIGN, _ATOM = range(10)
_BINDING = {
    "and": _AND,
    **dict.fromkeys(("<", ">", "<=", ">=", "==", "!=", "in", "is", "is not"), _COMPARISON),
    "|": _UNION,
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "//", "%", "@"), _PRODUCT),
}


# ---- laying out -----------------------------------------------------------------------------


def laid_out(expression: Expression) -> Layout:
    """An expression as what stands on a line."""
    match expression:
        case Name(name) | Variable(name):
            return (name,)
        case Literal(value):
            return (literal(value),)
        case Formatted(pieces):
            return (f"f{literal(''.join(map(_formatted, pieces)))}",)
        case Attribute(value, name):
            return (*_bound(value, _ATOM), f".{name}")
        case Call(function, arguments, keywords, _):
            parts = [laid_out(argument) for argument in arguments]
            parts += [(_keyword(name), *laid_out(value)) for name, value in keywords]
            return (*_bound(function, _ATOM), Brackets("(", tuple(parts), ")"))
        case Subscript(value, Display("", items)):
            return (
                *_bound(value, _ATOM),
                Brackets("[", tuple(map(laid_out, items)), "]"),
            )
        case Subscript(value, index):
            return (*_bound(value, _ATOM), Brackets("[", (laid_out(index),), "]"))
        case Operation(left, sign, right):
            binding = _BINDING[sign]
            operator = Operator(f" {sign} ", binding)
            return (*_bound(left, binding), operator, *_bound(right, binding + 1))
        case Series(first, rest):
            binding = _binding(expression)
            layout = list(_bound(first, binding))
            for sign, operand in rest:
                layout += [
                    Operator(f" {sign} ", binding),
                    *_bound(operand, binding + 1),
                ]
            return tuple(layout)
        case Negative(value):
            return ("-", *_bound(value, _SIGN))
        case Display("", items):
            return tuple(_listed([laid_out(item) for item in items]))
        case Display(brackets, items):
            parts = [laid_out(item) for item in items]
            single = brackets == "()" and len(parts) == 1
            shown = not single
            return (Brackets(brackets[0], tuple(parts), brackets[1], shown, single),)
        case Pair(key, value):
            return (*laid_out(key), ": ", *laid_out(value))
        case Slice():
            return _slice(expression)
        case Star(stars, value):
            return (stars, *_bound(value, _SIGN))
        case Lambda(parameter, value):
            return (f"lambda {parameter}: ", *laid_out(value))
        case Conditional(value, test, other):
            return (
                *_bound(value, _CONDITIONAL + 1),
                Operator(" if ", _CONDITIONAL),
                *_bound(test, _CONDITIONAL + 1),
                Operator(" else ", _CONDITIONAL),
                *_bound(other, _CONDITIONAL),
            )
        case Comprehension(value, variable, values):
            loop = Operator(" for ", _FOR)
            inside = (*laid_out(value), loop, f"{variable} in ", *laid_out(values))
            return (Brackets("[", (inside,), "]"),)
        case Placeholder(key):
            return (f"{{{key}}}",)
    raise TypeError(f"no expression: {expression!r}")


def _keyword(name: str) -> str:
    return name if name == ALL else f"{name}="


def _formatted(part: str | Variable) -> str:
    """A part of a formatted string: what is text there stays text."""
    if isinstance(part, Variable):
        return f"{{{part.name}}}"
    return part.replace("{", "{{").replace("}", "}}")


def _bound(expression: Expression, least: int) -> Layout:
    """An expression, in brackets if what it is made of binds less than this."""
    if _binding(expression) >= least:
        return laid_out(expression)
    return (Brackets("(", (laid_out(expression),), ")"),)


def _binding(expression: Expression) -> int:
    match expression:
        case Operation(operator=sign) | Series(rest=((sign, _), *_)):
            return _BINDING[sign]
        case Negative():
            return _SIGN
        case Literal(int() | float() as number) if number < 0:
            return _SIGN
        case Lambda():
            return _LAMBDA
        case Conditional():
            return _CONDITIONAL
    return _ATOM


def _slice(expression: Slice) -> Layout:
    """`1:3`; around the colons there are blanks where a part is more than a name or a number."""
    start, stop, step = expression.start, expression.stop, expression.step
    simple = (Name, Variable, Literal, Placeholder)
    blank = "" if all(isinstance(p, simple) for p in (start, stop, step) if p) else " "
    layout: list[str | Operator | Brackets] = []
    if start:
        layout += [*laid_out(start), blank]
    layout.append(":")
    if stop:
        layout += [blank, *laid_out(stop)]
    if step:
        layout += [f"{blank}:{blank}", *laid_out(step)]
    return tuple(piece for piece in layout if piece)


def _listed(parts: Sequence[Layout]) -> Iterable[str | Operator | Brackets]:
    for index, part in enumerate(parts):
        yield from (", ", *part) if index else part


def text(expression: Expression) -> str:
    """An expression on one line."""
    return flat(laid_out(expression))


def flat(layout: Iterable[str | Operator | Brackets]) -> str:
    """A layout on one line."""
    return "".join(map(_flat_piece, layout))


def _flat_piece(piece: str | Operator | Brackets) -> str:
    if isinstance(piece, str):
        return piece
    if isinstance(piece, Operator):
        return piece.sign
    return f"{piece.opening}{_inside(piece)}{piece.closing}"


def _inside(brackets: Brackets) -> str:
    return ", ".join(map(flat, brackets.parts)) + "," * brackets.comma


# ---- breaking -------------------------------------------------------------------------------


def broken(layout: Layout, indent: int, end: str = "") -> list[str]:
    """A layout as lines of at most WIDTH columns, broken at its brackets."""
    margin, line = INDENT * indent, flat(layout) + end
    places = [i for i, piece in enumerate(layout) if isinstance(piece, Brackets) and piece.parts]
    if len(margin + line) <= WIDTH or not places:  # a long name or string has no place to break
        return [margin + line]
    if any(isinstance(piece, Operator) and piece.binding == _FOR for piece in layout):
        return [line for part in operands(layout) for line in broken(part, indent)]
    place = next((i for i in reversed(places) if _fits(margin, layout, i)), places[0])
    brackets = layout[place]
    assert isinstance(brackets, Brackets)  # noqa: S101  # as `places` says
    inside = _inside(brackets)
    if brackets.display:
        lines = _a_line_each(brackets.parts, indent + 1)
    elif len(INDENT + margin + inside) <= WIDTH:
        lines = [INDENT + margin + inside]
    elif len(brackets.parts) == 1:
        lines = broken(brackets.parts[0], indent + 1, "," * brackets.comma)
    else:
        lines = _a_line_each(brackets.parts, indent + 1)
    head = flat(layout[:place]) + brackets.opening
    tail = broken((brackets.closing, *layout[place + 1 :]), indent, end)
    return [margin + head, *lines, *tail]


def _fits(margin: str, layout: Layout, place: int) -> bool:
    """Whether there is room for what stands before these brackets."""
    return len(margin + flat(layout[:place])) < WIDTH


def _a_line_each(parts: Iterable[Layout], indent: int) -> list[str]:
    return [line for part in parts for line in broken(part, indent, ",")]


def operands(layout: Layout) -> list[Layout]:
    """The layout cut before its loosest operators; whole if it has none."""
    loosest = min((p.binding for p in layout if isinstance(p, Operator)), default=None)
    cut: list[list[str | Operator | Brackets]] = [[]]
    for piece in layout:
        if isinstance(piece, Operator) and piece.binding == loosest:
            cut.append([piece.sign.lstrip()])
        else:
            cut[-1].append(piece)
    return [tuple(part) for part in cut]
