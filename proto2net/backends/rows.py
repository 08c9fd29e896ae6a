"""Blocks in a row, as a list that a loop makes where their calls are equal or count on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from proto2net.backends.base import Code, Step
from proto2net.backends.tree import (
    Comprehension,
    Expression,
    Literal,
    Operation,
    Star,
    Variable,
    call,
    filled,
)
from proto2net.backends.unify import DifferentError, Unifier, Values


def run(calls: Sequence[Expression]) -> Expression | None:
    """Calls that are equal, or in which one number counts on, as a list that a loop makes."""
    unifier = Unifier({})
    try:
        form = unifier.form("", calls)
    except DifferentError:
        return None
    index = "_"
    counted: Expression | None = None
    for slot in unifier.slots[:1]:
        index, counted = "i", _progression(slot.values, "i")
    if form is None or len(unifier.slots) > 1 or bool(unifier.slots) != bool(counted):
        return None
    made = filled(form, {slot.key: counted for slot in unifier.slots if counted})
    return Comprehension(made, index, call("range", len(calls)))


LEAST = 4
"""From so many calls in a row on, a loop makes them."""


def in_a_row(calls: Sequence[Expression]) -> list[Expression] | None:
    """Three calls or more as arguments; None if others than the first differ without a rule."""
    if len(calls) < LEAST - 1:
        return None
    whole, rest = run(calls), run(calls[1:])
    loop = whole or rest
    if loop is None:
        return None
    written = [] if whole else [calls[0]]
    if len(calls) - len(written) < LEAST:
        return list(calls)
    return [*written, Star("*", loop)]


def runs(codes: Sequence[Code]) -> Iterator[tuple[int, int]]:
    """Where blocks in a row begin and end whose calls a loop makes, none of which can be longer."""
    start = 0
    while start < len(codes):
        end = start + 1
        while end < len(codes) and _alike(codes[start : end + 1]):
            end += 1
        if end - start >= LEAST:
            yield start, end
        start = end


def _alike(codes: Sequence[Code]) -> bool:
    """Whether one loop makes and calls these."""
    calls = [code.init or code.forward for code in codes]
    return run([each for each in calls if each]) is not None


def numbered(steps: Sequence[Step]) -> list[tuple[str, Step]]:
    """Steps with the names that they have in a list."""
    return [(str(place), step) for place, step in enumerate(steps)]


def _progression(values: Values, index: str) -> Expression | None:
    """`64 + 32 * i` for numbers that go up, or down, by the same."""
    numbers = [v.value for v in values if isinstance(v, Literal) and type(v.value) is int]
    steps = {b - a for a, b in pairwise(numbers)}
    if len(numbers) < len(values) or len(steps) != 1:
        return None
    (step,) = steps
    counted = Operation(Literal(abs(step)), "*", Variable(index))
    return Operation(Literal(numbers[0]), "-" if step < 0 else "+", counted)
