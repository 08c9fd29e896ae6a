"""Keras renderers of proto2net/layers/resize.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import place
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import BOTTOM, SELF, Expression, Placeholder, call
from proto2net.graph import Node
from proto2net.layers import (
    Interp,
    ResizeBilinear,
    ResizeNearestNeighbor,
    UnPooling,
    Unpooling,
    Upsample,
)


@renders(Interp)
def _interp(node: Node[Interp]) -> Code:
    layer = node.layer
    x = BOTTOM
    if layer.pad_beg or layer.pad_end:
        sides = (-layer.pad_beg, -layer.pad_end)
        even = sides[0] if sides[0] == sides[1] else (sides, sides)
        x = call(call("layers.Cropping2D", even), BOTTOM)
    if layer.only_cuts:
        return Code(x)
    shrink, zoom, times = (1, 1, 1) if layer.use_blob_size else layer.factors
    sized = layer.sized and not layer.use_blob_size
    if sized:
        shrink, zoom, times = 1, 1, 1
    init = own(
        "Interp",
        *([node.tops[0].shape[2:]] if sized else []),
        shrink_factor=(shrink, 1),
        zoom_factor=(zoom, 1),
        full_zoom_factor=(times, 1),
    )
    both = called_on([x, Placeholder(1)])
    return Code(both if layer.use_blob_size else call(SELF, x), init)


@renders(Unpooling)
@renders(UnPooling)
def _unpooling(node: Node[Unpooling]) -> Code:
    layer = node.layer
    kernel, stride = layer.window
    if layer.method != "MAX":
        average = (layer.method == "AVE", False)
        return Code(
            CALLED, own("Unpooling", kernel, stride, **unpooled_sizes(layer), average=average)
        )
    mask: Expression = Placeholder(1)
    if len(node.bottoms) == 1:
        mask = call(call("CornerMask", stride, **unpooled_sizes(layer)), BOTTOM)
    return Code(called_on([BOTTOM, mask]), own("MaxUnpooling", **unpooled_sizes(layer)))


def unpooled_sizes(layer: Upsample | Unpooling) -> dict[str, object]:
    """The options of the top's size, which is given or comes of the bottom's."""
    return {
        "scale": ((2, 2) if layer.size else layer.scales, (2, 2)),
        "less": ((0, 0) if layer.size else layer.less, (0, 0)),
        "size": (layer.size, None),
    }


@renders(ResizeNearestNeighbor)
def _resize_nearest(node: Node[ResizeNearestNeighbor]) -> Code:
    return _resized("ResizeNearest", node)


@renders(ResizeBilinear)
def _resize_bilinear(node: Node[ResizeBilinear]) -> Code:
    return _resized("ResizeLinear", node)


def _resized(layer_class: str, node: Node[Any]) -> Code:
    layer, axes = node.layer, len(node.bottoms[0].shape)
    sizes = tuple(scale if size is None else size for size, scale in layer.sizes)
    places = tuple(place(axis, axes) for axis in layer.axes)
    init = own(
        layer_class,
        sizes,
        axes=(places, (1, 2)),
        coordinates=(layer.coordinates, "asymmetric"),
    )
    return Code(CALLED, init)
