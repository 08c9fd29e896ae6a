"""NumPy renderers of proto2net/layers/vision.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, as_tops, bottoms
from proto2net.backends.numpy.backend import renders
from proto2net.backends.numpy.fillers import ARRAYS, learned
from proto2net.backends.source import same
from proto2net.backends.tree import BOTTOM, call, filled
from proto2net.graph import Node
from proto2net.layers import (
    Convolution,
    Deconvolution,
    Im2col,
    Local,
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
        "pad": (padding(window), 0),
        "dilation": (same(window.dilation) or 1, 1),
    }


def padding(window: Window) -> object:
    """A number for all sides, or a pair for each axis; what SAME adds to the image at hand."""
    if window.varies:
        return call("same_pad", BOTTOM, window.extent, window.stride)
    return window.sides if window.uneven else same(window.pad) or 0
