"""ONNX renderers of proto2net/layers/upsample.py."""

from __future__ import annotations

from proto2net.backends.onnx.backend import renders
from proto2net.backends.onnx.resize import repeated, resized_nearest, unpooled
from proto2net.backends.onnx.values import Either, Value, X
from proto2net.backends.shared.resize import reads_mask
from proto2net.graph import Node
from proto2net.layers import Upsample


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Value | Either:
    layer = node.layer
    if len(node.bottoms) == 1:
        return repeated(X, (1, 1, *layer.scales))
    if not reads_mask(node):
        return resized_nearest(X, node.bottoms[0].shape, node.tops[0].shape)
    return unpooled(node)
