"""The layer objects of Keras that an emitted file makes, and how it calls them."""

from __future__ import annotations

from collections.abc import Iterable

from proto2net.backends.tree import BOTTOM, NAME, SELF, Call, Expression, call

CALLED: Expression = call(SELF, BOTTOM)
"""The layer's own object called on its first bottom."""


def called_on(inputs: Iterable[Expression]) -> Expression:
    """The layer's own object called on a list of inputs."""
    return call(SELF, list(inputs))


def own(kind: str, /, *arguments: object, **options: object) -> Call:
    """What makes the layer's own object, which has the layer's name."""
    return call(kind, *arguments, **options, name=NAME)
