"""PyTorch renderers of proto2net/layers/faces.py."""

from __future__ import annotations

from proto2net.backends.base import Code, same_array
from proto2net.backends.torch.backend import renders
from proto2net.backends.torch.dense import inner_product, rows, vectors
from proto2net.backends.tree import BOTTOM, SELF, call, code, indexed
from proto2net.graph import Node
from proto2net.layers import (
    ChannelScale,
    GlobalLSEMargin,
    InnerDistance,
    MarginInnerProduct,
)
from proto2net.shape import canonical_axis, count


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Code:
    x = node.bottoms[0].shape
    if not node.layer.do_forward:
        return Code(BOTTOM)
    if len(x) == 2:
        return Code(code("{0} * {1}.reshape(-1, 1)"))
    return Code(code("{0} * {1}.reshape(-1, 1, *{0}.shape[2:])"))


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Code:
    layer = node.layer
    init = call(
        "BoundedScale",
        1,
        bias=False,
        low=layer.min_value,
        high=(layer.max_value, None),
    )
    return Code(call(SELF, BOTTOM), init, {"weight": same_array(node, "scale")})


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Code:
    """By helpers, to which the first bottom is a list of vectors."""
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    x, single = vectors(node, axis), axis == 0
    x = indexed(x, None) if single else x
    p = (2 if layer.distance_type == "L2" else 1, 2)
    if len(node.bottoms) > 1:
        made = call("distances", x, rows(node), p=p)
        return Code(indexed(made, 0) if single else made)
    init = call(
        "InnerDistance",
        count(bottom[axis:]),
        layer.num_output,
        p=p,
        normalize=(layer.normalize, False),
    )
    made = call(SELF, x)
    arrays = {"weight": same_array(node, "weight")}
    return Code(indexed(made, 0) if single else made, init, arrays)


renders(MarginInnerProduct)(inner_product)
