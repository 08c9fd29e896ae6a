"""Example sizes of inputs that may have any: what differs between these depends on the size.

Sizes of one residue could hide what others show, such as a pooling that rounds up: so they are
even and odd, and multiples of many numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from proto2net.errors import ShapeError
from proto2net.graph import Graph
from proto2net.layers.pooling import NdPooling, Pooling, Pooling3D
from proto2net.layers.vision import ConvolutionParameter

HINT = "give numbers in the place of any, or leave the layer out with --output"
"""What can be done about a layer that needs one size."""

UNIT = 32
"""What sizes are multiples of that networks take which halve an image, and join it again."""

SCALES = (1, 2, 4, 8, 16)
"""By which the examples are larger, for networks that need large images."""

WHOLE = (2, 3, 4), (4, 2, 3)
"""Examples in units, for as many axes."""

BESIDE = (13, 27, 6), (22, 5, 15), (35, 44, 1)
"""How much more others have."""


WINDOWED = (ConvolutionParameter, NdPooling, Pooling, Pooling3D)
"""What slides a window over its bottom."""


def first(graph: Graph, scale: int) -> Graph:
    """The first example of this scale. Raises ShapeError where a layer refuses it."""
    return graph.resized(lambda _, axis: WHOLE[0][axis % 3] * UNIT * scale)


def is_inside(graph: Graph) -> bool:
    """Whether no layer meets an edge: each image is larger than a window, and than one pixel."""
    for node in graph.nodes:
        if any(top.shape[axis] < 2 for top in node.tops for axis in graph.free.get(top, ())):
            return False
        if not isinstance(node.layer, WINDOWED):
            continue
        bottom = node.bottoms[0]
        window = node.layer.window(bottom.shape)
        sizes = zip(bottom.shape[-len(window.kernel) :], window.extent, strict=True)
        if graph.free.get(bottom) and any(size < extent for size, extent in sizes):
            return False
    return True


def others(graph: Graph) -> Iterator[Graph | ShapeError]:
    """Other examples beside a first one, or why a layer refuses them."""
    for index, more in enumerate([(0, 0, 0), *BESIDE], start=1):
        turned = index % 2

        def size(found: int, axis: int, more: Sequence[int] = more, turned: int = turned) -> int:
            return found * WHOLE[turned][axis % 3] // WHOLE[0][axis % 3] + more[axis % 3]

        try:
            yield graph.resized(size)
        except ShapeError as error:
            yield error
