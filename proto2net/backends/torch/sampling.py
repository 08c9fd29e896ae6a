"""PyTorch renderers of proto2net/layers/sampling.py."""

from __future__ import annotations

from proto2net.backends.base import Code, bottoms, same_array
from proto2net.backends.shared.sampling import preset
from proto2net.backends.source import same
from proto2net.backends.torch.backend import renders
from proto2net.backends.tree import SELF, call, method
from proto2net.graph import Node
from proto2net.layers import DeformableConvolution, SpatialTransformer


@renders(SpatialTransformer)
def _spatial_transformer(node: Node[SpatialTransformer]) -> Code:
    image, theta = bottoms(node)
    x = image if node.layer.to_compute_dU else method(image, "detach")
    size = node.tops[0].shape[2:]
    return Code(call("spatial_transformer", x, theta, size, preset=preset(node.layer)))


@renders(DeformableConvolution)
def _deformable_convolution(node: Node[DeformableConvolution]) -> Code:
    layer, shapes = node.layer, tuple(bottom.shape for bottom in node.bottoms)
    window = layer.plain.window(shapes[0])
    init = call(
        "DeformConv2d",
        shapes[0][1],
        layer.num_output,
        window.kernel,
        stride=(same(window.stride), 1),
        padding=(same(window.pad), 0),
        dilation=(same(window.dilation), 1),
        groups=(layer.group, 1),
        offset_groups=(layer.groups(shapes), 1),
        bias=(layer.bias_term, True),
    )
    arrays = {name: same_array(node, name) for name in node.blobs}
    return Code(call(SELF, *bottoms(node)), init, arrays)
