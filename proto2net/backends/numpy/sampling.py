"""NumPy renderers of proto2net/layers/sampling.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import ARRAYS, learned
from proto2net.backends.shared.sampling import preset
from proto2net.backends.source import same
from proto2net.backends.tree import call
from proto2net.graph import Node
from proto2net.layers import DeformableConvolution, SpatialTransformer


@renders(SpatialTransformer)
def _spatial_transformer(node: Node[SpatialTransformer]) -> Code:
    size = node.tops[0].shape[2:]
    return Code(call("spatial_transformer", *bottoms(node), size, preset=preset(node.layer)))


@renders(DeformableConvolution)
def _deformable_convolution(node: Node[DeformableConvolution]) -> Code:
    layer = node.layer
    window = layer.plain.window(node.bottoms[0].shape)
    forward = call(
        "deformable_convolution",
        *bottoms(node),
        ARRAYS,
        stride=(same(window.stride), 1),
        pad=(same(window.pad), 0),
        dilation=(same(window.dilation), 1),
        group=(layer.group, 1),
        deformable_group=(layer.groups(tuple(b.shape for b in node.bottoms)), 1),
    )
    return Code(forward, *learned(node))
