"""Renderers of proto2net/layers/flow.py that NumPy and PyTorch share."""

from __future__ import annotations

from functools import partial
from math import nan

from proto2net.backends.base import Chain, Code, Renderer, bottoms
from proto2net.backends.shared import renders as shared
from proto2net.backends.tree import BOTTOM, Expression, call, code, tree
from proto2net.graph import Node
from proto2net.layers import (
    Correlation,
    Correlation1D,
    Downsample,
    FlowWarp,
    Grid,
    Resample,
    Warp,
)

RENDERERS: dict[Chain, Renderer] = {}
renders = partial(shared, RENDERERS)


@renders(FlowWarp)
def _flow_warp(node: Node[FlowWarp]) -> Code:
    return Code(call("flow_warp", *bottoms(node), fill=(filling(node.layer), 0.0)))


def filling(layer: FlowWarp) -> float:
    """What stands outside of the image."""
    return 0.0 if layer.fill_value == "ZERO" else nan


@renders(Warp)
def _warp(node: Node[Warp]) -> Code:
    if node.layer.fork == "liteflownet":
        return Code(call("warp", *bottoms(node)))
    return Code(call("flow_warp", *bottoms(node), strict=True))


@renders(Grid)
def _grid(node: Node[Grid]) -> Code:
    return Code(call("pixel_grid", BOTTOM))


@renders(Correlation)
def _correlation(node: Node[Correlation]) -> Code:
    reach = node.layer.reach
    return Code(call("correlation", *bottoms(node), reach, **correlation_options(node.layer)))


@renders(Correlation1D)
def _correlation_1d(node: Node[Correlation1D]) -> Code:
    layer = node.layer
    options = correlation_options(layer) | {"single_direction": (layer.single_direction, 0)}
    return Code(call("correlation_1d", *bottoms(node), layer.reach, **options))


def correlation_options(layer: Correlation) -> dict[str, object]:
    """The arguments of the helpers of all targets for a correlation."""
    return {
        "pad": (layer.pad, 0),
        "kernel_size": (layer.size, 1),
        "stride_1": (layer.stride_1, 1),
        "stride_2": (layer.stride_2, 1),
        "subtract": (layer.correlation_type == "SUBTRACT", False),
    }


@renders(Resample)
def _resample(node: Node[Resample]) -> Code:
    layer, size = node.layer, _size(node)
    if layer.interpolation == "NEAREST":
        return Code(call("resample_nearest", BOTTOM, size))
    return Code(call("resample", BOTTOM, size, **resample_options(layer)))


def resample_options(layer: Resample) -> dict[str, object]:
    """How the weights of pixels are made."""
    cubic = layer.interpolation == "CUBIC"
    return {"cubic": (cubic, False), "antialias": (layer.antialias, True)}


@renders(Downsample)
def _downsample(node: Node[Downsample]) -> Code:
    return Code(call("downsample", BOTTOM, _size(node)))


def _size(node: Node[Resample] | Node[Downsample]) -> Expression:
    """That of the second bottom, or else the one that is given."""
    given = len(node.bottoms) > 1
    return code("{1}.shape[2:]") if given else tree(node.tops[0].shape[2:])
