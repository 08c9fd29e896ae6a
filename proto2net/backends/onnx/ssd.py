"""ONNX renderers of proto2net/layers/ssd.py: prior boxes are arrays, known from shapes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from proto2net.backends.base import Reshaped
from proto2net.backends.detection import prior_box_options, sized_box_options
from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.boxes import beside, numbered
from proto2net.backends.onnx.shapes import shaped, spread
from proto2net.backends.onnx.values import (
    FLOAT,
    Bottom,
    Either,
    Value,
    X,
    known,
    learned,
    op,
    value,
)
from proto2net.graph import Node
from proto2net.layers import Normalize, PriorBox, PriorBoxClustered
from proto2net.shape import Shape

if TYPE_CHECKING:
    from proto2net.arrays import Ndarray


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


# ---- prior boxes ----------------------------------------------------------------------------


@renders(PriorBox)
def _prior_box(node: Node[PriorBox]) -> Either:
    from proto2net.backends.numpy.helpers.ssd import prior_box  # which needs NumPy

    if node.layer.sized:
        return _sized(node)
    return _placed(node, prior_box, prior_box_options(node.layer))


@renders(PriorBoxClustered)
def _prior_box_clustered(node: Node[PriorBoxClustered]) -> Either:
    return _sized(node)


def _sized(node: Node[Any]) -> Either:
    """Prior boxes of given sizes."""
    from proto2net.backends.numpy.helpers.ssd import prior_box_clustered

    return _placed(node, prior_box_clustered, sized_box_options(node.layer))


def _placed(node: Node[Any], made_by: Any, options: dict[str, Any]) -> Either:
    """The boxes that a helper of the NumPy target makes for bottoms of these shapes."""
    given = {key: each[0] if isinstance(each, tuple) else each for key, each in options.items()}
    zero = np.zeros((), np.float32)

    def made(feature: Shape, **others: Any) -> Ndarray:
        shapes = feature, node.bottoms[1].shape
        found: Ndarray = made_by(
            *(np.broadcast_to(zero, each) for each in shapes), **given | others
        )
        return found

    # Those of the first place, 0, in pixels: an image is one, as places are 0 apart.
    alone: dict[str, Any] = {"image_size": (1, 1), "step": (0.0, 0.0), "clip": False}
    if node.layer.insets:
        alone["insets"] = []
    around = made((1, 1, 1, 1), **alone)[0, 0].reshape(-1, 4)
    return Either(known(made(node.bottoms[0].shape)), _anywhere(node.layer, around))


def _anywhere(layer: PriorBox | PriorBoxClustered, around: Ndarray) -> Value:
    """Boxes in pixels around each place, for a feature map and an image of any sizes."""
    turned = isinstance(layer, PriorBox) and layer.yx_order
    right, down = np.eye(2, dtype=np.float32)[:: -1 if turned else 1]
    order = [2, 3] if turned else [3, 2]

    def both(pair: tuple[float, float] | None) -> Value | None:
        """A height and a width in the order of a box's numbers."""
        return None if pair is None else value(pair[0] * down + pair[1] * right)

    feature, image = Bottom(0), Bottom(1)
    limit = both(layer.image) or _as_float(op("Gather", op("Shape", image), order))
    step = both(layer.steps) or limit / _as_float(op("Gather", op("Shape", feature), order))
    across = shaped(numbered(feature, 3), 1, -1, 1, 1) * right
    places = across + shaped(numbered(feature, 2), -1, 1, 1, 1) * down + float(layer.offset)
    if isinstance(layer, PriorBox) and layer.denser:  # every second box, at the lower end
        lower = np.zeros((len(around), 2), np.float32)
        lower[1::2] = (1 - layer.offset) * down
        places = places + lower
    center = places * step
    boxes = (beside(center, center) + around) / beside(limit, limit)
    if layer.insets:
        boxes = boxes + np.outer(layer.insets, [1, 1, -1, -1])
    if layer.clip:
        boxes = op("Clip", boxes, 0.0, 1.0)
    each = (layer.variances * 4)[:4]
    variances = op("Expand", list(map(float, each)), op("Shape", boxes))
    return op("Concat", *(shaped(part, 1, 1, -1) for part in (boxes, variances)), axis=1)


def _as_float(x: Value) -> Value:
    return op("Cast", x, to=FLOAT)
