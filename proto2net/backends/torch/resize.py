"""PyTorch renderers of proto2net/layers/resize.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code
from proto2net.backends.shared.resize import new_sizes, unpooled_size
from proto2net.backends.torch.backend import renders
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
    x = BOTTOM
    if layer.pad_beg or layer.pad_end:
        cut = span(-layer.pad_beg or None, layer.pad_end or None)
        x = code("{0}[:, :, {cut}, {cut}]", cut=cut)
    if layer.only_cuts:
        return Code(x)
    options = {"mode": "bilinear", "align_corners": True}
    if layer.use_blob_size or layer.sized:
        given = code("{1}.shape[2:]")
        size = given if layer.use_blob_size else node.tops[0].shape[2:]
        return Code(call("F.interpolate", x, size, **options))
    shrink, zoom, times = layer.factors
    if layer.fork == "openvino" and shrink == zoom == 1:
        return Code(call("F.interpolate", x, scale_factor=times, **options))
    return Code(
        call(
            "interp",
            x,
            shrink_factor=(shrink, 1),
            zoom_factor=(zoom, 1),
            full_zoom_factor=(times, 1),
        )
    )


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
    modes = {"asymmetric": "nearest", "half_pixel": "nearest-exact"}
    if node.layer.axes[0] == 2 and node.layer.coordinates in modes:
        mode = modes[node.layer.coordinates]
        return Code(call("F.interpolate", BOTTOM, new_sizes(node), mode=(mode, "nearest")))
    return Code(_resized("resize_nearest", node))


@renders(ResizeBilinear)
def _resize_bilinear(node: Node[ResizeBilinear]) -> Code:
    layer = node.layer
    aligned = {"align_corners": True, "half_pixel": False}
    if layer.axes[0] == 2 and layer.coordinates in aligned:
        corners = (aligned[layer.coordinates], False)
        mode = "bilinear" if len(layer.axes) == 2 else "trilinear"
        sizes = new_sizes(node)
        return Code(call("F.interpolate", BOTTOM, sizes, mode=mode, align_corners=corners))
    return Code(_resized("resize_linear", node))


def _resized(function: str, node: Node[Any]) -> Expression:
    layer = node.layer
    options = {"axis": (layer.axes[0], 2), "coordinates": (layer.coordinates, "asymmetric")}
    return call(function, BOTTOM, new_sizes(node), **options)
