"""The layer objects of Keras that an emitted file makes, and how it calls them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from proto2net.backends.tree import BOTTOM, NAME, SELF, Call, Expression, call

if TYPE_CHECKING:
    from proto2net.graph import Node
    from proto2net.layers import ReLU

CALLED: Expression = call(SELF, BOTTOM)
"""The layer's own object called on its first bottom."""


def called_on(inputs: Iterable[Expression]) -> Expression:
    """The layer's own object called on a list of inputs."""
    return call(SELF, list(inputs))


def own(kind: str, /, *arguments: object, **options: object) -> Call:
    """What makes the layer's own object, which has the layer's name."""
    return call(kind, *arguments, **options, name=NAME)


def activation_of(relu: Node[ReLU]) -> str | None:
    """The name of a ReLU that the layer before can have as its activation; None if it cannot."""
    names: dict[object, str] = {(None, None): "relu", (None, 6.0): "relu6"}
    if not relu.in_place or relu.layer.negative_slope:
        return None
    return names.get(relu.layer.bounds)
