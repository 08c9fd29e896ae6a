"""A network that takes one image at a time, and what its inputs are fed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from proto2net.batch import with_batch
from proto2net.errors import Issue, ShapeError
from proto2net.graph import Blob, Graph, Node
from proto2net.layers import Input
from proto2net.layers.base import Layer
from proto2net.model import Model
from proto2net.prediction.boxes import Placed
from proto2net.rewrites.batch import any_batch
from proto2net.shape import count, dims
from proto2net.usage import Usage

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray

IMAGE_INFO = "im_info"
"""What detectors call the input that has an image's height, width and scale."""


def of_one(given: Model) -> Model:
    """The same for one image at a time. Raises ShapeError where a layer fixes another number."""
    graph = given.graph
    if graph.batch == 1:
        return given
    try:
        one = with_batch(any_batch(graph), 1)
    except ShapeError as error:
        what = f"the network takes {graph.batch} images at once, and not one alone"
        raise ShapeError([Issue(what), *error.issues]) from None
    now = dict(zip(graph.nodes, one.nodes, strict=True))
    return Model(one, {(now[node], blob): array for (node, blob), array in given.values.items()})


def bare(graph: Graph) -> Graph:
    """The same without what is told of images: they are prepared before it runs."""

    def told(node: Node[Layer]) -> Node[Layer]:
        if not isinstance(node.layer, Input):
            return node
        return replace(node, layer=replace(node.layer, transform_param=None))

    return replace(graph, nodes=tuple(map(told, graph.nodes)), usage=Usage())


def check_inputs(graph: Graph, image: str) -> None:
    """Refuse inputs beside the image of which nothing is known."""
    unknown = [
        f'"{blob.name}" ({dims(blob.shape)})'
        for blob in graph.inputs
        if blob.name != image and not is_image_info(blob) and blob in graph.consumers
    ]
    if unknown:
        raise ShapeError(
            f"the network also reads {' and '.join(unknown)}, which no image file holds",
            "proto2net.load makes a network that takes arrays; --output BLOB keeps only what "
            "BLOB needs",
        )


def is_image_info(blob: Blob) -> bool:
    """Whether this input has the height and width of an image, and its scale, or its scales."""
    return blob.name == IMAGE_INFO and 2 <= count(blob.shape) <= 4


def feeds(graph: Graph, image: str, array: Ndarray, placed: Placed) -> dict[str, Ndarray]:
    """What each input is fed for an image that has been prepared."""
    import numpy as np

    scales = (new / old for new, old in zip(placed.resized, placed.photo, strict=True))
    info = np.array([*placed.size, *scales], np.float32)
    others = {
        blob.name: info[: count(blob.shape)].reshape(blob.shape)
        if is_image_info(blob)
        else np.zeros(blob.shape, np.float32)  # nothing reads it
        for blob in graph.inputs
    }
    return others | {image: array}
