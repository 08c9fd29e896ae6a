"""What expressions of one form have in common, and the constants in which they differ.

The form is an expression in which a placeholder stands for each constant that differs: what a
class or function of many alike blocks has as a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proto2net.backends.tree import (
    Attribute,
    Call,
    Conditional,
    Display,
    Expression,
    Literal,
    Negative,
    Operation,
    Pair,
    Placeholder,
    Series,
    Slice,
    Star,
    Subscript,
    tree,
)
from proto2net.frozen import dataclass

Values = tuple[Expression | None, ...]
"""A constant in each of the expressions; None in one that lacks the part where it stands."""


Meaning = str | tuple[str, ...]
"""What an argument is called; of a shape, what each axis is, the last name being for all others."""


class DifferentError(Exception):
    """Expressions that are not of one form."""


@dataclass(frozen=True)
class Slot:
    """Where expressions differ: what the constant is, and its value in each of them."""

    key: str
    part: str
    """The part of the block that it belongs to."""
    meaning: str
    """What the argument is called: "stride"; empty if that is not known."""
    values: Values
    default: Expression | None = None
    """What the callee takes without it."""


class Unifier:
    """Finds the form of expressions, and collects their slots."""

    def __init__(self, parameters: Mapping[Expression, Sequence[Meaning]]) -> None:
        """`parameters` names the positional arguments of functions."""
        self._parameters = parameters
        self.slots: list[Slot] = []

    def form(self, part: str, found: Sequence[Expression | None]) -> Expression | None:
        """The form of the expressions that there are. Raises DifferentError if it is not one."""
        there = [each for each in found if each is not None]
        if not there:
            return None
        self._part = part
        self._there = tuple(each is not None for each in found)
        return self._form(there, "", None)

    def _form(
        self, found: Sequence[Expression], meaning: Meaning, default: Expression | None
    ) -> Expression:
        first = found[0]
        if all(each == first for each in found):
            return first
        if isinstance(meaning, tuple):
            return self._shape(found, meaning)
        if all(map(_single, found)):
            return self._item(found, meaning, default)
        if all(map(_constant, found)):
            return self._slot(found, meaning, default)
        if any(type(each) is not type(first) for each in found):
            raise DifferentError
        if isinstance(first, Call):
            return self._call([each for each in found if isinstance(each, Call)])
        saying, parts = zip(*map(_apart, found), strict=True)
        if any(each != saying[0] for each in saying):
            raise DifferentError
        return _again(first, [self._form(each, "", None) for each in _together(parts)])

    def _shape(self, found: Sequence[Expression], meanings: Sequence[str]) -> Expression:
        """The form of shapes, each a number or a tuple of one for every axis."""
        sizes = [each.items for each in found if isinstance(each, Display)]
        if not sizes:
            return self._form(found, meanings[0], None)
        if len(sizes) < len(found):
            raise DifferentError
        named = (*meanings, *[meanings[-1]] * len(sizes[0]))
        axes = zip(_together(sizes), named, strict=False)
        return Display("()", tuple(self._form(each, name, None) for each, name in axes))

    def _item(
        self, found: Sequence[Expression], meaning: str, default: Expression | None
    ) -> Expression:
        """The form of tuples of one item each."""
        items = [_single(each) for each in found]
        item = self._form([each for each in items if each], meaning, default and _single(default))
        return Display("()", (item,))

    def _slot(
        self, found: Sequence[Expression], meaning: str, default: Expression | None
    ) -> Expression:
        each = iter(found)
        values = tuple(next(each) if there else None for there in self._there)
        slot = Slot(f"slot {len(self.slots)}", self._part, meaning, values, default)
        self.slots.append(slot)
        return Placeholder(slot.key)

    def _call(self, found: Sequence[Call]) -> Expression:
        """The form of calls: an option that only some of them state has its default in others."""
        function = self._form([each.function for each in found], "", None)
        known = self._parameters.get(function, ())
        arguments = [
            self._form(each, known[place] if place < len(known) else "", None)
            for place, each in enumerate(_together([each.arguments for each in found]))
        ]
        options = found[0].options or tuple((name, None) for name, _ in found[0].keywords)
        keywords = []
        said = [dict(each.keywords) for each in found]
        if any(each.keys() - dict(options).keys() for each in said):
            raise DifferentError
        for name, value in options:
            if not any(name in each for each in said):
                continue
            default = None if value is None else tree(value)
            values = [each.get(name, default) for each in said]
            there = [value for value in values if value is not None]
            if len(there) < len(values):
                raise DifferentError
            keywords.append((name, self._form(there, name, default)))
        return Call(function, tuple(arguments), tuple(keywords), options)


def _single(expression: Expression) -> Expression | None:
    """The item of a tuple of one; None if it is something else."""
    match expression:
        case Display("()", (item,)):
            return item
    return None


def _constant(expression: Expression) -> bool:
    match expression:
        case Literal():
            return True
        case Negative(value):
            return _constant(value)
        case Display(brackets, items):
            return bool(brackets) and all(map(_constant, items))
    return False


def _apart(expression: Expression) -> tuple[object, tuple[Expression, ...]]:
    """What an expression that is no call is made of, and all else that it says."""
    match expression:
        case Display(brackets, items):
            return brackets, items
        case Operation(left, operator, right):
            return operator, (left, right)
        case Series(first, rest):
            return tuple(sign for sign, _ in rest), (first, *(operand for _, operand in rest))
        case Attribute(value, name):
            return name, (value,)
        case Star(stars, value):
            return stars, (value,)
        case Negative(value):
            return None, (value,)
        case Pair(key, value):
            return None, (key, value)
        case Subscript(value, index):
            return None, (value, index)
        case Conditional(value, test, other):
            return None, (value, test, other)
        case Slice(start, stop, step):
            there = [each for each in (start, stop, step) if each is not None]
            return tuple(each is None for each in (start, stop, step)), tuple(there)
    raise DifferentError


def _again(first: Expression, parts: Sequence[Expression]) -> Expression:
    """An expression of other parts, which else says what the first does."""
    match first:
        case Display(brackets):
            return Display(brackets, tuple(parts))
        case Operation(_, operator):
            return Operation(parts[0], operator, parts[1])
        case Series(_, rest):
            others = zip((sign for sign, _ in rest), parts[1:], strict=True)
            return Series(parts[0], tuple(others))
        case Attribute(_, name):
            return Attribute(parts[0], name)
        case Star(stars):
            return Star(stars, parts[0])
        case Slice():
            each = iter(parts)
            limits = (first.start, first.stop, first.step)
            return Slice(*(None if limit is None else next(each) for limit in limits))
        case Negative():
            return Negative(*parts)
        case Pair():
            return Pair(*parts)
        case Subscript():
            return Subscript(*parts)
        case Conditional():
            return Conditional(*parts)
    raise DifferentError


def _together(rows: Sequence[Sequence[Expression]]) -> list[tuple[Expression, ...]]:
    """The first items of all rows, the second ones, and so on, of rows of one length."""
    if any(len(row) != len(rows[0]) for row in rows):
        raise DifferentError
    return list(zip(*rows, strict=True))
