"""NumPy renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, choose
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import learned
from proto2net.backends.source import call, literal, same
from proto2net.graph import Node
from proto2net.layers import SPP, Convolution, Deconvolution, Im2col, Pooling


@renders(Convolution)
def _convolution(node: Node[Convolution]) -> Code:
    return _filtered("convolution", node)


@renders(Deconvolution)
def _deconvolution(node: Node[Deconvolution]) -> Code:
    return _filtered("deconvolution", node)


@renders(Im2col)
def _im2col(node: Node[Im2col]) -> Code:
    kernel = node.layer.window(node.bottoms[0].shape).kernel
    return Code(call("im2col", "{0}", kernel, **_options(node)))


def _filtered(function: str, node: Node[Any]) -> Code:
    """The filters of the layer over each of its bottoms."""
    options = _options(node) | {"group": (node.layer.group, 1)}
    tops = [
        call(function, f"{{{bottom}}}", "**{self}", **options)
        for bottom in range(len(node.bottoms))
    ]
    return Code(tops[0] if len(tops) == 1 else f"({', '.join(tops)})", *learned(node))


def _options(node: Node[Any]) -> dict[str, object]:
    """How the window moves, where it is not by one."""
    window = node.layer.window(node.bottoms[0].shape)
    return {
        "stride": (same(window.stride) or 1, 1),
        "pad": (same(window.pad) or 0, 0),
        "dilation": (same(window.dilation) or 1, 1),
    }


@renders(Pooling)
def _pooling(node: Node[Pooling]) -> Code:
    layer, window = node.layer, node.layer.window(node.bottoms[0].shape)
    function = choose(
        node, "pool", MAX="max_pool", AVE="average_pool", STOCHASTIC="stochastic_pool"
    )
    bottoms = ["{0}"]
    if len(node.tops) > 1:
        function = "max_pool_with_mask"
    if layer.pool == "STOCHASTIC" and node.phase == "TRAIN":
        function = "stochastic_pool_draw"
        bottoms.append("self.rng")
    return Code(
        call(
            function,
            *bottoms,
            "{0}.shape[2:]" if layer.global_pooling else same(window.kernel),
            stride=(same(window.stride), 1),
            pad=(same(window.pad), 0),
            ceil=(layer.round_mode == "CEIL", True),
        )
    )


@renders(SPP)
def _spp(node: Node[SPP]) -> Code:
    method = choose(node, "pool", MAX="MAX", AVE="AVE")
    options = {"method": (literal(method), '"MAX"')}
    return Code(call("spp", "{0}", node.layer.pyramid_height, **options))
