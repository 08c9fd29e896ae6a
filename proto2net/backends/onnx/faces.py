"""ONNX renderers of proto2net/layers/faces.py."""

from __future__ import annotations

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.dense import inner_product, of_length_1
from proto2net.backends.onnx.shapes import flattened, shaped
from proto2net.backends.onnx.values import Bottom, Value, X, learned, op
from proto2net.graph import Node
from proto2net.layers import ChannelScale, GlobalLSEMargin, InnerDistance, MarginInnerProduct
from proto2net.shape import canonical_axis

renders(MarginInnerProduct)(inner_product)


@renders(ChannelScale)
def _channel_scale(node: Node[ChannelScale]) -> Value:
    if not node.layer.do_forward:
        return X
    return X * shaped(Bottom(1), -1, 1, *node.bottoms[0].shape[2:])


@renders(GlobalLSEMargin)
def _global_lse_margin(node: Node[GlobalLSEMargin]) -> Value:
    layer = node.layer
    return X * op("Clip", learned(node, "scale"), layer.min_value, layer.max_value)


@renders(InnerDistance)
def _inner_distance(node: Node[InnerDistance]) -> Value:
    layer, bottom = node.layer, node.bottoms[0].shape
    axis = canonical_axis(layer.axis, bottom)
    rows = learned(node, "weight") if node.blobs else flattened(Bottom(1))
    if layer.normalize and node.blobs:
        rows = of_length_1(rows, 1, 1e-6)
    difference = shaped(X, *[0] * axis, 1, -1) - rows
    parts = difference * difference if layer.distance_type == "L2" else op("Abs", difference)
    return op("ReduceSum", parts, axes=[axis + 1], keepdims=0)
