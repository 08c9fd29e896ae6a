"""Keras renderers of proto2net/layers/sampling.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Transposed, bottoms, same_array
from proto2net.backends.shared.sampling import preset
from proto2net.backends.source import same
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.objects import called_on, own
from proto2net.backends.tree import call
from proto2net.graph import Node
from proto2net.layers import DeformableConvolution, SpatialTransformer


@renders(SpatialTransformer)
def _spatial_transformer(node: Node[SpatialTransformer]) -> Code:
    image, theta = bottoms(node)
    x = image if node.layer.to_compute_dU else call("ops.stop_gradient", image)
    init = own("SpatialTransformer", node.tops[0].shape[2:], preset=preset(node.layer))
    return Code(called_on((x, theta)), init)


@renders(DeformableConvolution)
def _deformable_convolution(node: Node[DeformableConvolution]) -> Code:
    layer, shapes = node.layer, tuple(bottom.shape for bottom in node.bottoms)
    window = layer.plain.window(shapes[0])
    init = own(
        "DeformConv2D",
        layer.num_output,
        window.kernel,
        strides=(same(window.stride), 1),
        padding=(same(window.pad), 0),
        dilation_rate=(same(window.dilation), 1),
        groups=(layer.group, 1),
        offset_groups=(layer.groups(shapes), 1),
        use_bias=(layer.bias_term, True),
    )
    arrays = {"kernel": same_array(node, "weight", Transposed((2, 3, 1, 0)))}
    if layer.bias_term:
        arrays["bias"] = same_array(node, "bias")
    return Code(called_on(bottoms(node)), init, arrays)
