"""Which blobs follow the size of the batch, and which layers fix it.

A Reshape can state the batch as a number, which is right for images of that number alone. It is
found by giving all inputs twice as many images: what follows the batch has twice as many too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from proto2net.errors import Proto2NetError, ShapeError
from proto2net.frozen import dataclass
from proto2net.graph import Blob, Graph, Node
from proto2net.layers import Input, Layer, Reshape, Slice
from proto2net.layers.holes import Hole
from proto2net.shape import Shape, Shapes


def following(graph: Graph) -> frozenset[Blob]:
    """The blobs of which the first axis may have any size.

    It is the batch, if no layer fixes that, or is known from the data alone.
    """
    found = sized_by_value(graph)
    walked = walk(graph)
    if not walked.fixed:
        found |= {blob for blob, shape in walked.doubled.items() if shape[:1] != blob.shape[:1]}
    return frozenset(found)


def parts(graph: Graph) -> dict[Blob, int]:
    """The blobs that follow the batch, and into how many parts it was divided for each."""
    found = dict.fromkeys(following(graph), 1)
    if len(graph.inputs) == 1:
        for blob in found.keys() - sized_by_value(graph):
            times, rest = divmod(graph.batch, blob.shape[0])
            found[blob] = 1 if rest else times
    return found


def sized_by_value(graph: Graph) -> set[Blob]:
    """The blobs whose sizes depend on values, and not on shapes alone."""
    found: set[Blob] = set()
    for node in graph.nodes:
        if node.layer.sizes_by_value or found.intersection(node.bottoms):
            found.update(node.tops)
    return found


def takes_one(graph: Graph, followers: Collection[Blob]) -> bool:
    """Whether a graph runs where each input that follows the batch has one image: none is split."""
    if all(blob.shape[:1] == (1,) for blob in graph.inputs if blob in followers):
        return True
    try:
        graph.fed(lambda top: (1, *top.shape[1:]) if top in followers else top.shape)
    except ShapeError:
        return False
    return True


def with_batch(graph: Graph, batch: int) -> Graph:
    """The same network for another batch.

    Inputs whose first axis is not the batch, such as regions, keep theirs.
    """
    if not any(blob.shape for blob in graph.inputs):
        raise Proto2NetError("the network has no input whose batch could be changed")
    declared = (graph.batch,)
    return graph.fed(
        lambda top: (batch, *top.shape[1:]) if top.shape[:1] == declared else top.shape
    )


@dataclass(frozen=True)
class Walk:
    """What twice as many images make of a graph."""

    nodes: tuple[Node[Layer], ...]
    fixed: list[Node[Layer]]
    """The nodes that fix the batch; what is behind one that admits no other is not looked at."""
    doubled: dict[Blob, Shape]


Change = Callable[[Node[Layer]], "Node[Layer] | None"]
"""What may stand in the place of a layer that fixes the batch."""


def walk(graph: Graph, change: Change = lambda _: None) -> Walk:
    """Give all inputs twice as many images, and change what fixes the batch."""
    doubled: dict[Blob, Shape] = {}
    nodes: list[Node[Layer]] = []
    fixed: list[Node[Layer]] = []
    for index, node in enumerate(graph.nodes):
        bottoms = tuple(doubled[blob] for blob in node.bottoms)
        tops = _tops(node, bottoms)
        if tops is None or _is_literal(node, bottoms, tops):
            other = change(node)
            if other is None:
                fixed.append(node)
            else:
                node, tops = other, _tops(other, bottoms)
        nodes.append(node)
        if tops is None:
            return Walk((*nodes, *graph.nodes[index + 1 :]), fixed, doubled)
        doubled.update(zip(node.tops, tops, strict=True))
    return Walk(tuple(nodes), fixed, doubled)


def _tops(node: Node[Layer], bottoms: Shapes) -> Shapes | None:
    """The tops' shapes for these bottoms; None if there are none with what has been learned."""
    if isinstance(node.layer, Input | Hole):
        return tuple(_twice(top.shape) for top in node.tops)
    try:
        if {name: blob.shape for name, blob in node.layer.blobs(bottoms).items()} != {
            name: blob.shape for name, blob in node.blobs.items()
        }:
            return None
        return node.layer.infer(bottoms, len(node.tops))
    except Proto2NetError:
        return None


def _is_literal(node: Node[Layer], bottoms: Shapes, tops: Shapes) -> bool:
    """Whether the batch comes first in the bottom, and does not in a top."""
    if not isinstance(node.layer, Reshape | Slice):
        return False
    bottom = node.bottoms[0].shape
    if bottoms[0] != _twice(bottom):
        return False
    for blob, top in zip(node.tops, tops, strict=True):
        steps, *others = blob.shape or (0,)
        sequences = (steps, *_twice(tuple(others)))  # of a batch of steps x sequences
        if top != _twice(blob.shape) and (top != sequences or others[1:] != [*bottom[1:]]):
            return True
    return False


def _twice(shape: Shape) -> Shape:
    return (2 * shape[0], *shape[1:]) if shape else ()
