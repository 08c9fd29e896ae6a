"""NumPy renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from proto2net.backends.base import Code, as_tops, bottoms, choose
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import ARRAYS, RNG, learned
from proto2net.backends.source import same
from proto2net.backends.tree import BOTTOM, Expression, call, code, filled
from proto2net.graph import Node
from proto2net.layers import (
    SPP,
    Convolution,
    Deconvolution,
    Im2col,
    Local,
    NdPooling,
    Pooling,
    Pooling3D,
)
from proto2net.shape import Window


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    return _filtered("convolution", node)


@renders(Deconvolution)
def _deconvolution(node: Node[Deconvolution]) -> Code:
    return _filtered("deconvolution", node)


@renders(Im2col)
def _im2col(node: Node[Im2col]) -> Code:
    kernel = node.layer.window(node.bottoms[0].shape).kernel
    return Code(call("im2col", BOTTOM, kernel, **_options(node)))


@renders(Local)
def _local(node: Node[Local]) -> Code:
    layer = node.layer
    options = {"stride": (layer.stride, 1), "pad": (layer.pad, 0)}
    local = call("local", BOTTOM, ARRAYS, kernel=layer.kernel_size, **options)
    return Code(local, *learned(node))


def _filtered(function: str, node: Node[Any]) -> Code:
    """The filters of the layer over each of its bottoms."""
    options = _options(node) | {"group": (node.layer.groups(node.bottoms[0].shape), 1)}
    first = call(function, BOTTOM, ARRAYS, **options)
    tops = [filled(first, {0: bottom}) for bottom in bottoms(node)]
    return Code(as_tops(tops), *learned(node))


def _options(node: Node[Any]) -> dict[str, object]:
    """How the window moves, where it is not by one."""
    window = node.layer.window(node.bottoms[0].shape)
    return {
        "stride": (same(window.stride) or 1, 1),
        "pad": (_pad(window), 0),
        "dilation": (same(window.dilation) or 1, 1),
    }


def _pad(window: Window) -> object:
    """A number for all sides, or a pair for each axis; what SAME adds to the image at hand."""
    if window.varies:
        return call("same_pad", BOTTOM, window.extent, window.stride)
    return window.sides if window.uneven else same(window.pad) or 0


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer, window = node.layer, node.layer.window(node.bottoms[0].shape)
    function = choose(
        node,
        "pool",
        MAX="max_pool",
        AVE="average_pool",
        AVE_EXC_PAD="average_pool",
        STOCHASTIC="stochastic_pool",
    )
    inputs: list[Expression] = [BOTTOM]
    counted = layer.pool != "AVE_EXC_PAD" or not window.padded
    if len(node.tops) > 1:
        function = "max_pool_with_mask"
    if layer.pool == "STOCHASTIC" and node.phase == "TRAIN":
        function = "stochastic_pool_draw"
        inputs.append(RNG)
    return Code(
        call(
            function,
            *inputs,
            code("{0}.shape[2:]") if layer.global_pooling else same(window.kernel),
            stride=(same(window.stride), 1),
            pad=(_pad(window), 0),
            ceil=(layer.ceil, True),
            **({} if counted else {"count_pad": False}),
        )
    )


@renders(NdPooling)
def _nd_pooling(node: Node[NdPooling]) -> Code:
    window = node.layer.window(node.bottoms[0].shape)
    if node.layer.global_pooling:
        axes = tuple(range(2, len(window.kernel) + 2))
        reduce = choose(node, "pool", MAX="np.max", AVE="np.mean")
        return Code(call(reduce, BOTTOM, axes, keepdims=True))
    function = choose(node, "pool", MAX="nd_max_pool", AVE="nd_average_pool")
    return Code(call(function, BOTTOM, window.kernel, window.stride, window.pad))


@renders(Pooling3D)
def _pooling_3d(node: Node[Pooling3D]) -> Code:
    layer, window = node.layer, node.layer.window(node.bottoms[0].shape)
    function = choose(node, "pool", MAX="max_pool_3d", AVE="average_pool_3d")
    x: Expression = BOTTOM
    if layer.of_c3d and window.padded:
        x = call("np.pad", x, ((0, 0), (0, 0), *window.sides))
        window = replace(window, pad=(0, 0, 0), pad_end=(0, 0, 0))
    return Code(
        call(
            "max_pool_3d_with_mask" if len(node.tops) > 1 else function,
            x,
            code("{0}.shape[2:]") if layer.global_pooling else window.kernel,
            stride=(same(window.stride), 1),
            pad=(same(window.pad), 0),
        )
    )


@renders(SPP)
def _spp(node: Node[SPP]) -> Code:
    pool = (choose(node, "pool", MAX="MAX", AVE="AVE"), "MAX")
    return Code(call("spp", BOTTOM, node.layer.pyramid_height, method=pool))
