"""Layers that fix the size of the batch: which they are, and how to have them take the input's."""

from __future__ import annotations

import dataclasses

from proto2net.batch import walk
from proto2net.errors import Location
from proto2net.graph import Graph, Node
from proto2net.layers import Layer, Reshape, Slice
from proto2net.shape import Shape


def any_batch(graph: Graph) -> Graph:
    """The same at the declared size, with a batch as the input's wherever a Reshape allows it."""
    return dataclasses.replace(graph, nodes=walk(graph, _changed).nodes)


def fixing_batch(graph: Graph) -> list[tuple[str, Location]]:
    """The messages about the layers of the file that fix the batch, and where."""
    found: list[tuple[str, Location]] = []
    if not any(isinstance(node.layer, Reshape | Slice) for node in graph.nodes):
        return found
    for node in walk(graph).fixed:
        if isinstance(node.layer, Reshape | Slice) and node.where:
            hint = "; --batch any lets it follow the input" if _changed(node) else ""
            size = node.bottoms[0].shape[0]
            found.append((f"{node.layer.type} fixes the batch at {size}{hint}", node.where))
    return found


def _changed(node: Node[Layer]) -> Node[Layer] | None:
    """A Reshape that takes the batch from its bottom; None if this layer cannot be changed so."""
    layer = node.layer
    if not isinstance(layer, Reshape):
        return None
    bottom, top = node.bottoms[0].shape, node.tops[0].shape
    if not (bottom and top) or layer.replaced(bottom) != (0, len(bottom)):
        return None
    if top[:1] == bottom[:1]:
        shape: Shape = (0, *layer.shape[1:])
    elif top[0] * (*top, 0, 0)[1] == bottom[0]:  # steps x sequences, of which these follow
        shape = (top[0], -1, *top[2:])
    else:
        return None
    return dataclasses.replace(node, layer=dataclasses.replace(layer, shape=shape))
