"""Learned arrays as ethereon's files have them: by its names, in TensorFlow's layout."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Array, Convert, Transposed, same_array
from proto2net.backends.statistics import running_statistics
from proto2net.backends.tensorflow.dense import kernel
from proto2net.graph import Graph, Node
from proto2net.layers import (
    BatchNorm,
    Convolution,
    Deconvolution,
    InnerProduct,
    Layer,
    Scale,
)

ARRAYS: dict[type[Layer], tuple[str, ...]] = {
    BatchNorm: ("mean", "variance"),
    Convolution: ("weights", "biases"),
    Deconvolution: ("weights", "biases"),
    InnerProduct: ("weights", "biases"),
    Scale: ("scale", "offset"),
}
"""What ethereon calls the learned blobs of a layer; others have the names that they have here."""


def arrays(graph: Graph) -> dict[str, Array]:
    """The learned blobs as ethereon's files have them: "conv1/weights", in TensorFlow's layout."""
    found: dict[str, Array] = {}
    for node in graph.nodes:
        names = dict(zip(node.blobs, ARRAYS.get(type(node.layer), ()), strict=False))
        statistics = running_statistics(node).values() if isinstance(node.layer, BatchNorm) else ()
        own = statistics or (same_array(node, blob, _converted(node, blob)) for blob in node.blobs)
        for blob, array in zip(node.blobs, own, strict=False):
            if graph.owner(node, blob) == (node, blob):
                found[f"{node.name}/{names.get(blob, blob)}"] = array
    return found


def _converted(node: Node[Any], blob: str) -> Convert | None:
    """From Caffe's layout of a learned blob to TensorFlow's."""
    if blob != "weight":
        return None
    if isinstance(node.layer, Convolution | Deconvolution):
        axes = len(node.blobs[blob].shape)
        return Transposed((*range(2, axes), 1, 0))
    return (
        kernel(node.layer, node.bottoms[0].shape) if isinstance(node.layer, InnerProduct) else None
    )
