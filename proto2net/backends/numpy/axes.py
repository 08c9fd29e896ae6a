"""NumPy renderers of proto2net/layers/axes.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms, choose
from proto2net.backends.numpy.backend import renders
from proto2net.backends.shared.axes import gathered
from proto2net.backends.source import same
from proto2net.backends.tree import BOTTOM, call, code, method, scaled
from proto2net.graph import Node
from proto2net.layers import (
    ArgMax,
    Crop,
    Flatten,
    Gather,
    Permute,
    Reduction,
    Reshape,
    Reverse,
    ShuffleChannel,
    Tile,
)
from proto2net.shape import canonical_axis


@renders(Flatten)
def _flatten(node: Node[Flatten]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(call("flatten", BOTTOM, axis=(axis, 1), end_axis=(node.layer.end_axis, -1)))


@renders(Reshape)
def _reshape(node: Node[Reshape]) -> Code:
    layer = node.layer
    if layer.pixelshuffler != 1:
        return Code(call("pixel_shuffle", BOTTOM, layer.pixelshuffler))
    start, _ = layer.replaced(node.bottoms[0].shape)
    return Code(
        call(
            "reshape",
            BOTTOM,
            layer.shape,
            axis=(start, 0),
            num_axes=(layer.num_axes, -1),
        )
    )


@renders(Permute)
def _permute(node: Node[Permute]) -> Code:
    return Code(method(BOTTOM, "transpose", *node.layer.axes(node.bottoms[0].shape)))


@renders(Crop)
def _crop(node: Node[Crop]) -> Code:
    bottom = node.bottoms[0].shape
    axis = canonical_axis(node.layer.axis, bottom)
    offset = same(node.layer.offsets(bottom)[axis:])
    return Code(call("crop", *bottoms(node), axis=(axis, 2), offset=(offset, 0)))


@renders(Tile)
def _tile(node: Node[Tile]) -> Code:
    axis = canonical_axis(node.layer.axis, node.bottoms[0].shape)
    return Code(call("np.concatenate", code("[{0}] * {n}", n=node.layer.tiles), axis=axis))


@renders(Reduction)
def _reduction(node: Node[Reduction]) -> Code:
    bottom = node.bottoms[0].shape
    start = canonical_axis(node.layer.axis, bottom)
    axes = tuple(range(start, len(bottom))) if start else None
    function = choose(
        node, "operation", SUM="np.sum", ASUM="np.sum", SUMSQ="np.sum", MEAN="np.mean"
    )
    terms = {"ASUM": code("np.abs({0})"), "SUMSQ": code("np.square({0})")}
    x = terms.get(node.layer.operation, BOTTOM)
    return Code(scaled(call(function, x, axis=(axes, None)), node.layer.coeff))


@renders(ArgMax)
def _argmax(node: Node[ArgMax]) -> Code:
    layer = node.layer
    options = {"top_k": (layer.top_k, 1), "out_max_val": (layer.out_max_val, False)}
    if layer.axis is None:
        return Code(call("argmax", BOTTOM, **options))
    return Code(call("argmax_along", BOTTOM, layer.axis, **options))


@renders(ShuffleChannel)
def _shuffle_channel(node: Node[ShuffleChannel]) -> Code:
    return Code(call("shuffle_channel", BOTTOM, node.layer.group))


@renders(Reverse)
def _reverse(node: Node[Reverse]) -> Code:
    return Code(call("np.flip", BOTTOM, node.layer.axes))


@renders(Gather)
def _gather(node: Node[Gather]) -> Code:
    return Code(gathered(node))
