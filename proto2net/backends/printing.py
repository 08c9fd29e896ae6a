"""Printing our trees as Python that a person would have written: breaking.py breaks their lines."""

from __future__ import annotations

from proto2net.backends.breaking import Brackets, Layout, Operator, flat, listed
from proto2net.backends.operators import (
    ATOM,
    BINDING,
    CONDITIONAL,
    FOR,
    LAMBDA,
    OR,
    SIGN,
)
from proto2net.backends.source import literal
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


def laid_out(expression: Expression) -> Layout:
    """An expression as what stands on a line."""
    match expression:
        case Name(name) | Variable(name):
            return (name,)
        case Literal(value):
            return (literal(value),)
        case Attribute(value, name):
            return (*_bound(value, ATOM), f".{name}")
        case Call(function, arguments, keywords, _):
            parts = [laid_out(argument) for argument in arguments]
            parts += [(_keyword(name), *laid_out(value)) for name, value in keywords]
            return (*_bound(function, ATOM), Brackets("(", tuple(parts), ")"))
        case Formatted(pieces):
            return (f"f{literal(''.join(map(_formatted, pieces)))}",)
        case Subscript(value, Display("", items)):
            return (
                *_bound(value, ATOM),
                Brackets("[", tuple(map(laid_out, items)), "]"),
            )
        case Subscript(value, index):
            return (*_bound(value, ATOM), Brackets("[", (laid_out(index),), "]"))
        case Operation(left, sign, right):
            binding = BINDING[sign]
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
            return ("-", *_bound(value, SIGN))
        case Display("", items):
            return tuple(listed([laid_out(item) for item in items]))
        case Display(brackets, items):
            parts = [laid_out(item) for item in items]
            single = brackets == "()" and len(parts) == 1
            return (Brackets(brackets[0], tuple(parts), brackets[1], True, single),)
        case Pair(key, value):
            return (*laid_out(key), ": ", *laid_out(value))
        case Slice():
            return _slice(expression)
        case Star(stars, value):
            return (stars, *_bound(value, SIGN))
        case Lambda(parameter, value):
            return (f"lambda {parameter}: ", *laid_out(value))
        case Conditional(value, test, other):
            return (
                *_bound(value, OR),
                Operator(" if ", CONDITIONAL),
                *_bound(test, OR),
                Operator(" else ", CONDITIONAL),
                *_bound(other, CONDITIONAL),
            )
        case Comprehension(value, variable, values):
            loop = Operator(" for ", FOR)
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
        case Name() | Variable() | Attribute() | Call():  # most are of these
            return ATOM
        case Operation(operator=sign) | Series(rest=((sign, _), *_)):
            return BINDING[sign]
        case Negative():
            return SIGN
        case Literal(int() | float() as number) if number < 0:
            return SIGN
        case Lambda():
            return LAMBDA
        case Conditional():
            return CONDITIONAL
    return ATOM


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


def text(expression: Expression) -> str:
    """An expression on one line."""
    return flat(laid_out(expression))
