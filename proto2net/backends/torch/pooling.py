"""PyTorch renderers of proto2net/layers/pooling.py."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import inf

from proto2net.backends.base import Code, choose
from proto2net.backends.source import same
from proto2net.backends.torch.backend import renders
from proto2net.backends.torch.vision import last_axis_first
from proto2net.backends.tree import (
    BOTTOM,
    Expression,
    Name,
    call,
    code,
)
from proto2net.errors import UnsupportedError
from proto2net.graph import Node
from proto2net.layers import (
    SPP,
    NdPooling,
    Pooling,
    Pooling3D,
)
from proto2net.shape import Window, count, dims


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer = node.layer
    function = choose(
        node, "pool", MAX="max", AVE="avg", AVE_EXC_PAD="avg", STOCHASTIC="stochastic"
    )
    if function == "stochastic":
        return Code(_by_helper(node, "stochastic_pool", training=code("self.training")))
    if len(node.tops) > 1:
        return Code(_by_helper(node, "max_pool_with_mask"))
    if layer.global_pooling:
        return Code(call(f"F.adaptive_{function}_pool2d", BOTTOM, 1))
    window = layer.window(node.bottoms[0].shape)
    counted = layer.pool != "AVE_EXC_PAD" or not window.padded
    if layer.pad_type and not counted and (window.varies or window.uneven):
        return Code(call("avg_pool_same", BOTTOM, window.kernel, window.stride))
    fits = _fits(window, layer.ceil) and (counted or not window.uneven)
    if not fits or not all(node.tops[0].shape[2:]):
        included = {} if function == "max" else {"count_include_pad": (counted, True)}
        return Code(_by_helper(node, f"{function}_pool", **included))
    x, pad, value = BOTTOM, same(window.pad), 0.0 if function == "avg" else -inf
    if window.varies:
        x, pad = call("pad_same", x, window.kernel, window.stride, value=(value, 0.0)), 0
    elif window.uneven:
        sides = last_axis_first(window.sides)
        x, pad = call("F.pad", x, sides, value=(value, 0.0)), 0
    return Code(
        call(
            f"F.{function}_pool2d",
            x,
            same(window.kernel),
            stride=(same(window.stride), None),
            padding=(pad, 0),
            ceil_mode=(layer.ceil and set(window.stride) != {1}, False),
            count_include_pad=(counted, True),
        )
    )


def _fits(window: Window, ceil: bool) -> bool:
    """Whether PyTorch has the same windows, whatever the image's size.

    It refuses wide padding. Behind an image without padding it has no window, where Caffe can
    have one if it rounds up and windows leave gaps. Of an image padded before, it keeps a
    window that starts in the padding.
    """
    sides = list(zip(window.kernel, window.stride, window.pad_end, strict=True))
    if window.uneven:
        return not ceil or all(p + s <= k for k, s, p in sides)
    narrow = all(2 * p <= k for k, _, p in sides)
    gaps = any(s > k for k, s, _ in sides)
    return narrow and (not gaps or window.padded or not ceil)


def _by_helper(node: Node[Pooling], function: str, **options: object) -> Expression:
    """The pooling by a helper, which takes a pair for each side of the window."""
    window = node.layer.window(node.bottoms[0].shape)
    whole = code("{0}.shape[2:]")
    kernel = whole if node.layer.global_pooling else window.kernel
    return call(
        function,
        BOTTOM,
        kernel,
        window.stride,
        padding=(window.sides if window.uneven else window.pad, (0, 0)),
        ceil_mode=(node.layer.ceil, True),
        **options,
    )


@renders(NdPooling)
def _nd_pooling(node: Node[NdPooling]) -> Code:
    window = node.layer.window(node.bottoms[0].shape)
    axes = len(window.kernel)
    if axes > 3:
        raise UnsupportedError(
            f"a pooling over {axes} spatial axes is not supported",
            "PyTorch has it for 1 to 3",
        )
    function = choose(node, "pool", MAX="max", AVE="avg")
    if node.layer.global_pooling:
        return Code(call(f"F.adaptive_{function}_pool{axes}d", BOTTOM, 1))
    if function == "max" or set(window.stride) == {1}:
        return Code(_rounded_up(function, window))
    if axes == 1:
        raise UnsupportedError(
            "a mean over 1 spatial axis with a stride is not supported",
            "PyTorch divides by the number of elements inside of the input only",
        )
    return Code(_rounded_up(function, window, divisor_override=count(window.kernel)))


def _rounded_up(
    function: str, window: Window, x: Expression = BOTTOM, **more: object
) -> Expression:
    """A pooling over any axes of x that rounds up."""
    return call(
        f"F.{function}_pool{len(window.kernel)}d",
        x,
        same(window.kernel),
        stride=(same(window.stride), None),
        padding=(same(window.pad), 0),
        ceil_mode=(set(window.stride) != {1}, False),
        **more,
    )


@renders(Pooling3D)
def _pooling_3d(node: Node[Pooling3D]) -> Code:
    layer, window = node.layer, node.layer.window(node.bottoms[0].shape)
    function = choose(node, "pool", MAX="max", AVE="avg")
    mask = len(node.tops) > 1
    if layer.global_pooling and not mask:
        return Code(call(f"F.adaptive_{function}_pool3d", BOTTOM, 1))
    x = BOTTOM
    if layer.of_c3d and window.padded and any(p + s > k for k, s, p in _sizes(window)):
        x = call("F.pad", x, last_axis_first(window.sides[1:]))
        window = replace(window, pad=(0, 0, 0), pad_end=(0, 0, 0))
    if _fits(window, ceil=True) and not mask and all(node.tops[0].shape[2:]):
        return Code(_rounded_up(function, window, x))
    if window.padded and any(s > k and not p for k, s, p in _sizes(window)):
        raise UnsupportedError(
            f"padding of {dims(window.pad)} and a stride of {dims(window.stride)} above the "
            f"kernel of {dims(window.kernel)} are not supported together"
        )
    return Code(
        call(
            "pool_volume_with_mask" if mask else "pool_volume",
            x,
            *([] if mask else [Name(f"{function}_pool")]),
            code("{0}.shape[2:]") if layer.global_pooling else window.kernel,
            window.stride,
            padding=(window.pad, (0, 0, 0)),
        )
    )


def _sizes(window: Window) -> Iterable[tuple[int, int, int]]:
    """Kernel, stride and padding of each axis."""
    return zip(window.kernel, window.stride, window.pad, strict=True)


@renders(SPP)
def _spp(node: Node[SPP]) -> Code:
    function = choose(node, "pool", MAX="max", AVE="avg")
    height = node.layer.pyramid_height
    if height == 1:  # the one level keeps its four axes
        return Code(call(f"F.adaptive_{function}_pool2d", BOTTOM, 1))
    return Code(call("spatial_pyramid_pool", BOTTOM, height, Name(f"{function}_pool")))
