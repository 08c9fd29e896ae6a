"""PyTorch renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from proto2net.backends.base import Code, choose, same_array
from proto2net.backends.source import call, same
from proto2net.backends.torch.backend import renders
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import Convolution, Pooling


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    window = layer.window(bottom)
    (_, channels, size) = layer.split(bottom)
    if layer.axis % len(bottom) != 1 or not 1 <= len(size) <= 3 or len(node.bottoms) > 1:
        raise UnsupportedError("only one bottom, with channels on axis 1, is rendered so far")
    init = call(
        f"nn.Conv{len(size)}d",
        channels,
        layer.num_output,
        kernel_size=same(window.kernel),
        stride=(same(window.stride), 1),
        padding=(same(window.pad), 0),
        dilation=(same(window.dilation), 1),
        groups=(layer.group, 1),
        bias=(layer.bias_term, True),
    )
    return Code("{self}({0})", init, {name: same_array(node, name) for name in node.blobs})


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    function = choose(node, "pool", MAX="max", AVE="avg")
    if layer.global_pooling:
        return Code(f"F.adaptive_{function}_pool2d({{0}}, 1)")
    window = layer.window(bottom)
    fits = all(
        s <= k and 2 * p <= k
        for k, s, p in zip(window.kernel, window.stride, window.pad, strict=True)
    )
    if not fits or len(node.tops) > 1:
        raise UnsupportedError("this window has no rendering so far")
    ceil = layer.round_mode == "CEIL" and set(window.stride) != {1}
    return Code(
        call(
            f"F.{function}_pool2d",
            "{0}",
            same(window.kernel),
            stride=(same(window.stride), None),
            padding=(same(window.pad), 0),
            ceil_mode=(ceil, False),
        )
    )
