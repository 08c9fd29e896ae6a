"""Layouts: what stands on a line, and where a line that is too long is broken, as ruff does it.

A layout is text, operators, and brackets with parts between commas. printing.py lays out our own
trees, and pruning/expressions.py Python's; what is printed of either passes `ruff format --check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from proto2net.backends.source import INDENT, WIDTH
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


# ---- on one line ----------------------------------------------------------------------------


def flat(layout: Iterable[str | Operator | Brackets]) -> str:
    """A layout on one line."""
    return "".join([each if isinstance(each, str) else _flat_piece(each) for each in layout])


def _flat_piece(piece: Operator | Brackets) -> str:
    if isinstance(piece, Operator):
        return piece.sign
    return f"{piece.opening}{_inside(piece)}{piece.closing}"


def _inside(brackets: Brackets) -> str:
    return ", ".join(map(flat, brackets.parts)) + "," * brackets.comma


def listed(parts: Iterable[Layout]) -> Iterator[str | Operator | Brackets]:
    """What stands on a line for parts without brackets."""
    for index, part in enumerate(parts):
        yield from (", ", *part) if index else part


def parameter(name: str, kind: Layout | None, default: Layout | None) -> Layout:
    """A parameter as it stands in a signature: `name: kind = default`."""
    typed: Layout = (": ", *kind) if kind else ()
    equals = " = " if kind else "="
    return (name, *typed, *((equals, *default) if default else ()))


# ---- on several -----------------------------------------------------------------------------


def statement_lines(before: str, value: Layout, behind: str, indent: int) -> list[str]:
    """`before value behind` as lines: on one, broken in its brackets, or in brackets of its own."""
    margin = INDENT * indent
    said = flat(value)
    if len(margin + before + said + behind) <= WIDTH:
        return [margin + before + said + behind]
    place = _own_place(margin + before, value)
    if place is not None:
        return _broken_at(place + 1, (before, *value), indent, behind)
    if len(margin + INDENT + said) <= WIDTH:
        return [f"{margin}{before}(", margin + INDENT + said, f"{margin}){behind}"]
    parts = operands(value)
    if len(parts) > 1:
        lines = [line for part in parts for line in broken(part, indent + 1)]
        return [f"{margin}{before}(", *lines, f"{margin}){behind}"]
    return broken((before, *value), indent, behind)


def values_lines(before: str, parts: Sequence[Layout], indent: int) -> list[str]:
    """`before a, b` as lines: in brackets where the line is too long."""
    line = INDENT * indent + before + flat(listed(parts))
    if len(line) <= WIDTH:
        return [line]
    return statement_lines(before, (Brackets("(", tuple(parts), ")", display=True),), "", indent)


def signature_lines(before: str, parts: Sequence[Layout], behind: str, indent: int) -> list[str]:
    """`before(parts)behind`, the head of a function, as lines."""
    margin, within = INDENT * indent, ", ".join(map(flat, parts))
    opening, closing = f"{margin}{before}(", f"){behind}"
    if len(opening + within + closing) <= WIDTH:
        return [opening + within + closing]
    if len(margin + INDENT + within) <= WIDTH and len(parts) > 1:
        return [opening, margin + INDENT + within, margin + closing]
    lines = [line for part in parts for line in broken(part, indent + 1, ",")]
    return [opening, *lines, margin + closing]


def broken(layout: Layout, indent: int, end: str = "") -> list[str]:
    """A layout within brackets as lines: broken at its operators, else in its brackets."""
    margin = INDENT * indent
    line = margin + flat(layout) + end
    if len(line) <= WIDTH:
        return [line]
    parts = operands(layout)
    if len(parts) > 1:
        *others, last = parts
        lines = [line for part in others for line in broken(part, indent)]
        return [*lines, *broken(last, indent, end)]
    place = _place(margin, layout)
    if place is None:  # a long name or string has no place to break
        return [line]
    return _broken_at(place, layout, indent, end)


def _broken_at(place: int, layout: Layout, indent: int, end: str) -> list[str]:
    """A layout broken in its brackets at this place."""
    brackets = layout[place]
    assert isinstance(brackets, Brackets)  # noqa: S101  # as who calls this says
    margin, parts = INDENT * indent, brackets.parts
    whole = INDENT + margin + _inside(brackets)
    if len(parts) == 1 and not brackets.display:
        lines = broken(parts[0], indent + 1)
    elif len(whole) <= WIDTH and not brackets.display:
        lines = [whole]
    else:
        lines = [line for part in parts for line in broken(part, indent + 1, ",")]
    head = margin + flat(layout[:place]) + brackets.opening
    return [head, *lines, *broken((brackets.closing, *layout[place + 1 :]), indent, end)]


def _place(before: str, layout: Layout) -> int | None:
    """The last brackets that there is room to open: their index."""
    for index in reversed(range(len(layout))):
        piece = layout[index]
        if isinstance(piece, Brackets) and piece.parts:
            head = before + flat(layout[:index]) + piece.opening
            if len(head) <= WIDTH:
                return index
    return None


def _own_place(before: str, value: Layout) -> int | None:
    """The brackets in which a value is broken rather than in others around it: their index."""
    place, parts = _place(before, value), len(operands(value))
    if parts == 1:  # a chain stays on a line of its own
        return place if _calls_on_calls(value) < 2 else None
    return place if parts == 2 and place in (0, len(value) - 1) else None


def _calls_on_calls(value: Layout) -> int:
    """How many calls are on what another call or subscript gave: `.b()` of `a().b()`."""
    return sum(
        isinstance(before, Brackets) and isinstance(piece, str) and piece.startswith(".")
        for before, piece in pairwise(value)
    )


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
