"""Keras renderers of proto2net/layers/faces.py."""

from __future__ import annotations

from proto2net.backends.base import Code, same_array
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.dense import (
    flattened,
    inner_product,
    vectors_and_rows,
)
from proto2net.backends.tensorflow.layout import in_caffe_order
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import BOTTOM, SELF, call, code
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    ChannelScale,
    GlobalLSEMargin,
    InnerDistance,
    MarginInnerProduct,
)
from proto2net.shape import canonical_axis, count, dims


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Code:
    x, factors = (bottom.shape for bottom in node.bottoms)
    if not node.layer.do_forward:
        return Code(BOTTOM)
    if len(x) == 4 and factors == (x[0], 1, *x[2:]):
        return Code(code("{0} * {1}"))
    if count(x[2:]) > 1:
        raise UnsupportedError(
            f"factors of {dims(factors)} for {dims(x)} are not supported",
            f"make them {dims((x[0], 1, *x[2:]))}",
        )
    shape = (-1, *[1] * (len(x) - 1))
    return Code(code("{0} * ops.reshape({1}, {shape})", shape=shape))


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Code:
    layer = node.layer
    low, high = layer.min_value, (layer.max_value, None)
    init = own("BoundedScale", (1,), low=low, high=high)
    return Code(CALLED, init, {"gamma": same_array(node, "scale")})


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    if canonical_axis(layer.axis, bottom) != 1:
        raise UnsupportedError("an axis other than 1 is not supported", "use --to torch")
    squared = (layer.distance_type == "L2", True)
    if len(node.bottoms) > 1:
        both = vectors_and_rows(node).values()
        return Code(called_on(both), own("InnerDistance", squared=squared))
    x = flattened(in_caffe_order(BOTTOM, len(bottom)), bottom)
    normalize = (layer.normalize, False)
    init = own("InnerDistance", layer.num_output, normalize=normalize, squared=squared)
    return Code(call(SELF, x), init, {"weight": same_array(node, "weight")})


renders(MarginInnerProduct)(inner_product)
