"""NumPy renderers of proto2net/layers/upsample.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.numpy.backend import renders
from proto2net.backends.shared.resize import reads_mask, unpooled_size
from proto2net.backends.tree import BOTTOM, call, code
from proto2net.graph import Node
from proto2net.layers import Upsample


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(call("upsample", BOTTOM, layer.scales[0]))
    if not reads_mask(node):
        return Code(call("resize_nearest", BOTTOM, code("{1}.shape[2:]")))
    if layer.size:
        return Code(call("max_unpool", *bottoms(node), layer.size))
    return Code(call("max_unpool", *bottoms(node), unpooled_size(layer)))
