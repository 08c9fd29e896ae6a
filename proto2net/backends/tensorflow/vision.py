"""Keras renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from proto2net.backends.base import Code, Convert, Transposed, choose, same_array
from proto2net.backends.source import call, same
from proto2net.backends.tensorflow.backend import renders
from proto2net.backends.tensorflow.layout import DepthwiseKernel
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import Convolution, Pooling, ReLU
from proto2net.shape import Window


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    return _convolved(node)


@renders(Convolution, ReLU)
def _convolution_and_relu(node: Node[Convolution], relu: Node[ReLU]) -> Code | None:
    if not relu.in_place or relu.layer.negative_slope:
        return None
    return _convolved(node, activation='"relu"')


def _convolved(node: Node[Convolution], activation: str | None = None) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    _, channels, _ = layer.split(bottom)
    if len(bottom) != 4 or layer.axis % len(bottom) != 1 or len(node.bottoms) > 1:
        raise UnsupportedError("only one bottom of 4 axes is rendered so far")
    window = layer.window(bottom)
    depthwise = layer.group == channels > 1
    padding, read = _padding(window)
    init = call(
        "layers.DepthwiseConv2D" if depthwise else "layers.Conv2D",
        *([] if depthwise else [layer.num_output]),
        same(window.kernel),
        strides=(same(window.stride), 1),
        padding=(padding, '"valid"'),
        depth_multiplier=(layer.num_output // channels if depthwise else 1, 1),
        dilation_rate=(same(window.dilation), 1),
        groups=(1 if depthwise else layer.group, 1),
        activation=(activation, None),
        use_bias=(layer.bias_term, True),
        name="{name}",
    )
    convert: Convert = (
        DepthwiseKernel(channels) if depthwise else Transposed((2, 3, 1, 0))
    )
    arrays = {"kernel": same_array(node, "weight", convert)}
    if layer.bias_term:
        arrays["bias"] = same_array(node, "bias")
    return Code(f"{{self}}({read})", init, arrays)


def _padding(window: Window) -> tuple[str, str]:
    """Keras' padding option, and the expression of the bottom, padded where it must be.

    "same" pads evenly only at stride 1; at other strides it depends on the size of the image.
    """
    if not any(window.pad):
        return '"valid"', "{0}"
    if _even(window):
        return '"same"', "{0}"
    return '"valid"', f"{call('layers.ZeroPadding2D', same(window.pad))}({{0}})"


def _even(window: Window) -> bool:
    """Whether Keras' "same" pads just so: at stride 1, half of the kernel on each side."""
    full = tuple(extent - 1 for extent in window.extent)
    return set(window.stride) == {1} and full == tuple(2 * pad for pad in window.pad)


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer, bottom = node.layer, node.bottoms[0].shape
    kind = choose(node, "pool", MAX="Max", AVE="Average")
    if len(node.tops) > 1:
        raise UnsupportedError("the mask of a max pooling is not rendered so far")
    if layer.global_pooling:
        return Code(
            "{self}({0})",
            call(f"layers.Global{kind}Pooling2D", keepdims="True", name="{name}"),
        )
    window = layer.window(bottom)
    overhang = _overhang(layer, window)
    size, strides = same(window.kernel), same(window.stride)
    if not any((*window.pad, *overhang)):
        init = call(f"layers.{kind}Pooling2D", size, strides, name="{name}")
        return Code("{self}({0})", init)
    if kind == "Max" and _even(window):
        init = call(
            "layers.MaxPooling2D", size, strides, padding='"same"', name="{name}"
        )
        return Code("{self}({0})", init)
    if kind == "Average" and not any(overhang):
        init = call("layers.AveragePooling2D", size, strides, name="{name}")
        return Code(
            f"{{self}}({call('layers.ZeroPadding2D', same(window.pad))}({{0}}))", init
        )
    init = call(
        f"{kind}Pooling",
        size,
        strides,
        padding=(same(window.pad), 0),
        overhang=(same(overhang), 0),
        name="{name}",
    )
    return Code("{self}({0})", init)


def _overhang(layer: Pooling, window: Window) -> tuple[int, ...]:
    """How far the windows can reach beyond the padding, whatever the image's size.

    To round up is to round down with stride - 1 more at the end; to drop windows that start
    behind the image is to have no more than kernel - 1 there in all.
    """
    if layer.round_mode == "FLOOR":
        return (0, 0)
    axes = zip(window.kernel, window.stride, window.pad, strict=True)
    clip = any(window.pad)
    return tuple(min(p + s - 1, k - 1) - p if clip else s - 1 for k, s, p in axes)
