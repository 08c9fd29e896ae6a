"""Keras renderers of proto2net/layers/upsample.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.shared.resize import reads_mask
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tensorflow.resize import unpooled_sizes
from proto2net.graph import Node
from proto2net.layers import Upsample


@renders(Upsample)
def _upsample(node: Node[Upsample]) -> Code:
    layer = node.layer
    if len(node.bottoms) == 1:
        return Code(CALLED, own("layers.UpSampling2D", layer.scales[0]))
    if not reads_mask(node):
        return Code(called_on(bottoms(node)), own("ResizeLike"))
    return Code(called_on(bottoms(node)), own("MaxUnpooling", **unpooled_sizes(layer)))
