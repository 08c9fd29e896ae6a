"""NumPy renderers of proto2net/layers/resize.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import renders
from proto2net.backends.shared.resize import new_sizes, unpooled_size
from proto2net.backends.tree import BOTTOM, Expression, Placeholder, call, code, span
from proto2net.graph import Node
from proto2net.layers import (
    Interp,
    ResizeBilinear,
    ResizeNearestNeighbor,
    UnPooling,
    Unpooling,
)


@renders(Interp)
def _interp(node: Node[Interp]) -> Code:
    layer = node.layer
    x: Expression = BOTTOM
    if layer.pad_beg or layer.pad_end:
        cut = span(-layer.pad_beg or None, layer.pad_end or None)
        x = code("{0}[:, :, {cut}, {cut}]", cut=cut)
    if layer.only_cuts:
        return Code(x)
    if layer.use_blob_size:
        return Code(call("interp", x, code("{1}.shape[2:]")))
    if layer.sized:
        return Code(call("interp", x, node.tops[0].shape[2:]))
    shrink, zoom, times = layer.factors
    size = call(
        "interp_size",
        code("{x}.shape[2:]", x=x),
        shrink_factor=(shrink, 1),
        zoom_factor=(zoom, 1),
        full_zoom_factor=(times, 1),
    )
    return Code(call("interp", x, size))


@renders(Unpooling)
@renders(UnPooling)
def _unpooling(node: Node[Unpooling]) -> Code:
    layer = node.layer
    kernel, stride = layer.window
    size = layer.size or unpooled_size(layer)
    if layer.method != "MAX":
        average = (layer.method == "AVE", False)
        return Code(call("unpool", BOTTOM, kernel, stride, size, average=average))
    mask = Placeholder(1) if len(node.bottoms) > 1 else call("corner_mask", BOTTOM, stride, size)
    return Code(call("max_unpool", BOTTOM, mask, size))


@renders(ResizeNearestNeighbor)
def _resize_nearest(node: Node[ResizeNearestNeighbor]) -> Code:
    return _resized("resize_nearest", node)


@renders(ResizeBilinear)
def _resize_bilinear(node: Node[ResizeBilinear]) -> Code:
    return _resized("resize_linear", node)


def _resized(function: str, node: Node[Any]) -> Code:
    layer = node.layer
    options = {"axis": (layer.axes[0], 2), "coordinates": (layer.coordinates, "asymmetric")}
    return Code(call(function, BOTTOM, new_sizes(node), **options))
