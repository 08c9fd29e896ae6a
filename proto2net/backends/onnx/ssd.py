"""ONNX renderers of proto2net/layers/ssd.py: prior boxes are arrays, known from shapes alone."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Reshaped
from proto2net.backends.detection import prior_box_options, sized_box_options
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.shapes import spread
from proto2net.backends.onnx.values import Constant, Value, X, learned, op
from proto2net.graph import Node
from proto2net.layers import Normalize, PriorBox, PriorBoxClustered


@renders(Normalize)
def _normalize(node: Node[Normalize]) -> Value | list[Value]:
    layer, shape = node.layer, node.bottoms[0].shape
    axes = list(range(1, len(shape))) if layer.whole_images(shape) else [1]
    if layer.magnitudes:
        size = op("ReduceSum", op("Abs", X), axes=axes, keepdims=1) + layer.epsilon
    else:
        size = op("Sqrt", op("ReduceSum", X * X, axes=axes, keepdims=1) + layer.epsilon)
    if node.blobs:
        behind = (1,) * (len(shape) - 2)
        return X / size * learned(node, "weight", Reshaped((-1, *behind)))
    rank = len(node.tops[0].shape)
    tops = (X / size, size)[: len(node.tops)]
    return [spread(each, len(shape), rank - len(shape)) for each in tops]


@renders(PriorBox)
def _prior_box(node: Node[PriorBox]) -> Value:
    from proto2net.backends.numpy.helpers.ssd import prior_box  # which needs NumPy

    if node.layer.sized:
        return _sized(node)
    return _placed(node, prior_box, prior_box_options(node.layer))


@renders(PriorBoxClustered)
def _prior_box_clustered(node: Node[PriorBoxClustered]) -> Value:
    return _sized(node)


def _sized(node: Node[Any]) -> Value:
    """Prior boxes of given sizes."""
    from proto2net.backends.numpy.helpers.ssd import prior_box_clustered

    return _placed(node, prior_box_clustered, sized_box_options(node.layer))


def _placed(node: Node[Any], made_by: Any, options: dict[str, Any]) -> Constant:
    """The boxes that a helper of the NumPy target makes for bottoms of these shapes."""
    import numpy as np

    given = {key: each[0] if isinstance(each, tuple) else each for key, each in options.items()}
    zero = np.zeros((), np.float32)
    feature, image = (np.broadcast_to(zero, blob.shape) for blob in node.bottoms)
    return Constant(made_by(feature, image, **given))
