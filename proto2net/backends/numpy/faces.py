"""NumPy renderers of proto2net/layers/faces.py."""

from __future__ import annotations

from proto2net.backends.base import Code
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.dense import inner_product
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.tree import BOTTOM, call, code
from proto2net.graph import Node
from proto2net.layers import (
    ChannelScale,
    GlobalLSEMargin,
    InnerDistance,
    MarginInnerProduct,
)
from proto2net.shape import canonical_axis


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Code:
    if not node.layer.do_forward:
        return Code(BOTTOM)
    return Code(code("{0} * {1}.reshape(-1, 1, *{0}.shape[2:])"))


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Code:
    layer = node.layer
    forward = code(
        '{0} * np.clip({self}["scale"], {low}, {high})',
        low=layer.min_value,
        high=layer.max_value,
    )
    return Code(forward, *learned(node))


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Code:
    layer = node.layer
    rows = code("{1}") if len(node.bottoms) > 1 else code('{self}["weight"]')
    if layer.normalize and len(node.bottoms) == 1:
        rows = call("unit_rows", rows)
    forward = call(
        "inner_distance",
        BOTTOM,
        rows,
        axis=(canonical_axis(layer.axis, node.bottoms[0].shape), 1),
        squared=(layer.distance_type == "L2", True),
    )
    return Code(forward, *learned(node))


renders(MarginInnerProduct)(inner_product)
