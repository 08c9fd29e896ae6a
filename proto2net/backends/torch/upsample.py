"""PyTorch renderers of proto2net/layers/upsample.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.shared.resize import reads_mask, unpooled_size
from proto2net.backends.source import same
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import BOTTOM, call, code
from proto2net.graph import Node
from proto2net.layers import Upsample


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(call("F.interpolate", BOTTOM, scale_factor=layer.scales[0]))
    if not reads_mask(node):
        return Code(call("F.interpolate", BOTTOM, code("{1}.shape[2:]")))
    if layer.size:
        return Code(call("max_unpool", *bottoms(node), layer.size))
    if not any(layer.less):
        places = code("{1}.long()")
        return Code(call("F.max_unpool2d", BOTTOM, places, same(layer.scales)))
    return Code(call("max_unpool", *bottoms(node), unpooled_size(layer)))
