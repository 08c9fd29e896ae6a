"""Blocks as keras.applications has them: functions that give their layers the names of Caffe."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator, Sequence

from proto2net.backends.base import Step
from proto2net.backends.naming import GIVEN
from proto2net.backends.statements import Assignment, Compound, Statement
from proto2net.backends.tree import (
    Call,
    Expression,
    Formatted,
    Literal,
    Name,
    Operation,
    Variable,
    call,
)
from proto2net.frozen import dataclass
from proto2net.graph import Blob

# ---- variables ------------------------------------------------------------------------------


def carried(
    steps: Sequence[Step],
    apart: Collection[Blob],
    entry: Blob | None = None,
    exit: Blob | None = None,
) -> set[Blob]:
    """The values that alone are carried on: one variable can hold them one after the other.

    What is `apart` has variables of its own. Inputs have too, but the `entry` of a block; they are
    carried on from the first step that reads them.
    """
    values: dict[Blob, Blob] = {}  # of another name of a blob: that
    ends: dict[Blob, int] = {}
    read: list[list[Blob]] = []
    for index, step in enumerate(steps):
        read.append([values.get(blob, blob) for blob in step.bottoms])
        ends.update(dict.fromkeys(read[index], index))
        if step.alias:
            values.update(dict.fromkeys(step.tops, read[index][0]))
    if exit:
        ends[values.get(exit, exit)] = len(steps)
    apart = {values.get(blob, blob) for blob in apart}
    ending: dict[int, list[Blob]] = {}
    for blob, index in ends.items():
        ending.setdefault(index, []).append(blob)
    found = {entry} if entry else set()
    live = set(found)
    for index, step in enumerate(steps):
        made = ends.keys() & set(step.tops)
        live |= made - apart
        live.update(read[index])
        live.difference_update(ending.get(index, ()))
        if not step.alias and len(step.tops) == 1 and live == made:
            found |= live
    return found


def in_turn(statement: Statement, indent: int) -> list[Statement]:
    """Calls of layers on what others give, one below the other where a line is too short."""
    match statement:
        case Assignment((_,), Call(function, (Call(Call()) as inner,), ())):
            if len(statement.lines(indent)) == 1:
                return [statement]
            first = Assignment(statement.targets, inner)
            value = Call(function, (Variable(*statement.targets),))
            return [*in_turn(first, indent), dataclasses.replace(statement, value=value)]
    return [statement]


# ---- loops ----------------------------------------------------------------------------------

LEAST = 4
"""From so many calls in a row on, a loop makes them."""

INDEX, LETTER = "index", "letter"
"""The variables of loops over numbers and over letters."""


def looped(statements: Sequence[Statement], functions: Collection[str]) -> list[Statement]:
    """The statements, with loops for blocks in a row whose names count on: res4b1, res4b2, …

    `functions` are those of the blocks.
    """
    links = [_Link.of(statement, functions) for statement in statements]
    written: list[Statement] = []
    start = 0
    while start < len(links):
        row = list(_row(links, start))
        if len(row) < LEAST:
            written.append(statements[start])
            start += 1
        else:
            written.append(_loop(row))
            start += len(row)
    return written


@dataclass(frozen=True)
class _Link:
    """A statement in which a block goes on with what the one before gave: x = fire(x, …)."""

    variable: str
    call: Call
    start: str
    """The name that the block gets, without what counts on."""
    last: str
    """What counts on: a number, or a letter."""

    @classmethod
    def of(cls, statement: Statement, functions: Collection[str]) -> _Link | None:
        """The link that a statement is, if it is one."""
        match statement:
            case Assignment((variable,), Call(Name(function), (Variable(read), *_)) as made):
                name = dict(made.keywords).get(GIVEN)
                if function in functions and read == variable and isinstance(name, Literal):
                    found = re.fullmatch(r"(.*?)(0|[1-9]\d*|[a-z])", str(name.value))
                    return cls(variable, made, *found.groups()) if found else None
        return None

    @property
    def values(self) -> list[Expression]:
        """What is passed, but for the name."""
        named = (value for name, value in self.call.keywords if name != GIVEN)
        return [*self.call.arguments, *named]

    @property
    def said(self) -> tuple[object, ...]:
        """What is the same in all calls of a row."""
        names = tuple(name for name, _ in self.call.keywords)
        arguments = len(self.call.arguments)
        return self.variable, self.call.function, arguments, names, self.start, self.counts

    @property
    def counts(self) -> bool:
        """Whether it is a number that counts on."""
        return self.last.isdigit()

    @property
    def place(self) -> int:
        """Where it is in the order of what counts on."""
        return int(self.last) if self.counts else ord(self.last)

    def steps(self, other: _Link) -> tuple[int, ...]:
        """By how much each value is more in the next call; empty if that does not count on."""
        if self.said != other.said or self.place + 1 != other.place:
            return ()
        found = [_step(*pair) for pair in zip(self.values, other.values, strict=True)]
        known = tuple(step for step in found if step is not None)
        counted = len(known) - known.count(0)
        return known if len(known) == len(found) and counted <= self.counts else ()

    def counted(self, steps: Sequence[int], variable: Variable) -> Call:
        """The call with what counts on in terms of the loop's variable."""
        pairs = zip(self.values, steps, strict=True)
        values = iter([_counted(value, step, self.place, variable) for value, step in pairs])
        name = Formatted((self.start, variable) if self.start else (variable,))
        arguments = tuple(next(values) for _ in self.call.arguments)
        keywords = tuple(
            (key, name if key == GIVEN else next(values)) for key, _ in self.call.keywords
        )
        return Call(self.call.function, arguments, keywords)


def _row(links: Sequence[_Link | None], start: int) -> Iterator[_Link]:
    """The calls from here that are a row: each differs from the one before as the second does."""
    steps: tuple[int, ...] = ()
    before: _Link | None = None
    for index in range(start, len(links)):
        link = links[index]
        if link is None:
            return
        if before:
            found = before.steps(link)
            if not found or found != (steps or found):
                return
            steps = found
        before = link
        yield link


def _loop(row: Sequence[_Link]) -> Compound:
    """The loop of a row of calls."""
    first, last = row[0], row[-1]
    variable = Variable(INDEX if first.counts else LETTER)
    letters = Literal("".join(link.last for link in row))
    bounds = [first.place, last.place + 1] if first.place else [last.place + 1]
    over = call("range", *bounds) if first.counts else letters
    turn = Assignment((first.variable,), first.counted(first.steps(row[1]), variable))
    return Compound("for", Operation(variable, "in", over), [turn])


def _step(value: Expression, other: Expression) -> int | None:
    """By how much a number is more in the next call; None if the values differ otherwise."""
    match value, other:
        case Literal(number), Literal(following) if type(number) is type(following) is int:
            return following - number
    return 0 if value == other else None


def _counted(value: Expression, step: int, place: int, variable: Variable) -> Expression:
    """`64 + 32 * index` for a value that is more by a step each time."""
    if not step or not isinstance(value, Literal) or not isinstance(value.value, int):
        return value
    rest = value.value - step * place
    times: Expression = Operation(Literal(abs(step)), "*", variable) if abs(step) > 1 else variable
    if step < 0:
        return Operation(Literal(rest), "-", times)
    if rest > 0:
        return Operation(Literal(rest), "+", times)
    return Operation(times, "-", Literal(-rest)) if rest else times
