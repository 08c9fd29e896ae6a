"""Statements of emitted files: what they say, their lines, and the names that they use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from functools import cached_property

from proto2net.backends.breaking import (
    Brackets,
    Layout,
    broken,
    flat,
    parameter,
    signature_lines,
    statement_lines,
    values_lines,
)
from proto2net.backends.printing import laid_out
from proto2net.backends.source import INDENT, WIDTH
from proto2net.backends.tree import Display, Expression, Name, Operation, parts_of
from proto2net.frozen import dataclass


class Statement:
    """What can stand on lines of its own."""

    def lines(self, indent: int) -> list[str]:
        """The statement as source."""
        raise NotImplementedError

    def expressions(self) -> Iterator[Expression]:
        """The expressions that it says."""
        raise NotImplementedError


def names_in(*expressions: Expression | None) -> Iterator[str]:
    """The names that expressions use."""
    for expression in expressions:
        for part in parts_of(expression) if expression else ():
            if isinstance(part, Name):
                yield part.name


def _commented(lines: list[str], indent: int, comment: str) -> list[str]:
    """Lines with a comment: behind, or above where there is no room for it."""
    if not comment:
        return lines
    behind = f"{lines[0]}  # {comment}"
    if len(lines) == 1 and len(behind) <= WIDTH:
        return [behind]
    return [f"{INDENT * indent}# {comment}", *lines]


@dataclass(frozen=True)
class Assignment(Statement):
    """`a, b = value  # comment`; the comment stands above where it has no room."""

    targets: tuple[str, ...]
    value: Expression
    comment: str = ""
    type: Expression | None = None
    """What `a: type = value` says, of a single target."""

    def lines(self, indent: int) -> list[str]:
        return _commented(self.uncommented(indent), indent, self.comment)

    def uncommented(self, indent: int) -> list[str]:
        """The assignment alone."""
        names = ", ".join(self.targets)
        if self.type:
            names += f": {flat(laid_out(self.type))}"
        if isinstance(self.value, Display) and not self.value.brackets:
            return values_lines(f"{names} = ", [*map(laid_out, self.value.items)], indent)
        value = self._laid_out
        if len(self.targets) > 1 and len(f"{INDENT * indent}{names} = {_head(value)}") > WIDTH:
            targets: list[Layout] = [(target,) for target in self.targets]
            shown = Brackets("(", tuple(targets), ")", display=True)
            return broken((shown, " = ", *value), indent)
        return statement_lines(f"{names} = ", value, "", indent)

    @cached_property
    def _laid_out(self) -> Layout:
        return laid_out(self.value)

    def expressions(self) -> Iterator[Expression]:
        yield from (part for part in (self.type, self.value) if part)


def _head(value: Layout) -> str:
    """A value up to the brackets of its call."""
    for index, piece in enumerate(value):
        if isinstance(piece, Brackets) and piece.opening == "(":
            return flat(value[:index]) + piece.opening
    return flat(value)


@dataclass(frozen=True)
class Evaluation(Statement):
    """An expression as a statement; a long chain of calls has each on a line of its own."""

    value: Expression

    def lines(self, indent: int) -> list[str]:
        layout = laid_out(self.value)
        return _chain(layout, indent) or statement_lines("", layout, "", indent)

    def expressions(self) -> Iterator[Expression]:
        yield self.value


_CHAIN = 3
"""From so many calls on, each on what the one before gave, they are a chain."""


def _chain(layout: Layout, indent: int, begin: str = "") -> list[str]:
    """The lines of a chain that is too long for one, in brackets; none of what is no such chain."""
    margin, links = INDENT * indent, _links(layout)
    if len(margin + begin + flat(layout)) <= WIDTH or len(links) < _CHAIN:
        return []
    lines = [line for link in links for line in broken(link, indent + 1)]
    return [f"{margin}{begin}(", *lines, f"{margin})"]


def _links(layout: Layout) -> list[Layout]:
    """A chain of calls cut behind each: `self.feed("data")`, `.conv(3, 3)`."""
    links: list[Layout] = []
    start = 0
    for index, piece in enumerate(layout, 1):
        if isinstance(piece, Brackets):
            links.append(layout[start:index])
            start = index
    return links if start == len(layout) else [layout]


@dataclass(frozen=True)
class Return(Statement):
    """`return a, b`, in brackets where the line is too long."""

    values: tuple[Expression, ...]

    def lines(self, indent: int) -> list[str]:
        parts = [*map(laid_out, self.values)]
        if len(parts) > 1:
            return values_lines("return ", parts, indent)
        value = parts[0]
        return _chain(value, indent, "return ") or statement_lines("return ", value, "", indent)

    def expressions(self) -> Iterator[Expression]:
        yield from self.values


@dataclass(frozen=True)
class Raise(Statement):
    """`raise error`."""

    error: Expression

    def lines(self, indent: int) -> list[str]:
        return statement_lines("raise ", laid_out(self.error), "", indent)

    def expressions(self) -> Iterator[Expression]:
        yield self.error


@dataclass(frozen=True)
class Verbatim(Statement):
    """Lines that are always the same, or that say nothing to Python; `uses` are their names."""

    text: Sequence[str]
    uses: Sequence[str] = ()

    def lines(self, indent: int) -> list[str]:
        return [f"{INDENT * indent}{line}" if line else "" for line in self.text]

    def expressions(self) -> Iterator[Expression]:
        yield from map(Name, self.uses)


BLANK = Verbatim(("",))
"""An empty line."""


@dataclass(frozen=True)
class Compound(Statement):
    """`head:` and the statements that it holds, such as a loop: `for x in values`."""

    keyword: str
    head: Expression
    body: Sequence[Statement]

    def lines(self, indent: int) -> list[str]:
        match self.head:
            case Operation(left, "in", right) if self.keyword == "for":
                head: Layout = (*laid_out(left), " in ", *laid_out(right))
            case _:
                head = laid_out(self.head)
        lines = statement_lines(f"{self.keyword} ", head, ":", indent)
        return [*lines, *lines_of(self.body, indent + 1)]

    def expressions(self) -> Iterator[Expression]:
        yield self.head
        yield from expressions_of(self.body)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function, its type, and what it is without an argument."""

    name: str
    type: Expression | None = None
    default: Expression | None = None

    def laid_out(self) -> Layout:
        """The parameter as it stands in a signature."""
        kind = laid_out(self.type) if self.type else None
        return parameter(self.name, kind, laid_out(self.default) if self.default else None)


