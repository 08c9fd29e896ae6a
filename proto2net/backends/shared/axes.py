"""What targets with Caffe's order of axes print alike of proto2net/layers/axes.py."""

from __future__ import annotations

from proto2net.backends.tree import BOTTOM, Expression, indexed, span
from proto2net.graph import Node
from proto2net.layers import Gather
from proto2net.shape import Shape, canonical_axis, count


def gathered(node: Node[Gather]) -> Expression:
    """The parts of an axis by their numbers."""
    layer = node.layer
    axis = canonical_axis(layer.axis, node.bottoms[0].shape)
    whole = [span(None, None)] * axis
    return indexed(BOTTOM, *whole, nested(layer.indices, layer.placed))


def nested(values: Shape, shape: Shape) -> object:
    """Numbers as lists of lists of this shape; a number alone if it has no axes."""
    if not shape:
        return values[0]
    step = count(shape[1:])
    parts = (values[start : start + step] for start in range(0, len(values), step))
    return [nested(part, shape[1:]) for part in parts]
