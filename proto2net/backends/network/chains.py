"""Chains of calls on what the one before has made: `self.feed("data").conv(…).relu(…)`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

from proto2net.backends.network.calls import Call
from proto2net.backends.tree import (
    Attribute,
    Display,
    Expression,
    Literal,
    Name,
    Operation,
    Variable,
    method,
    tree,
)
from proto2net.backends.tree import Call as Called
from proto2net.frozen import dataclass
from proto2net.graph import Node

_LONGEST = 100
"""Calls in one statement: of many more Python would say that they are nested too deeply."""

Word = Callable[[str], Expression]
"""How the name of a layer or a blob is said."""


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


def linked(
    calls: Iterable[Call],
    terminals: tuple[str, ...] | None = None,
    word: Word = tree,
    read: Word = tree,
) -> Iterator[Link]:
    """The calls as links; `terminals` are the blobs that a call before them makes, if there is one.

    `word` says a name, and `read` that of a blob that is read.
    """
    for made in calls:
        bottoms = made.nodes[0].entry.bottoms
        reads = made.nodes[0].layer.bottoms[1] > 0
        said = tuple(map(read, bottoms)) if reads else None
        yield Link(made.said(word), said, not reads or bottoms != terminals, made.nodes[0])
        terminals = made.nodes[-1].entry.tops


def chained(links: Iterable[Link]) -> list[Expression]:
    """Chains of the links, each to be a statement."""
    chains: list[_Chain] = []
    for link in links:
        goes_on = not link.begins and len(chains[-1].calls) < _LONGEST if chains else False
        if not goes_on:
            fed = link.begins or bool(chains)
            chains.append(_Chain(link.bottoms if fed else None, []))
        chains[-1].calls.append(link.call)
    return [said for chain in chains for said in chain.said]


class _Chain(NamedTuple):
    """Calls in a row, and what they begin with."""

    fed: tuple[Expression, ...] | None
    """What the first one is fed; None if it goes on where the statement before has ended."""
    calls: list[Called]

    @property
    def said(self) -> list[Expression]:
        """The chain as a statement; two calls without a feed are a statement each."""
        network: Expression = Variable("self")
        if self.fed is None and len(self.calls) == 2:
            return [_on(network, call) for call in self.calls]
        chain = network if self.fed is None else method(network, "feed", *self.fed)
        for call in self.calls:
            chain = _on(chain, call)
        return [chain]


def _on(chain: Expression, call: Called) -> Expression:
    """A call on what a chain has made so far."""
    assert isinstance(call.function, Name)  # noqa: S101  # a link has no object
    return Called(Attribute(chain, call.function.name), call.arguments, call.keywords)


def shortened(link: Link) -> Link:
    """The link without strides that go without saying, and with equal parts as `(part,) * 3`."""
    call, arguments = link.call, link.call.arguments
    if call.function in STRIDED and arguments[-1] == arguments[-2]:
        arguments = arguments[: -2 if arguments[-1] == Literal(1) else -1]
    keywords = tuple((name, _multiplied(value)) for name, value in call.keywords)
    return replace(link, call=Called(call.function, arguments, keywords))


STRIDED = (Name("conv"), Name("deconv"))
"""The methods that end with strides, which are 1 and the same along both axes unless given."""


def _multiplied(value: Expression) -> Expression:
    match value:
        case Display("()", (Called() as first, *others)) if others and set(others) == {first}:
            return Operation(Display("()", (first,)), "*", Literal(len(value.items)))
    return value