@dataclass(frozen=True)
class Function(Statement):
    """`def name(parameters) -> result:`; an empty body is `pass`, or the docstring alone."""

    name: str
    parameters: Sequence[Parameter]
    result: Expression | None
    body: Sequence[Statement]
    docstring: Sequence[str] = ()
    decorators: Sequence[Expression] = ()

    def lines(self, indent: int) -> list[str]:
        margin = INDENT * indent
        parameters = [each.laid_out() for each in self.parameters]
        result = f" -> {flat(laid_out(self.result))}" if self.result else ""
        head = signature_lines(f"def {self.name}", parameters, f"{result}:", indent)
        body = lines_of([Verbatim(self.docstring), *self.body], indent + 1)
        return [
            *(f"{margin}@{flat(laid_out(decorator))}" for decorator in self.decorators),
            *head,
            *(body or [f"{margin}{INDENT}pass"]),
        ]

    def expressions(self) -> Iterator[Expression]:
        types = [parameter.type for parameter in self.parameters]
        defaults = [parameter.default for parameter in self.parameters]
        yield from (part for part in (self.result, *types, *defaults, *self.decorators) if part)
        yield from expressions_of(self.body)


@dataclass(frozen=True)
class Class(Statement):
    """`class name(bases):` with its attributes and methods, a blank line between these."""

    name: str
    bases: Sequence[Expression]
    docstring: Sequence[str]
    body: Sequence[Statement]
    decorators: Sequence[Expression] = field(default=())
    attributes: Sequence[Statement] = field(default=())
    """What stands above the methods, one below the other."""

    def lines(self, indent: int) -> list[str]:
        margin = INDENT * indent
        bases = f"({', '.join(flat(laid_out(base)) for base in self.bases)})" if self.bases else ""
        lines = [
            *(f"{margin}@{flat(laid_out(decorator))}" for decorator in self.decorators),
            f"{margin}class {self.name}{bases}:",
            *Verbatim(self.docstring).lines(indent + 1),
        ]
        if self.attributes:
            lines += ["", *lines_of(self.attributes, indent + 1)]
        for statement in self.body:
            lines += ["", *statement.lines(indent + 1)]
        return lines

    def expressions(self) -> Iterator[Expression]:
        yield from (*self.bases, *self.decorators)
        yield from expressions_of([*self.attributes, *self.body])


def lines_of(statements: Sequence[Statement], indent: int) -> list[str]:
    """Statements one below the other."""
    return [line for statement in statements for line in statement.lines(indent)]


def expressions_of(statements: Iterable[Statement]) -> Iterator[Expression]:
    """The expressions that statements say."""
    for statement in statements:
        yield from statement.expressions()


def names_of(statements: Iterable[Statement]) -> Iterator[str]:
    """The names that statements take from imports, from helpers or from Python."""
    return names_in(*expressions_of(statements))
