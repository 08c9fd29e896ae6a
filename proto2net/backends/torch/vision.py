"""PyTorch renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import (
    Code,
    Reshaped,
    choose,
    placeholders,
    same_array,
)
from proto2net.backends.source import call, same
from proto2net.backends.torch.backend import renders
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import SPP, Convolution, Deconvolution, Im2col, Pooling
from proto2net.shape import Shape, Window


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    (_, _, size), window = _split(node)
    least = [e - 2 * p for e, p in zip(window.extent, window.pad, strict=True)]
    fits = all(n >= k for n, k in zip(size, least, strict=True))
    return _convolved(node, "nn.Conv", () if fits else tuple(least))


@renders(Deconvolution)
def _deconvolution(node: Node[Deconvolution]) -> Code:
    return _convolved(node, "nn.ConvTranspose", ())


def _split(node: Node[Any]) -> tuple[tuple[Shape, int, Shape], Window]:
    bottom = node.bottoms[0].shape
    return node.layer.split(bottom), node.layer.window(bottom)


def _convolved(node: Node[Any], module: str, least: tuple[int, ...]) -> Code:
    """The tops of either convolution; `least` is to what the bottom grows, if it must."""
    layer = node.layer
    (batch, channels, size), window = _split(node)
    if len(size) > 3:
        raise UnsupportedError(
            f"a convolution over {len(size)} spatial axes has no rendering",
            "PyTorch has it for 1 to 3",
        )
    if not size:
        window = Window((1,), (1,), (0,), (1,))  # over an axis that is added
    init = call(
        f"{module}{len(window.kernel)}d",
        channels,
        layer.num_output,
        kernel_size=(same(window.kernel), None),
        stride=(same(window.stride), 1),
        padding=(same(window.pad), 0),
        dilation=(same(window.dilation), 1),
        groups=(layer.group, 1),
        bias=(layer.bias_term, True),
    )
    arrays = {name: same_array(node, name) for name in node.blobs}
    if not size:
        weight = node.blobs["weight"].shape
        arrays["weight"] = same_array(node, "weight", Reshaped((*weight, 1)))
    tops = []
    for bottom in placeholders(node):
        x = call("pad_to", bottom, least) if least else bottom
        tops.append(_applied(x, bottom, len(batch), spatial=bool(size)))
    return Code(", ".join(tops), init, arrays)


def _applied(x: str, bottom: str, batch: int, *, spatial: bool) -> str:
    """The module applied to x, which has so many batch axes; PyTorch takes one or none."""
    if batch > 1:
        x = f"{x}.flatten(0, {batch - 1})"
    y = f"{{self}}({x})" if spatial else f"{{self}}({x}.unsqueeze(-1)).squeeze(-1)"
    return f"{y}.unflatten(0, {bottom}.shape[:{batch}])" if batch > 1 else y


@renders(Im2col)
def _im2col(node: Node[Im2col]) -> Code:
    _, window = _split(node)
    sides = (window.kernel, window.stride, window.pad, window.dilation)
    return Code(call("im2col", "{0}", *sides))


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer = node.layer
    function = choose(node, "pool", MAX="max", AVE="avg", STOCHASTIC="stochastic")
    if function == "stochastic":
        return Code(_by_helper(node, "stochastic_pool", training="self.training"))
    if len(node.tops) > 1:
        return Code(_by_helper(node, "max_pool_with_mask"))
    if layer.global_pooling:
        return Code(f"F.adaptive_{function}_pool2d({{0}}, 1)")
    window = layer.window(node.bottoms[0].shape)
    if not _fits(window, layer.round_mode):
        return Code(_by_helper(node, f"{function}_pool"))
    return Code(
        call(
            f"F.{function}_pool2d",
            "{0}",
            same(window.kernel),
            stride=(same(window.stride), None),
            padding=(same(window.pad), 0),
            ceil_mode=(layer.round_mode == "CEIL" and set(window.stride) != {1}, False),
        )
    )


def _fits(window: Window, round_mode: str) -> bool:
    """Whether PyTorch has the same windows, whatever the image's size.

    It refuses wide padding. Behind an image without padding it has no window, where Caffe can
    have one if it rounds up and windows leave gaps.
    """
    sides = list(zip(window.kernel, window.stride, window.pad, strict=True))
    narrow = all(2 * p <= k for k, _, p in sides)
    gaps = any(s > k for k, s, _ in sides)
    return narrow and (not gaps or any(window.pad) or round_mode == "FLOOR")


def _by_helper(node: Node[Pooling], function: str, **options: str) -> str:
    """The pooling by a helper, which takes a pair for each side of the window."""
    window = node.layer.window(node.bottoms[0].shape)
    kernel = "{0}.shape[2:]" if node.layer.global_pooling else window.kernel
    return call(
        function,
        "{0}",
        kernel,
        window.stride,
        padding=(window.pad, (0, 0)),
        ceil_mode=(node.layer.round_mode == "CEIL", True),
        **options,
    )


@renders(SPP)
def _spp(node: Node[SPP]) -> Code:
    function = choose(node, "pool", MAX="max", AVE="avg")
    height = node.layer.pyramid_height
    if height == 1:  # the one level keeps its four axes
        return Code(f"F.adaptive_{function}_pool2d({{0}}, 1)")
    return Code(call("spatial_pyramid_pool", "{0}", height, f"{function}_pool"))
