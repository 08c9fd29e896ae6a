"""Chains of calls on what the one before has made: `self.feed("data").conv(…).relu(…)`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from proto2net.backends.network.calls import Call, Signature, Word, spoken
from proto2net.backends.statements import Evaluation, Return, Statement
from proto2net.backends.tree import (
    Attribute,
    Display,
    Expression,
    Literal,
    Name,
    Operation,
    Variable,
    filled,
    method,
)
from proto2net.backends.tree import Call as Called
from proto2net.frozen import dataclass
from proto2net.graph import Node

_LONGEST = 100
"""Calls in one statement: of many more Python would say that they are nested too deeply."""


@dataclass(frozen=True)
class Link:
    """A call in a chain, of a method that has no object yet."""

    call: Called
    bottoms: tuple[Expression, ...] | None
    """What it reads; None if that is nothing."""
    begins: bool
    """Whether a chain begins here, since it does not read just what the call before makes."""
    node: Node[Any]
    """The first layer that it makes."""
    signature: Signature
    """What the method takes."""

    def filled(self, words: Mapping[int | str, Expression]) -> Link:
        """The link with words in the place of placeholders."""
        call = _called(filled(self.call, words))
        bottoms = tuple(filled(bottom, words) for bottom in self.bottoms or ())
        return Link(call, bottoms, self.begins, self.node, self.signature)

    @property
    def said(self) -> Called:
        """The call without strides that go without saying, and equal parts as `(part,) * 3`."""
        arguments = self.call.arguments
        if self.signature.strides and arguments[-1] == arguments[-2]:
            arguments = arguments[: -2 if arguments[-1] == Literal(1) else -1]
        keywords = tuple((name, _multiplied(value)) for name, value in self.call.keywords)
        return Called(self.call.function, arguments, keywords)


def linked(
    calls: Iterable[Call],
    terminals: tuple[str, ...] | None = None,
    word: Word = spoken,
    read: Word = spoken,
) -> Iterator[Link]:
    """The calls as links; `terminals` are the blobs that a call before them makes, if there is one.

    `word` says a name, and `read` that of a blob that is read.
    """
    for made in calls:
        bottoms = made.nodes[0].entry.bottoms
        reads = made.nodes[0].layer.bottoms[1] > 0
        said = tuple(map(read, bottoms)) if reads else None
        begins = not reads or bottoms != terminals
        yield Link(made.said(word), said, begins, made.nodes[0], made.signature)
        terminals = made.nodes[-1].entry.tops


def chained(links: Iterable[Link]) -> list[Statement]:
    """Chains of the links, a statement each."""
    return [Evaluation(chain.whole) for chain in _chains(links)]


def in_turn(links: Iterable[Link], indent: int) -> list[Statement]:
    """Chains of the links in a method: of one that is too long for a line, each call by itself."""
    return [
        Evaluation(each)
        for chain in _chains(links)
        for each in (
            chain.apart if len(Evaluation(chain.whole).lines(indent)) > 1 else [chain.whole]
        )
    ]


def returned(links: Iterable[Link], indent: int) -> list[Statement]:
    """The same, where the method returns what the last call gives."""
    *before, last = in_turn(links, indent)
    assert isinstance(last, Evaluation)  # noqa: S101  # each is one
    return [*before, Return((last.value,))]


class _Chain(NamedTuple):
    """Calls in a row, and what they begin with."""

    fed: tuple[Expression, ...] | None
    """What the first one is fed; None if it goes on where the statement before has ended."""
    calls: list[Called]

    @property
    def whole(self) -> Expression:
        """The chain as one expression."""
        network: Expression = Variable("self")
        chain = network if self.fed is None else method(network, "feed", *self.fed)
        for call in self.calls:
            chain = _on(chain, call)
        return chain

    @property
    def apart(self) -> list[Expression]:
        """An expression for each call."""
        return [
            _Chain(None if place else self.fed, [call]).whole
            for place, call in enumerate(self.calls)
        ]


def _chains(links: Iterable[Link]) -> list[_Chain]:
    chains: list[_Chain] = []
    for link in links:
        goes_on = not link.begins and len(chains[-1].calls) < _LONGEST if chains else False
        if not goes_on:
            fed = link.begins or bool(chains)
            chains.append(_Chain(link.bottoms if fed else None, []))
        chains[-1].calls.append(link.said)
    return chains


def _called(expression: Expression) -> Called:
    assert isinstance(expression, Called)  # noqa: S101  # the form of calls is one, filled or not
    return expression


def _on(chain: Expression, call: Called) -> Expression:
    """A call on what a chain has made so far."""
    assert isinstance(call.function, Name)  # noqa: S101  # a link has no object
    return Called(Attribute(chain, call.function.name), call.arguments, call.keywords)


def _multiplied(value: Expression) -> Expression:
    match value:
        case Display("()", (Called() as first, *others)) if others and set(others) == {first}:
            return Operation(Display("()", (first,)), "*", Literal(len(value.items)))
    return value
