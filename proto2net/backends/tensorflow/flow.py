"""Keras renderers of proto2net/layers/flow.py."""

from __future__ import annotations

from typing import Any

from proto2net.backends.base import Code, bottoms
from proto2net.backends.shared.flow import correlation_options, filling, resample_options
from proto2net.backends.tensorflow.arithmetic import scaled
from proto2net.backends.tensorflow.backend import backend, renders
from proto2net.backends.tensorflow.objects import CALLED, called_on, own
from proto2net.backends.tree import SELF, Call, call, code
from proto2net.graph import Node
from proto2net.layers import (
    Accum,
    ChannelNorm,
    Correlation,
    Correlation1D,
    Downsample,
    ExpMax,
    FlowWarp,
    Grid,
    NegSquare,
    Resample,
    Warp,
)

backend.says(
    {
        ChannelNorm: "ops.norm({0}, axis=-1, keepdims=True)",
        NegSquare: "-ops.square({0})",
    }
)


@renders(FlowWarp)
def _flow_warp(node: Node[FlowWarp]) -> Code:
    return _called(node, own("FlowWarp", fill=(filling(node.layer), 0.0)))


@renders(Warp)
def _warp(node: Node[Warp]) -> Code:
    if node.layer.fork == "liteflownet":
        return _called(node, own("Warp"))
    return _called(node, own("FlowWarp", strict=True))


@renders(Grid)
def _grid(node: Node[Grid]) -> Code:
    return _called(node, own("PixelGrid"))


@renders(Correlation)
def _correlation(node: Node[Correlation]) -> Code:
    layer = node.layer
    return _called(node, own("Correlation", layer.reach, **correlation_options(layer)))


@renders(Correlation1D)
def _correlation_1d(node: Node[Correlation1D]) -> Code:
    layer = node.layer
    options = correlation_options(layer) | {"single_direction": (layer.single_direction, 0)}
    return _called(node, own("Correlation1D", layer.reach, **options))


@renders(Resample)
def _resample(node: Node[Resample]) -> Code:
    layer = node.layer
    if layer.interpolation == "NEAREST":
        return _called(node, own("ResampleNearest", *_size(node)))
    return _called(node, own("Resample", *_size(node), **resample_options(layer)))


@renders(Downsample)
def _downsample(node: Node[Downsample]) -> Code:
    return _called(node, own("Downsample", *_size(node)))


def _size(node: Node[Any]) -> list[object]:
    """The size that the layer is told; nothing if a second bottom has it."""
    return [node.tops[0].shape[2:]] if len(node.bottoms) == 1 else []


def _called(node: Node[Any], init: Call) -> Code:
    """The layer's own object, called on one bottom or on all."""
    return Code(called_on(bottoms(node)) if len(node.bottoms) > 1 else CALLED, init)


@renders(Accum)
def _accum(node: Node[Accum]) -> Code:
    *_, last = placeholders = bottoms(node)
    size = [] if node.layer.have_reference else [node.tops[0].shape[2:]]
    images = [
        [x, last] if node.layer.have_reference else x for x in node.layer.joined(placeholders)
    ]
    if len(images) == 1:
        return Code(call(SELF, images[0]), own("Interp", *size))
    joined = [call(call("Interp", *size), image) for image in images]
    return Code(call(SELF, joined), own("layers.Concatenate"))


@renders(ExpMax)
def _exp_max(node: Node[ExpMax]) -> Code:
    below = scaled(code("{0} - ops.max({0}, axis=-1, keepdims=True)"), node.layer.slope)
    return Code(scaled(call("ops.exp", below), node.layer.factor))
