"""NumPy renderers of proto2net/layers/pooling.py."""

from __future__ import annotations

from dataclasses import replace

from proto2net.backends.base import Code, choose
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import RNG
from proto2net.backends.numpy.vision import padding
from proto2net.backends.source import same
from proto2net.backends.tree import BOTTOM, Expression, call, code
from proto2net.graph import Node
from proto2net.layers import (
    SPP,
    NdPooling,
    Pooling,
    Pooling3D,
)


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
            pad=(padding(window), 0),
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
